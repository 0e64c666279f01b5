// SPDX-License-Identifier: Apache-2.0
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct AVFrame;

// Picture files from outside, decoded by FFmpeg's decoders alone: nothing is opened.

struct bc_image_limits {
    size_t bytes_max;   // of the file
    int64_t pixels_max; // width times height
    int side_min;
    int side_max;
};

// The name of FFmpeg's decoder by the first bytes: PNG, JPEG or WebP; NULL: none of them.
const char *
bc_image_decoder(const uint8_t *data, size_t len);

// The whole picture, in the file's own format, which libswscale can read. One of which parts
// would have to be made up is refused. The caller frees *out by av_frame_free(). NULL, or why
// not: a phrase without a full stop that names no file. Takes as long as the picture is
// large: not for workers.
const char *
bc_image_decode(const uint8_t *data, size_t len, const struct bc_image_limits *limits,
    struct AVFrame **out);

#endif
