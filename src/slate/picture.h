// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_PICTURE_H
#define SLATE_PICTURE_H

#include "ffmpeg.h"
#include "format.h"

#define SLATE_PIXELS_MAX (33 * 1000 * 1000)
#define SLATE_PICTURE_BYTES_MAX (64 << 20)

// A blank picture of the format's size; NULL without memory.
AVFrame *
slate_picture_create(const struct slate_format *format);

// What is shown where there is nothing else: dark, a little lighter at the top.
void
slate_picture_plain(AVFrame *picture);

// PNG, JPEG or WebP. The caller owns *out. NULL, or why not.
const char *
slate_picture_decode(const uint8_t *data, size_t len, AVFrame **out);

// `from` as large as it fits into `to`, in its middle on black. Transparent parts are black.
// `sws` keeps what pictures of one kind have in common, and makes haste; NULL: a picture on
// its own, as fine as can be. NULL, or why not.
const char *
slate_picture_fit(const AVFrame *from, AVFrame *to, struct SwsContext **sws);

#endif
