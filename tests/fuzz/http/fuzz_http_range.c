// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/http/range.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint64_t total = 0;
    if (len < sizeof(total)) {
        return 0;
    }
    memcpy(&total, data, sizeof(total));
    total >>= 1; // bodies are smaller than 2^63
    char *text = malloc(len - sizeof(total) + 1);
    memcpy(text, data + sizeof(total), len - sizeof(total));
    text[len - sizeof(total)] = '\0';
    struct bc_http_range range;
    enum bc_http_range_result result = bc_http_range_parse(text, total, &range);
    if (result == BC_HTTP_RANGE_PART
        && (range.len == 0 || range.offset >= total
            || range.len > total - range.offset)) {
        abort();
    }
    free(text);
    return 0;
}
