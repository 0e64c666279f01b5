// SPDX-License-Identifier: Apache-2.0
// Addresses of targets and origins, and the chain of servers in a request.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/input_url.h"
#include "relay/origin.h"
#include "relay/relay.h"
#include "stream/via.h"

// The hub's.
const char *
bc_hub_id(const struct bc_hub *hub)
{
    (void)hub;
    return "0123456789abcdef";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char out[BC_RELAY_SHOWN_BYTES];
    struct input_url url;
    char *text = strndup((const char *)data, size);
    if (text) {
        bc_relay_show_url(text, true, out, sizeof(out));
        relay_origin_url(text, "live/hq", out, sizeof(out));
        (void)input_url_parse(text, &url);
        if (!bc_via_problem(NULL, text)) {
            char via[BC_VIA_TEXT];
            bc_via_extend(NULL, text, via);
        }
    }
    free(text);
    return 0;
}
