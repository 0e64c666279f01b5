// SPDX-License-Identifier: Apache-2.0
#include "segments.h"

#include <stdlib.h>

bool
replay_segments_take(struct replay_segments *out, const struct bc_recording *r)
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    *out = (struct replay_segments){ 0 };
    if (info.segments == 0) {
        return false;
    }
    out->items = malloc(info.segments * sizeof(*out->items));
    if (!out->items) {
        return false;
    }
    out->count = bc_recording_segments(r, 0, out->items, info.segments);
    while (out->count > 0 && !out->items[out->count - 1].closed) {
        out->count--;
    }
    if (out->count == 0) {
        free(out->items);
        out->items = NULL;
    }
    return out->count > 0;
}

bool
replay_segments_are_independent(const struct replay_segments *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!s->items[i].independent) {
            return false;
        }
    }
    return true;
}
