// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_DECODE_H
#define PICTURE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ffmpeg.h"

#define PICTURE_SIDE_MAX 8192
// What a decoder may be asked for: 8K, and a phone that stands upright.
#define PICTURE_PIXELS_MAX (7680LL * 4320)

// Whether an init section (ftyp, moov) has a picture that can be decoded here.
bool
picture_can_decode(const uint8_t *init, size_t init_len);

// Decodes the first sync sample of a part (moof and mdat; other boxes such as prft may stand
// before) into `out`, an empty frame. Nothing of the bytes is believed. 0; -ENOENT: there is
// no picture in it; -ENOTSUP: none that can be decoded here; -EINVAL: damaged; -ENOMEM.
int
picture_decode(const uint8_t *init, size_t init_len, const uint8_t *part, size_t part_len,
    AVFrame *out);

// Decodes a JPEG of ours. 0, -EINVAL or -ENOMEM.
int
picture_decode_jpeg(const uint8_t *jpeg, size_t len, AVFrame *out);

#endif
