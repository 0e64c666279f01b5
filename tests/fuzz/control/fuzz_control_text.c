// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "control/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Whatever a peer calls itself, the answer that tells it is JSON.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = calloc(1, len + 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, len);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "encoder", text);
    struct bc_buf *buf = bc_json_dump(bc_json_end(&j));
    if (!buf || buf->len < 15 || memcmp(buf->data, "{\"encoder\":\"", 12) != 0) {
        abort();
    }
    bc_buf_unref(&buf);
    free(text);
    return 0;
}
