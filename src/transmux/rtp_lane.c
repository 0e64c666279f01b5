// SPDX-License-Identifier: Apache-2.0
// What a feed keeps of a lane for windows that come later.
#include <stdlib.h>

#include "rtp_feed.h"

#define LANE_FRAMES_MAX 8192

void
bc_rtp_lane_clear(struct bc_rtp_lane *lane)
{
    for (unsigned i = 0; i < lane->count; i++) {
        bc_rtp_frame_unref(&lane->frames[i]);
    }
    lane->count = 0;
}

void
bc_rtp_lane_keep(
    struct bc_rtp_lane *lane, struct bc_rtp_frame *frame, int64_t gop_max_us)
{
    bool key = frame->flags & BC_PACKET_KEY;
    if (key || lane->count == LANE_FRAMES_MAX
        || (lane->count > 0
            && frame->pts_us - lane->frames[0]->pts_us > gop_max_us)) {
        bc_rtp_lane_clear(lane);
    }
    if (!key && lane->count == 0) {
        return;
    }
    if (lane->count == lane->cap) {
        unsigned cap = lane->cap ? 2 * lane->cap : 64;
        struct bc_rtp_frame **frames = realloc(lane->frames, cap * sizeof(frames[0]));
        if (!frames) {
            bc_rtp_lane_clear(lane);
            return;
        }
        lane->frames = frames;
        lane->cap = cap;
    }
    lane->frames[lane->count++] = bc_rtp_frame_ref(frame);
}
