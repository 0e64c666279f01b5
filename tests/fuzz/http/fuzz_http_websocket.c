// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>

#include "protocol/http/websocket_frame.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// The first byte says where the input is cut in two: the events must not depend on it.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1) {
        return 0;
    }
    size_t cut = 1 + data[0] % len;
    struct bc_ws_parser p = { 0 };
    struct bc_ws_track t = { 0 };
    size_t i = 1;
    while (i < len) {
        size_t end = i < cut ? cut : len;
        size_t used = 0;
        enum bc_ws_event event = bc_ws_parse(&p, data + i, end - i, &used);
        if (used > end - i || (event == BC_WS_NONE && used < end - i)
            || p.control_len > BC_WS_CONTROL_MAX) {
            abort();
        }
        if (event == BC_WS_BAD || event == BC_WS_CLOSE) {
            break;
        }
        i += used;
    }
    for (i = 1; i < len;) {
        i += bc_ws_track_pass(&t, data + i, len - i, true);
    }
    return 0;
}
