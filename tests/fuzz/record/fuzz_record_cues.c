// SPDX-License-Identifier: Apache-2.0
// cues.jsonl; what comes out is in order, and can be written and read again as the same.
#include <stdlib.h>
#include <string.h>

#include "record/cues.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_again(const struct bc_recording_cue *c)
{
    struct bc_writer w = { 0 };
    struct bc_recording_cues again;
    bc_recording_cue_write_begin(&w, c);
    bc_write_u8(&w, '\n');
    if (w.failed || bc_recording_cues_parse((const char *)w.data, w.len, &again) != 0
        || again.count != 1 || again.items[0].from_us != c->from_us
        || again.items[0].revision != c->revision
        || strcmp(again.items[0].data, c->data) != 0) {
        abort();
    }
    bc_recording_cues_finish(&again);
    bc_writer_finish(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_recording_cues cues;
    if (bc_recording_cues_parse((const char *)data, len, &cues) != 0) {
        return 0;
    }
    for (size_t i = 0; i < cues.count; i++) {
        const struct bc_recording_cue *c = &cues.items[i];
        if (c->from_us < 0 || c->until_us < c->from_us
            || (i > 0 && c[-1].from_us > c->from_us)) {
            abort();
        }
        check_again(c);
    }
    struct bc_buf *json = bc_recording_cues_json(&cues);
    bc_buf_unref(&json);
    bc_recording_cues_finish(&cues);
    return 0;
}
