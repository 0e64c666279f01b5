// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_ENCODER_H
#define SLATE_ENCODER_H

#include "ffmpeg.h"
#include "format.h"
#include "media.h"
#include "skip.h"

// What the pictures are for. All have the same parameter sets.
enum slate_effort {
    SLATE_EFFORT_NONE,
    SLATE_EFFORT_STILL, // one keyframe, to be shown for hours
    SLATE_EFFORT_MOVIE,
    SLATE_EFFORT_QUICK, // a keyframe a second, for as long as the countdown runs
};

// H.264 in a slate's format. One thread's.
struct slate_encoder {
    AVCodecContext *ctx;
    AVPacket *packet;
    struct bc_track *track; // owned
    struct slate_skip skip;
    int64_t count; // pictures that went in
};

// `quality` is x264's (lower is better). NULL, or why not.
const char *
slate_encoder_init(struct slate_encoder *e, const struct slate_format *format,
    enum slate_effort effort, int quality);

void
slate_encoder_finish(struct slate_encoder *e);

// A picture of the format's size in; what comes out is appended. NULL as the picture: the
// rest. False on errors.
bool
slate_encoder_push(struct slate_encoder *e, AVFrame *picture, bool key,
    struct slate_units *out);

#endif
