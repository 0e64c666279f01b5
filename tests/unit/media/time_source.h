// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TIME_SOURCE_H
#define TESTS_TIME_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/timeline.h"

// A timeline with a fake clock and checks of what always holds. Lives in one test.
struct time_source {
    struct bc_timeline timeline;
    struct bc_track *track[3]; // by enum bc_kind; owned
    int64_t now_us;
    int64_t wall_us;
    int64_t last_dts_us[3];
    bool seen[3];
    uint32_t last_epoch;
    int64_t last_wall_us; // of the latest media time told so far
    int64_t told_us;      // that media time
};

// 48 kHz or other AAC of 1024 samples.
void
time_source_init(struct time_source *s, uint32_t sample_rate);

void
time_source_finish(struct time_source *s);

// Places a packet that arrives now, and asserts: dts rises, pts >= dts >= 0, the epoch
// never falls and is told exactly when it changes, the wall clock of the media never
// steps back.
struct bc_time_out
time_source_put(struct time_source *s, enum bc_kind kind, int64_t dts_us, int64_t cts_us);

// As above, of a video frame that is no keyframe.
struct bc_time_out
time_source_put_inter(struct time_source *s, int64_t dts_us, int64_t cts_us);

// Video at 25 fps and audio of 48 kHz from `from_us` on, for `us`, in the order of their
// stamps, arriving in real time. Stamps are `stamp_us` + the time since `from_us`.
// Returns the last out.
struct bc_time_out
time_source_run(struct time_source *s, int64_t stamp_us, int64_t us);

#endif
