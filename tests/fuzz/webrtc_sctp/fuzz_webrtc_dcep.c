// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "protocol/webrtc/sctp/dcep.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct dc_open open;
    bool is_open = dc_dcep_parse_open(data, len, &open);
    if (is_open && dc_dcep_type(data, len) != DC_DCEP_OPEN) {
        abort();
    }
    if (is_open) {
        struct bc_writer w = { 0 };
        struct dc_open again;
        dc_dcep_write_open(&w, open.label);
        if (!dc_dcep_parse_open(w.data, w.len, &again)
            || strcmp(again.label, open.label) != 0) {
            abort();
        }
        bc_writer_finish(&w);
    }
    return 0;
}
