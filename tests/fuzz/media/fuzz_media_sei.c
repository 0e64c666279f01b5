// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "media/sei.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
count(void *user, const char *text, size_t text_len)
{
    (*(size_t *)user)++;
    return text[text_len] == '\0';
}

// The first byte chooses the codec. Where a text can be put in, it is found as one more.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0) {
        return 0;
    }
    enum bc_codec codec = data[0] & 1 ? BC_CODEC_HEVC : BC_CODEC_AVC;
    struct bc_buf *text = bc_buf_copy(data, len < 300 ? len : 300);
    size_t before = 0;
    size_t after = 0;
    bc_sei_each(codec, data + 1, len - 1, BC_SEI_CUE_UUID, count, &before);
    struct bc_buf *out
        = bc_sei_insert(codec, data + 1, len - 1, BC_SEI_CUE_UUID, &text, 1);
    if (out) {
        bc_sei_each(codec, out->data, out->len, BC_SEI_CUE_UUID, count, &after);
        if (after != before + 1) {
            abort();
        }
    }
    bc_buf_unref(&out);
    bc_buf_unref(&text);
    return 0;
}
