// SPDX-License-Identifier: Apache-2.0
// The head of a reply, line by line, with its Link headers.
#include <stdlib.h>
#include <string.h>

#include "relay/http_internal.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct relay_http_reply *reply = calloc(1, sizeof(*reply));
    while (reply && len > 0) {
        const uint8_t *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) + 1 : len;
        relay_http_reply_header(reply, (const char *)data, n);
        data += n;
        len -= n;
    }
    if (reply && reply->server_count > RELAY_ICE_SERVERS_MAX) {
        abort();
    }
    for (unsigned i = 0; reply && i < reply->server_count; i++) {
        if (!reply->servers[i].port || !reply->servers[i].host[0]) {
            abort();
        }
    }
    free(reply);
    return 0;
}
