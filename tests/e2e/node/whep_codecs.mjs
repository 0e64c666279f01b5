// SPDX-License-Identifier: Apache-2.0
// A viewer that knows every codec; tells which one comes in each section. Many, one after the
// other, in one process.
//
//   node whep_codecs.mjs      and on stdin, a line of JSON each: {"watch": NAME, "url": "http://…/whep"}
//
// Says {"watched": NAME, "status": 201, "body": TEXT, "video": "H264", "audio": null}: null for a
// section without media, and only after packets came.
import { createInterface } from 'node:readline';
import * as werift from 'werift';
import { post, say } from './frames.mjs';

const WAIT_MS = 10_000;
const PACKETS = 5;

const videoCodec = (name, parameters) => new werift.RTCRtpCodecParameters({
    mimeType: `video/${name}`, clockRate: 90000, parameters,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }] });
const CODECS = {
    audio: [new werift.RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2 }),
        new werift.RTCRtpCodecParameters({ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1, payloadType: 0 }),
        new werift.RTCRtpCodecParameters({ mimeType: 'audio/PCMA', clockRate: 8000, channels: 1, payloadType: 8 })],
    video: [videoCodec('H264', 'packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1'),
        videoCodec('VP8'), videoCodec('VP9', 'profile-id=0'), videoCodec('AV1'), videoCodec('H265')],
};

// {video: NAME or null, audio: NAME or null}
function sections(sdp) {
    const out = {};
    for (const text of sdp.split(/\r\n(?=m=)/).slice(1)) {
        const [, kind, port, payload] = /^m=(\w+) (\d+) \S+ (\d+)/.exec(text);
        const name = new RegExp(`a=rtpmap:${payload} ([^/]+)/`).exec(text)?.[1] ?? null;
        out[kind] = port === '0' || /^a=inactive/m.test(text) ? null : name;
    }
    return out;
}

async function watch({ watch: name, url }) {
    const pc = new werift.RTCPeerConnection({ codecs: CODECS, iceUseIpv6: false });
    try {
        const packets = { audio: 0, video: 0 };
        pc.onTrack.subscribe((track) => track.onReceiveRtp.subscribe(() => packets[track.kind]++));
        pc.addTransceiver('audio', { direction: 'recvonly' });
        pc.addTransceiver('video', { direction: 'recvonly' });
        await pc.setLocalDescription(await pc.createOffer());
        const answer = await post(url, pc.localDescription.sdp, null, () => {});
        if (answer.status !== 201) {
            say({ watched: name, status: answer.status, body: answer.body });
            return;
        }
        const got = sections(answer.body);
        await pc.setRemoteDescription({ type: 'answer', sdp: answer.body });
        const end = performance.now() + WAIT_MS;
        while (performance.now() < end
            && Object.keys(got).some((kind) => got[kind] && packets[kind] < PACKETS)) {
            await new Promise((done) => setTimeout(done, 50));
        }
        say({ watched: name, status: 201, packets, ...got });
    } catch (error) {
        say({ watched: name, status: 0, body: String(error.stack) });
    } finally {
        await pc.close();
    }
}

createInterface({ input: process.stdin }).on('line', (line) => watch(JSON.parse(line)))
    .on('close', () => process.exit(0));
