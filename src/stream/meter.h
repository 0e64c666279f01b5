// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_METER_H
#define STREAM_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "media/packet.h"

#define BC_METER_SECONDS 60

struct bc_meter_track {
    uint64_t bytes;   // in the running second
    uint64_t frames;
    uint32_t kbps;    // of the last second
    double fps;       // smoothed over some seconds
};

// Counts what a take sends. Part of its channel, home worker only.
struct bc_meter {
    struct bc_meter_track video;
    struct bc_meter_track audio;
    uint64_t take_bytes;
    uint64_t take_video_frames;
    uint64_t take_audio_frames;
    int64_t key_us; // dts of the last keyframe; -1 before the first
    int64_t gop_us;
    int64_t gop_max_us;
    int64_t newest_pts_us; // of the epoch; a frame below it was reordered
    bool b_frames;
    uint32_t seconds[BC_METER_SECONDS]; // kbps of the last minute, a ring
    unsigned second_count;
    unsigned low_seconds; // in a row, far below what is usual
    int64_t tick_us;
};

void
bc_meter_begin_take(struct bc_meter *m, int64_t now_us);

void
bc_meter_packet(struct bc_meter *m, const struct bc_packet *packet);

// Closes a second.
void
bc_meter_tick(struct bc_meter *m, int64_t now_us);

// The bitrate of the last minute, kbit/s.
uint32_t
bc_meter_usual_kbps(const struct bc_meter *m);

// The bitrate collapsed: for several seconds a small part of what is usual.
bool
bc_meter_bitrate_low(const struct bc_meter *m);

#endif
