// SPDX-License-Identifier: Apache-2.0
// What the peers share: the frames files of kit/rtc_media.py, HTTP, lines of JSON.
import { readFileSync } from 'node:fs';

export const say = (what) => console.log(JSON.stringify(what));

// Calls send(kind, data, time_us, key) for each frame at its time, around and around.
export function play(path, send) {
    const file = readFileSync(path);
    const end = file.indexOf(10);
    const { period_us } = JSON.parse(file.subarray(0, end).toString());
    const records = [];
    for (let at = end + 1; at < file.length;) {
        const size = file.readUInt32BE(at + 10);
        records.push({ kind: file[at], key: file[at + 1] & 1, time_us: Number(file.readBigUInt64BE(at + 2)),
            data: file.subarray(at + 14, at + 14 + size) });
        at += 14 + size;
    }
    const began = performance.now();
    let next = 0;
    return setInterval(() => {
        for (;;) {
            const { kind, key, time_us, data } = records[next % records.length];
            const due_us = time_us + Math.floor(next / records.length) * period_us;
            if (due_us / 1000 > performance.now() - began) {
                return;
            }
            send(kind, data, due_us, key);
            next++;
        }
    }, 5);
}

export async function post(url, sdp, bearer, tell = say) {
    const headers = { 'Content-Type': 'application/sdp', 'User-Agent': 'Mozilla/5.0 (OBS-Studio/30.2)' };
    if (bearer) {
        headers.Authorization = `Bearer ${bearer}`;
    }
    const answer = await fetch(url, { method: 'POST', headers, body: sdp });
    const body = await answer.text();
    const location = answer.headers.get('location');
    tell({ status: answer.status, body, location, offer: sdp });
    return { status: answer.status, body, location: location && new URL(location, url).href };
}
