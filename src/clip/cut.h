// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_CUT_H
#define CLIP_CUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "record/recording.h"

#define CLIP_PATH_MAX 1024
#define CLIP_NOTE_MAX 200
// Clips in the making are here until they are whole, beside the others. No id looks like this.
#define CLIP_MAKING ".making"
#define CLIP_FILE "clip.mp4"

// How far a clip is: encoding and copying are the first half, its MP4 is the second.
struct clip_progress {
    atomic_int half;    // 0, then 1
    atomic_int percent; // of it
};

// One clip to make. Borrowed for the call.
struct clip_cut {
    const char *root; // folder of all clips
    const char *id;
    const char *title;
    struct bc_recording *source;
    int64_t from_us;
    int64_t to_us;
    bool exact;
    bool poster;
    struct clip_progress *progress;
    const atomic_bool *cancel;
};

// What came of it.
struct clip_cut_result {
    struct bc_recording_info info;
    char note[CLIP_NOTE_MAX]; // why it is not as wished, or why it failed; "" for nothing
};

// Makes the clip's folder with everything in it; nothing is left of one that fails. 0 or a
// negative errno. Blocks; for a thread of its own.
int
clip_cut_run(const struct clip_cut *cut, struct clip_cut_result *out);

// Removes what an earlier process was making when it ended.
void
clip_cut_sweep(const char *root);

#endif
