// SPDX-License-Identifier: Apache-2.0
// Bodies of the API's requests about cues: what is taken is within its limits, and becomes a
// cue whose JSON is read again.
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cue/rules.h"
#include "cue/data.h"
#include "cue/values.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(const struct bc_cue_body *body)
{
    struct cue_values v = { .id = "x", .kind = body->wish.kind, .channel = "live/hq",
        .revision = 1, .data = body->wish.data, .data_len = body->wish.data_len };
    struct bc_cue *cue = cue_create(&v);
    char *again;
    size_t again_len;
    const struct bc_buf *json = bc_cue_json(cue);
    if (body->wish.data_len > BC_CUE_DATA_MAX
        || (body->wish.id && !bc_cue_id_is_valid(body->wish.id))
        || data_merge("{}", 2, cue->data, cue->data_len, &again, &again_len) != 0
        || json->data[json->len - 1] != '}') {
        abort();
    }
    free(again);
    bc_cue_unref(&cue);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_cue_body body;
    struct bc_cue_change change;
    char *changes;
    if (!bc_cue_body_read(NULL, "live/hq", (const char *)data, len, &body)) {
        check(&body);
        bc_cue_body_finish(&body);
    }
    bc_cue_change_read((const char *)data, len, &change, &changes);
    free(changes);
    return 0;
}
