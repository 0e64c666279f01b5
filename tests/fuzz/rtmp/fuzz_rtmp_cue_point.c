// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "protocol/rtmp/cue_point.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// One of ours is the same after it was written again.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_cue_point cue;
    struct bc_cue_point again = { 0 };
    struct bc_writer w = { 0 };
    if (bc_cue_point_parse(&cue, data, len) == 0) {
        if (!cue.data || strlen(cue.data) > cue.data_len
            || cue.data_len > BC_CUE_POINT_DATA_MAX) {
            abort();
        }
        bc_cue_point_write(&w, &cue);
        bool whole = !cue.foreign && strlen(cue.data) == cue.data_len;
        if (whole
            && (bc_cue_point_parse(&again, w.data, w.len) != 0 || again.foreign
                || strcmp(again.data, cue.data) != 0 || strcmp(again.id, cue.id) != 0
                || again.revision != cue.revision)) {
            abort();
        }
        bc_cue_point_move(w.data, w.len, 1.5);
        bc_writer_finish(&w);
    }
    bc_cue_point_finish(&again);
    bc_cue_point_finish(&cue);
    return 0;
}
