// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_SLATE_KIT_H
#define TESTS_SLATE_KIT_H

#include "slate/ffmpeg.h"
#include "slate/media.h"

// Writes a picture of one colour as a file in the tests' folder; `codec` is FFmpeg's ("png",
// "mjpeg"). The path is good until the next call.
const char *
kit_image(const char *name, const char *codec, int width, int height, int luma);

// Writes a video of so many pictures at 25 a second, each darker than the one before, and a
// tone if wanted.
const char *
kit_movie(const char *name, int pictures, bool with_sound);

// Writes these bytes.
const char *
kit_file(const char *name, const void *data, size_t len);

// A decoder for a track; decodes one access unit at a time.
struct kit_decoder {
    AVCodecContext *ctx;
    AVFrame *frame;
};

void
kit_decoder_open(struct kit_decoder *d, const struct bc_track *track);

// The decoded frame, which lives until the next call.
const AVFrame *
kit_decode(struct kit_decoder *d, const uint8_t *data, size_t len);

void
kit_decoder_close(struct kit_decoder *d);

// The mean of a part of the luma plane, in sixteenths of the sides.
int
kit_luma(const AVFrame *f, int x, int y, int width, int height);

// A sum over all planes.
uint64_t
kit_sum(const AVFrame *f);

#endif
