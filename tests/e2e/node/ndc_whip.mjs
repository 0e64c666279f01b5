// SPDX-License-Identifier: Apache-2.0
// A host in the manner of OBS, whose WHIP output has the same library (libdatachannel): ICE
// attributes at session level, no candidates in the offer, SPS and PPS in packets of their own.
//
//   node ndc_whip.mjs '{"url": "http://…/whip", "frames": FILE, "bearer": KEY, "port": PROXY}'
import ndc from 'node-datachannel';
import { play, post, say } from './frames.mjs';

const job = JSON.parse(process.argv[2]);
const VIDEO_SSRC = 0x1111, AUDIO_SSRC = 0x2222;
const pc = new ndc.PeerConnection('host', { iceServers: [], disableAutoNegotiation: true });
pc.onStateChange((state) => say({ state }));

// Older versions, and so OBS, say these once for the whole session; candidates are not told.
function inOldForm(sdp) {
    const lines = sdp.split('\r\n').filter((line) => !/^a=(candidate|end-of-candidates)/.test(line));
    const shared = /^a=(ice-ufrag|ice-pwd|setup):/;
    const head = [...new Set(lines.filter((line) => shared.test(line)))];
    const rest = lines.filter((line) => !shared.test(line));
    rest.splice(rest.findIndex((line) => line.startsWith('m=')), 0, ...head);
    return rest.join('\r\n');
}

// The only candidate is a proxy on this machine.
function throughProxy(sdp) {
    return sdp.replace(/a=candidate:.*\r\n/g, '').replace(/a=end-of-candidates/g,
        `a=candidate:1 1 udp 2130706431 127.0.0.1 ${job.port} typ host\r\na=end-of-candidates`);
}

function addTrack(media, ssrc, payload, rate, make) {
    media.addSSRC(ssrc, 'host', 'stream', `track${ssrc}`);
    const track = pc.addTrack(media);
    const config = new ndc.RtpPacketizationConfig(ssrc, 'host', payload, rate);
    const packetizer = make(config);
    packetizer.addToChain(new ndc.RtcpSrReporter(config));
    packetizer.addToChain(new ndc.RtcpNackResponder());
    track.setMediaHandler(packetizer);
    return { track, config, rate };
}

const audio = new ndc.Audio('0', 'SendOnly');
audio.addOpusCodec(111);
const video = new ndc.Video('1', 'SendOnly');
video.addH264Codec(96);
const lines = {
    2: addTrack(audio, AUDIO_SSRC, 111, 48000, (config) => new ndc.RtpPacketizer(config)),
    1: addTrack(video, VIDEO_SSRC, 96, 90000,
        (config) => new ndc.H264RtpPacketizer('StartSequence', config, 1180)),
};

const gathered = new Promise((resolve) => pc.onGatheringStateChange(
    (state) => state === 'complete' && resolve()));
pc.setLocalDescription('offer');
await gathered;
const offer = inOldForm(pc.localDescription().sdp);
const answer = await post(job.url, offer, job.bearer);
if (answer.status === 201) {
    pc.setRemoteDescription(job.port ? throughProxy(answer.body) : answer.body, 'answer');
    play(job.frames, (kind, data, time_us) => {
        const { track, config, rate } = lines[kind];
        if (track.isOpen()) {
            config.timestamp = Math.round(time_us * rate / 1e6) >>> 0;
            track.sendMessageBinary(data);
        }
    });
}

// A line on stdin is the end of the broadcast.
process.stdin.once('data', async () => {
    const { status } = await fetch(answer.location, { method: 'DELETE' });
    say({ deleted: status });
    pc.close();
    process.exit(0);
});
