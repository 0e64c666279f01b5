// SPDX-License-Identifier: Apache-2.0
// The list of thumbnails, read from a file that may be edited: what is taken of it is written
// as it stood there.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "picture/vtt.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture_vtt v = { 0 };
    if (picture_vtt_read(&v, data, size) && v.count > 0) {
        struct bc_buf *text = picture_vtt_write(&v);
        if (text && (text->len > size || memcmp(text->data, data, text->len) != 0)) {
            abort();
        }
        bc_buf_unref(&text);
    }
    picture_vtt_finish(&v);
    return 0;
}
