// SPDX-License-Identifier: Apache-2.0
// A part of a live or a recording becomes a JPEG or nothing. Input: the length of the init
// section in two bytes, the init section, the part.
#include <stddef.h>
#include <stdint.h>

#include "picture/decode.h"
#include "picture/jpeg.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t init = size >= 2 ? (size_t)(data[0] << 8 | data[1]) : 0;
    AVFrame *picture = av_frame_alloc();
    AVFrame *small = av_frame_alloc();
    av_log_set_level(AV_LOG_QUIET);
    if (picture && small && size >= 2 && init <= size - 2
        && picture_decode(data + 2, init, data + 2 + init, size - 2 - init, picture) == 0
        && picture_scale(picture, picture_fit(picture, (struct picture_size){ 160, 90 }),
               small)
            == 0) {
        struct bc_buf *jpeg = picture_jpeg(small, 60 << 10);
        bc_buf_unref(&jpeg);
    }
    av_frame_free(&picture);
    av_frame_free(&small);
    return 0;
}
