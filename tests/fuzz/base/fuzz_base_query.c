// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/query.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// The first byte is the size of the room, then come the name, a zero and the query.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1) {
        return 0;
    }
    size_t cap = data[0] > 0 ? data[0] : 1;
    char *text = calloc(1, len + 1); // two strings, the second perhaps empty
    char *out = malloc(cap);
    if (text && out) {
        memcpy(text, data + 1, len - 1);
        size_t name_len = strlen(text);
        const char *query = text + name_len + (name_len < len - 1);
        int ret = bc_query_get(query, text, out, cap);
        if (strlen(out) != (ret < 0 ? 0 : (size_t)ret)) {
            abort();
        }
    }
    free(out);
    free(text);
    return 0;
}
