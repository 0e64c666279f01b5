// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_PLAN_H
#define CLIP_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How exactly a caller can name a frame: players tell times in milliseconds or as rounded
// fractions.
#define CLIP_SLACK_US 1000

// What one boundary may cost: frames decoded and encoded anew, and their length.
#define CLIP_RECODE_FRAMES 1200
#define CLIP_RECODE_US 20000000

// How far frames may be shown out of the order they are decoded in (H.264 A.3.1: 16).
#define CLIP_REORDER_MAX 16

// A picture's frame as the plan sees it, in decoding order. Times are recording time.
struct clip_frame {
    int64_t pts_us;
    uint32_t duration_us;
    bool sync; // decoding can start here, and nothing behind it refers to or is shown
               // before what came before: an IDR
};

// Where a clip begins. Indices are into the frames given.
struct clip_head {
    bool found;
    bool recode;      // frames shown from first_us to the one at `copy` are encoded anew
    bool snapped;     // the frame asked for would have cost too much: another begins
    size_t decode;    // the sync frame at which their decoder starts
    size_t copy;      // from here on frames are copied; the count: none of these
    int64_t first_us; // of the first frame shown
};

// `frames` begin at the last sync frame that is shown at or before from_us, where there is
// one, and go on until the first one behind it or until the format ends. With `exact` the
// clip begins with the frame that is on the screen at from_us, else with the sync frame.
struct clip_head
clip_plan_head(const struct clip_frame *frames, size_t count, int64_t from_us,
    int64_t to_us, bool exact);

// Where a clip ends.
struct clip_tail {
    bool snapped;   // would have cost too much: it ends a little earlier
    size_t copy;    // so many frames are copied, in decoding order
    size_t recode;  // so many shown ones behind them are encoded anew
    int64_t end_us; // where the last frame shown ends
};

// `frames` begin with the last sync frame that is shown before to_us (if they do not,
// nothing can be encoded), and go on at least until all frames shown before to_us have
// come. The last frame of the clip is the last one that is on the screen before to_us;
// what is shown before it but refers to later frames cannot be had by leaving those out,
// and is encoded anew; without `exact` it is left out.
struct clip_tail
clip_plan_tail(
    const struct clip_frame *frames, size_t count, int64_t to_us, bool exact);

// Whether a sound's frame is heard for the most part between two times.
bool
clip_plan_hears(int64_t at_us, int64_t duration_us, int64_t first_us, int64_t end_us);

#endif
