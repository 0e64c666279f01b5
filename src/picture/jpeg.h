// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_JPEG_H
#define PICTURE_JPEG_H

#include "base/buf.h"
#include "ffmpeg.h"

struct picture_size {
    int width;
    int height;
};

// How large a picture may be shown in a box: its aspect as players show it (pixels need not
// be square), even, at least 2, and never larger than it is.
struct picture_size
picture_fit(const AVFrame *picture, struct picture_size box);

// Scales to a new picture of YCbCr 4:2:0 after BT.601 in full range, as JPEG has it. `out` is
// an empty frame. 0, -EINVAL or -ENOMEM.
int
picture_scale(const AVFrame *from, struct picture_size size, AVFrame *out);

// A frame that picture_scale() made, or one like it, as JPEG of good quality; coarser when it
// would be larger than `bytes_wanted`. NULL without memory.
struct bc_buf *
picture_jpeg(AVFrame *picture, size_t bytes_wanted);

// What pictures for people to look at may take: 60 KB for 640 x 360.
size_t
picture_bytes_wanted(struct picture_size size);

// Begins and ends as a JPEG does: a file that was torn does not.
bool
picture_is_jpeg(const uint8_t *data, size_t len);

#endif
