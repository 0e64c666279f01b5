// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "container/flv.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Touches the payload's ends, so that the sanitizer sees where it points.
static volatile uint8_t touched;

static void
touch(const uint8_t *payload, size_t len)
{
    if (len > 0) {
        touched = payload[0] ^ payload[len - 1];
    }
}

// The first byte chooses video or audio.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_flv_video v;
    struct bc_flv_audio a;
    if (len == 0) {
        return 0;
    }
    int more = data[0] & 1 ? bc_flv_parse_audio(data + 1, len - 1, &a)
                           : bc_flv_parse_video(data + 1, len - 1, &v);
    for (size_t tracks = 0; more >= 0; tracks++) {
        if (tracks > len) {
            abort();
        }
        touch(data[0] & 1 ? a.payload : v.payload, data[0] & 1 ? a.len : v.len);
        more = data[0] & 1 ? bc_flv_next_audio(&a) : bc_flv_next_video(&v);
        if (more == 0) {
            break;
        }
    }
    return 0;
}
