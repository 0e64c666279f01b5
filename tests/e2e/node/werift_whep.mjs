// SPDX-License-Identifier: Apache-2.0
// A viewer in TypeScript alone, that looks at RTP itself: what is lost, what comes twice.
//
//   node werift_whep.mjs '{"url": "http://…/whep", "forge": false, "profile": "SHA1_80"}'
import * as werift from 'werift';
import { post, say } from './frames.mjs';

const job = JSON.parse(process.argv[2]);
const pc = new werift.RTCPeerConnection({
    codecs: {
        audio: [new werift.RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2 })],
        video: [new werift.RTCRtpCodecParameters({ mimeType: 'video/H264', clockRate: 90000,
            rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
            parameters: 'packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1' })],
    },
    iceUseIpv6: false,
});
pc.connectionStateChange.subscribe((state) => say({ state }));

const seen = {};
pc.onTrack.subscribe((track) => {
    const about = { packets: 0, gaps: 0, repeats: 0, bytes: 0, timestamps: 0, keys: 0, orphans: 0 };
    seen[track.kind] = about;
    let last, stamp, parameters;
    track.onReceiveRtp.subscribe(({ header, payload }) => {
        about.packets++;
        about.bytes += payload.length;
        if (last !== undefined) {
            const step = header.sequenceNumber - last & 0xffff;
            about.gaps += step > 1 && step < 0x8000 ? step - 1 : 0;
            about.repeats += step === 0 || step >= 0x8000;
        }
        last = header.sequenceNumber;
        about.timestamps += header.timestamp !== stamp;
        stamp = header.timestamp;
        if (track.kind === 'video') {
            // SPS and PPS stand together, with the timestamp of their keyframe (RFC 6184 5.7.1).
            const type = payload[0] & 31;
            if (type === 24) {
                parameters = header.timestamp;
            } else if (type === 5 || (type === 28 && (payload[1] & 0x9f) === 0x85)) {
                about.keys++;
                about.orphans += parameters !== header.timestamp;
            }
        }
    });
});
pc.addTransceiver('audio', { direction: 'recvonly' });
pc.addTransceiver('video', { direction: 'recvonly' });
await pc.setLocalDescription(await pc.createOffer());
let { sdp } = pc.localDescription;
if (job.forge) {
    sdp = sdp.replace(/(a=fingerprint:sha-256 )../g, (_, head) => `${head}00`);
}
const answer = await post(job.url, sdp);
if (answer.status === 201) {
    await pc.setRemoteDescription({ type: 'answer', sdp: answer.body });
}
setInterval(() => say({ seen }), 500);
process.on('unhandledRejection', (error) => say({ problem: String(error) }));
