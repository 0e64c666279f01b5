// SPDX-License-Identifier: Apache-2.0
// The smallest WHEP viewer and WHIP host, for any browser; kit/browser_rtc.py calls its functions.
// What is seen (the numbers in the pictures, see tools/make-testdata) and heard (440 Hz, and the
// beep each second) is noted with its time.

const EVERY_MS = 20;
const FREE_MS = 20;
const BLOCKS = 16;
const LOUD = 0.15;
const peers = {};
let context = null;

// How late the browser itself was in all, because the machine had no time for it.
let late_ms = 0;
let looked_ms = performance.now();
setInterval(() => {
    const now = performance.now();
    late_ms += Math.max(0, now - looked_ms - EVERY_MS - FREE_MS);
    looked_ms = now;
}, EVERY_MS);

// Windows of 10 ms: how strong 440 Hz and 1 kHz are in each.
const METER = `
registerProcessor('meter', class extends AudioWorkletProcessor {
    constructor() { super(); this.held = []; }
    power(f) {
        const k = 2 * Math.cos(2 * Math.PI * f / sampleRate);
        let a = 0, b = 0;
        for (const x of this.held) { [a, b] = [x + k * a - b, a]; }
        return 2 * Math.sqrt(Math.max(0, a * a + b * b - k * a * b)) / this.held.length;
    }
    process([input]) {
        for (const x of input[0] ?? new Float32Array(128)) {
            this.held.push(x);
            if (this.held.length === 480) {
                this.port.postMessage([currentTime, this.power(440), this.power(1000)]);
                this.held = [];
            }
        }
        return true;
    }
});`;

function numberOf(canvas, video) {
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    pen.drawImage(video, 0, video.videoHeight * 0.935, video.videoWidth, video.videoHeight * 0.045,
        0, 0, 160, 4);
    const { data } = pen.getImageData(0, 2, 160, 1);
    let value = 0;
    for (let i = 0; i < BLOCKS; i++) {
        let grey = 0;
        for (let x = 2; x < 8; x++) {
            grey += data[(i * 10 + x) * 4 + 1];
        }
        value = value * 2 + (grey / 6 > 125 ? 1 : 0);
    }
    const number = value >> 2 & 0xfff;
    const check = (number >> 8) + (number >> 4) + number & 3;
    return value >> 14 === 2 && check === (value & 3) ? number : null;
}

function watchPictures(peer) {
    const canvas = document.createElement('canvas');
    canvas.width = 160;
    canvas.height = 4;
    const { video } = peer;
    const look = (now, about) => {
        peer.first_picture_ms ??= performance.now() - peer.began_ms;
        peer.pictures.push([now, peer.read ? numberOf(canvas, video) : null, about.presentedFrames,
            about.width, about.height, about.rtpTimestamp, about.receiveTime]);
        video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
}

async function listen(peer, track) {
    if (!context) {
        context = new AudioContext({ sampleRate: 48000 });
        await context.audioWorklet.addModule(
            URL.createObjectURL(new Blob([METER], { type: 'text/javascript' })));
    }
    await context.resume();
    const meter = new AudioWorkletNode(context, 'meter');
    meter.port.onmessage = ({ data: [, tone, beep] }) => {
        const loud = beep > LOUD;
        if (loud && !peer.inside) {
            peer.beeps.push(performance.now());
        }
        peer.inside = loud;
        peer.sound.push(tone);
    };
    context.createMediaStreamSource(new MediaStream([track])).connect(meter).connect(context.destination);
}

const rawHeaders = (answer) => Object.fromEntries(answer.headers.entries());

// Sends the offer, takes the answer; what the HTTP side said is kept.
async function exchange(peer, options) {
    const { pc } = peer;
    const offer = await pc.createOffer();
    for (const [from, to] of options.replace ?? []) {
        offer.sdp = offer.sdp.replaceAll(from, to);
    }
    await pc.setLocalDescription(offer);
    const headers = { 'Content-Type': 'application/sdp' };
    if (options.bearer !== undefined) {
        headers.Authorization = `Bearer ${options.bearer}`;
    }
    const answer = await fetch(options.url, { method: 'POST', headers, body: offer.sdp });
    const body = await answer.text();
    Object.assign(peer, { status: answer.status, body, headers: rawHeaders(answer), offer: offer.sdp });
    if (answer.status !== 201) {
        return;
    }
    peer.location = new URL(peer.headers.location, options.url).href;
    let sdp = body;
    if (options.only) {
        sdp = sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate:')
            || line.toLowerCase().includes(` ${options.only} `)).join('\r\n');
    }
    await pc.setRemoteDescription({ type: 'answer', sdp });
}

function newPeer(name) {
    const pc = new RTCPeerConnection();
    const peer = { pc, pictures: [], sound: [], beeps: [], states: [], messages: [], inside: true,
        read: true, began_ms: performance.now(), restarts: 0 };
    pc.onconnectionstatechange = () => {
        peer.states.push([performance.now(), pc.connectionState]);
        if (pc.connectionState === 'connected') {
            peer.connected_ms ??= performance.now() - peer.began_ms;
        }
    };
    peers[name] = peer;
    return peer;
}

async function whep(name, options) {
    const peer = newPeer(name);
    const { pc } = peer;
    peer.read = options.read ?? true;
    peer.video = document.createElement('video');
    Object.assign(peer.video, { muted: true, autoplay: true, playsInline: true, srcObject: new MediaStream() });
    document.body.append(peer.video);
    for (const kind of options.kinds ?? ['audio', 'video']) {
        const line = pc.addTransceiver(kind, { direction: 'recvonly' });
        const wanted = options[`${kind}_codec`];
        if (wanted) {
            line.setCodecPreferences(RTCRtpReceiver.getCapabilities(kind).codecs
                .filter((c) => c.mimeType.toLowerCase() === wanted.toLowerCase()));
        }
    }
    if (options.channel) {
        const channel = pc.createDataChannel(options.channel);
        channel.onmessage = ({ data }) => peer.messages.push(data);
        peer.channel = channel;
    }
    pc.ontrack = ({ track }) => {
        peer.video.srcObject.addTrack(track);
        if (track.kind === 'audio') {
            listen(peer, track).catch((error) => { peer.deaf = String(error); });
        }
    };
    watchPictures(peer);
    await exchange(peer, options);
    peer.video.play().catch(() => undefined);
    return report(name);
}

function addSenders(peer, options) {
    for (const track of peer.stream.getTracks()) {
        const sendEncodings = track.kind === 'video' ? options.encodings : undefined;
        const line = peer.pc.addTransceiver(track, { direction: 'sendonly', streams: [peer.stream],
            ...(sendEncodings ? { sendEncodings } : {}) });
        if (track.kind === 'video' && options.codec) {
            line.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(
                (c) => ['video/' + options.codec, 'video/rtx'].includes(c.mimeType.toLowerCase())));
        }
    }
}

async function whip(name, options) {
    const peer = newPeer(name);
    peer.stream = await navigator.mediaDevices.getUserMedia({
        audio: options.audio === false ? false
            : { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
        video: options.video === false ? false
            : { width: options.width ?? 640, height: options.height ?? 360, frameRate: 30 },
    });
    addSenders(peer, options);
    await exchange(peer, options);
    return report(name);
}

// A numbered picture and a tone made here, of any size: for a browser whose camera cannot be a
// file, and for layers, of which Chromium makes three only of 960x540 and more.
async function whipCanvas(name, options) {
    const peer = newPeer(name);
    const [width, height, fps] = [options.width ?? 640, options.height ?? 360, options.fps ?? 30];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const pen = canvas.getContext('2d');
    const top = Math.round(height * 328 / 360);
    let n = 0;
    peer.painted = [];
    peer.painter = setInterval(() => {
        const number = n++ % 480;
        peer.painted.push([performance.now(), number]);
        const bits = 1 << 15 | number << 2 | (number >> 8) + (number >> 4) + number & 3;
        pen.fillStyle = `hsl(${number}, 40%, 40%)`;
        pen.fillRect(0, 0, width, top);
        for (let i = 0; i < BLOCKS; i++) {
            pen.fillStyle = bits >> BLOCKS - 1 - i & 1 ? '#fff' : '#000';
            pen.fillRect(i * width / BLOCKS, top, width / BLOCKS, height - top);
        }
    }, 1000 / fps);
    peer.stream = canvas.captureStream(fps);
    const audio = new AudioContext({ sampleRate: 48000 });
    await audio.resume();
    const tone = new OscillatorNode(audio, { frequency: 440 });
    const out = audio.createMediaStreamDestination();
    tone.connect(new GainNode(audio, { gain: 0.1 })).connect(out);
    tone.start();
    peer.stream.addTrack(out.stream.getAudioTracks()[0]);
    addSenders(peer, options);
    await exchange(peer, options);
    return report(name);
}

function simple(peer, name) {
    const { status, body, headers, location, connected_ms, first_picture_ms, states, messages } = peer;
    return { name, status, body, headers, location, connected_ms, first_picture_ms, states, messages,
        offer: peer.offer, deaf: peer.deaf ?? context?.state, state: peer.pc.connectionState, ice: peer.pc.iceConnectionState,
        now_ms: performance.now(), late_ms, origin_ms: performance.timeOrigin, painted: peer.painted };
}

// Everything of interest since the last call when `since` is given: [pictures, sounds].
async function report(name, since = [0, 0]) {
    const peer = peers[name];
    const result = simple(peer, name);
    result.pictures = peer.pictures.slice(since[0]);
    result.sound = peer.sound.slice(since[1]);
    result.beeps = peer.beeps;
    result.video = {};
    result.audio = {};
    result.layers = [];
    const all = peer.pc.connectionState === 'closed' ? new Map() : await peer.pc.getStats();
    for (const stat of all.values()) {
        if (stat.type === 'inbound-rtp' || stat.type === 'outbound-rtp') {
            const codec = all.get(stat.codecId);
            Object.assign(result[stat.kind], stat, { codec: codec?.mimeType, fmtp: codec?.sdpFmtpLine });
            if (stat.rid !== undefined && stat.kind === 'video') {
                result.layers.push(stat);
            }
        } else if (stat.type === 'transport') {
            result.srtp = stat.srtpCipher;
            result.dtls = stat.dtlsState;
        }
    }
    result.pair = selectedPair([...all.values()], all);
    return result;
}

// Pairs that were left for a better one stay nominated: which is in use says the transport, or in
// Firefox, which has no statistics of it, the pair itself.
function selectedPair(stats, byId) {
    const transport = stats.find(stat => stat.type === 'transport');
    const pair = stats.find(stat => stat.type === 'candidate-pair'
        && (transport ? stat.id === transport.selectedCandidatePairId : stat.selected));
    const remote = byId.get(pair?.remoteCandidateId);
    return pair && { rtt_s: pair.currentRoundTripTime, out_bps: pair.availableOutgoingBitrate,
        protocol: remote?.protocol, port: remote?.port };
}

// A new ufrag by PATCH, RFC 9725 4.3.3.
async function restartIce(name) {
    const peer = peers[name];
    const { pc } = peer;
    pc.restartIce();
    await pc.setLocalDescription(await pc.createOffer());
    const sdp = pc.localDescription.sdp;
    const line = (what, text = sdp) => text.match(new RegExp(`a=${what}:.*`))[0];
    const body = [line('ice-ufrag'), line('ice-pwd'), 'm=audio 9 UDP/TLS/RTP/SAVPF 0',
        line('mid'), ''].join('\r\n');
    const answer = await fetch(peer.location, { method: 'PATCH', body, headers: {
        'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' } });
    const text = await answer.text();
    if (answer.status === 200) {
        let remote = pc.currentRemoteDescription.sdp;
        remote = remote.replace(/a=ice-ufrag:.*/g, line('ice-ufrag', text).trim())
            .replace(/a=ice-pwd:.*/g, line('ice-pwd', text).trim());
        await pc.setRemoteDescription({ type: 'answer', sdp: remote });
    }
    return { status: answer.status, body: text, etag: answer.headers.get('etag'),
        before: peer.headers.etag };
}

const control = {
    async say(name, text) {
        const { channel } = peers[name];
        if (channel.readyState !== 'open') {
            await new Promise((resolve) => { channel.onopen = resolve; });
        }
        channel.send(text);
    },
    async remove(name) {
        const answer = await fetch(peers[name].location, { method: 'DELETE' });
        return answer.status;
    },
    close(name) {
        const peer = peers[name];
        clearInterval(peer.painter);
        peer.stream?.getTracks().forEach((track) => track.stop());
        peer.pc.close();
        peer.video?.remove();
        delete peers[name];
    },
    forget(name) {
        Object.assign(peers[name], { pictures: [], sound: [], beeps: [] });
    },
    codecs: (kind) => RTCRtpReceiver.getCapabilities(kind).codecs.map((c) => c.mimeType),
};

window.rtc = { whep, whip, whipCanvas, report, restartIce, ...control };
