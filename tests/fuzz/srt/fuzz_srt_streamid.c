// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/srt/streamid.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_srt_streamid id;
    struct bc_srt_streamid again;
    if (bc_srt_streamid_parse((const char *)data, len, &id) != 0) {
        return 0;
    }
    // What was taken for a name is one as it stands.
    if (bc_srt_streamid_parse(id.channel, strlen(id.channel), &again) != 0
        || strcmp(id.channel, again.channel) != 0 || id.mode == BC_SRT_MODE_NONE) {
        abort();
    }
    return 0;
}
