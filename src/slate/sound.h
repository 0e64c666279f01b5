// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_SOUND_H
#define SLATE_SOUND_H

#include "ffmpeg.h"
#include "format.h"
#include "media.h"

// AAC-LC in a slate's format out of decoded frames, or of nothing. One thread's.
struct slate_sound {
    AVCodecContext *ctx;
    AVPacket *packet;
    AVFrame *frame;  // what the encoder gets next
    SwrContext *swr; // for frames like the last one
    AVFrame *like;   // its format, rate and layout
    int filled;      // samples in `frame`
    int64_t samples; // all that went in
    struct slate_units *out; // borrowed
};

// NULL, or why not. Packets are appended to `out`; the first one is what sounds first.
const char *
slate_sound_init(struct slate_sound *s, const struct slate_format *format,
    struct slate_units *out);

void
slate_sound_finish(struct slate_sound *s);

// A new track of it; NULL without memory.
struct bc_track *
slate_sound_track(const struct slate_sound *s);

// A decoded frame, whatever its kind, to sound at `at` (in samples of the format's rate).
// What is missing before it is silent; what comes too late is left out. False on errors.
bool
slate_sound_push(struct slate_sound *s, const AVFrame *frame, int64_t at);

// Silence up to there, and on until a packet is full.
bool
slate_sound_fill(struct slate_sound *s, int64_t to);

#endif
