// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "record/info.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// recording.json; what comes out can be trusted as far as it goes.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_recording_info info = { 0 };
    int e = record_info_parse((const char *)data, len, &info);
    if (e == 0
        && (info.began_wall_us < 0 || info.ended_wall_us < 0 || info.source_from_us < 0
            || info.source_to_us < 0
            || (info.source[0] != '\0' && !bc_recording_id_is_valid(info.source))
            || strlen(info.title) > BC_RECORDING_TITLE_MAX
            || strlen(info.channel) >= sizeof(info.channel) || info.id[0] != '\0')) {
        abort();
    }
    return 0;
}
