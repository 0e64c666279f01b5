// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_SOURCE_H
#define CLIP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/recording.h"

// Recordings whose pictures carry their number, and clips of them read back.

#define SOURCE_FPS 25
#define SOURCE_FRAME_US 40000
#define SOURCE_TICKS 3600 // of a frame
#define SOURCE_AUDIO_RATE 48000
#define SOURCE_PATH 256

struct source_params {
    unsigned frames;
    unsigned gop;
    unsigned b_frames;
    bool pyramid;
    bool open_gop;
    bool no_sound;
    bool no_picture;
    bool hidden_keys; // a part may have its keyframe in the middle
    unsigned break_at; // a host comes back with this frame, after half a minute; 0: none
    unsigned sps_id;
    const char *profile;
    int64_t clock_us;  // what the source's clock begins with
};

// What a recording shows.
struct seen_frame {
    int64_t pts; // ticks
    unsigned number;
};

struct seen_sound {
    int64_t at; // ticks
    unsigned number;
};

struct seen {
    struct seen_frame *frames; // owned
    size_t frame_count;
    struct seen_sound *sounds; // owned
    size_t sound_count;
    size_t formats;
    size_t discontinuities;
    size_t segments;
    size_t broken; // frames that could not be decoded
    int64_t duration_us;
};

// A new folder for recordings, and its removal.
void
source_root(char out[SOURCE_PATH]);

void
source_root_remove(const char *root);

// Writes a recording that has ended; a new reference.
struct bc_recording *
source_make(const char *root, const struct source_params *params);

// Decodes all of a recording, in the order of showing.
struct seen
seen_read(const struct bc_recording *r);

void
seen_finish(struct seen *seen);

#endif
