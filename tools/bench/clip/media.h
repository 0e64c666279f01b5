// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_CLIP_MEDIA_H
#define BENCH_CLIP_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"

#define MEDIA_FPS 30
#define MEDIA_SECONDS 10
#define MEDIA_FRAMES (MEDIA_FPS * MEDIA_SECONDS)
#define MEDIA_RATE 48000
#define MEDIA_SOUNDS 400

struct media_frame {
    struct bc_buf *data;
    int64_t cts; // frames
    bool sync;
};

// Ten seconds of a broadcast at 1280x720, to be repeated: the sound need not fit the picture.
struct media {
    struct bc_track *video;
    struct bc_track *audio;
    struct media_frame frames[MEDIA_FRAMES];
    struct bc_buf *sounds[MEDIA_SOUNDS];
};

// Encodes it. False: there is no such encoder.
bool
media_make(struct media *m);

void
media_free(struct media *m);

#endif
