// SPDX-License-Identifier: Apache-2.0
// Cues of FLV: script tags "onCuePoint", on the clock of the connection's timestamps.

import { count, isObject, type Json } from '../json';
import { keyOf, parseCue, type PlacedCue } from './cue';

// A cue ends with what was shown when it was ended; tags come a little apart from that.
const NEAR_MS = 1500;

// `newest_ms`: what the connection had brought when the tag came; null: not known. null: the tag
// is somebody else's.
export function placeCuePoint(point: unknown, newest_ms: number | null): PlacedCue | null {
    const tag: Json = isObject(point) ? point : {};
    const cue = isObject(tag.parameters) ? parseCue({ ...tag.parameters,
        id: tag.parameters.id ?? tag.name }) : null;
    if (cue === null || typeof tag.time !== 'number') {
        return null;
    }
    const begin_ms = count(tag.time) * 1000;
    const end_ms = cue.duration_ms === null ? null : begin_ms + cue.duration_ms;
    const here_ms = Math.max(begin_ms, newest_ms ?? begin_ms);
    if (cue.ended) {
        const told_ms = end_ms ?? begin_ms;
        const from_ms = told_ms < here_ms + NEAR_MS ? told_ms : here_ms;
        return { cue, key: keyOf(cue), from_ms, until_ms: null };
    }
    return { cue, key: keyOf(cue), from_ms: cue.revision > 1 ? here_ms : begin_ms, until_ms: end_ms };
}
