// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_PICTURE_KIT_H
#define TESTS_UNIT_PICTURE_KIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/track.h"
#include "picture/ffmpeg.h"

// A keyframe as HLS has it: init section and part, and what they are made of. Owned by the
// test.
struct kit_key {
    struct bc_track *track;
    struct bc_buf *sample;
    struct bc_buf *init;
    struct bc_buf *part;
};

// What a keyframe shows: one brightness, and another in the left upper quarter.
struct kit_look {
    enum bc_codec codec;
    int width;
    int height;
    int luma;
    int corner_luma;
    int u;
    int v;
    AVRational sar; // 0: square
};

// Encodes it, with a time of 0.
void
kit_make_key(const struct kit_look *look, struct kit_key *out);

// A part of it for another time, in ticks of 1/90000 s.
struct bc_buf *
kit_part_at(const struct kit_key *key, uint64_t dts, uint32_t duration);

// A part of sound alone.
void
kit_make_sound_part(struct kit_key *out);

void
kit_free_key(struct kit_key *key);

// Width and height in the SOF0 of a JPEG that begins and ends as one.
void
kit_jpeg_size(const struct bc_buf *jpeg, int *width, int *height);

// Decodes the JPEG and tells a pixel's Y, Cb, Cr, as averages around it.
void
kit_jpeg_pixel(const struct bc_buf *jpeg, int x, int y, int out[3]);

#endif
