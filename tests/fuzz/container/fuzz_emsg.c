// SPDX-License-Identifier: Apache-2.0
// A run of event messages, read and moved; and the ID3 in them.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/emsg.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t text_len;
    struct bc_emsg emsg;
    if (bc_emsg_read(data, len, &emsg) == 0) {
        (void)bc_id3_find_text(emsg.data, emsg.len, "branchcast", &text_len);
        if (strlen(emsg.scheme) > 255) {
            abort();
        }
    }
    (void)bc_id3_find_text(data, len, "branchcast", &text_len);
    size_t run = bc_emsg_run(data, len);
    uint8_t *copy = malloc(run > 0 ? run : 1);
    if (copy && run <= len) {
        memcpy(copy, data, run);
        if (bc_emsg_shift(copy, run, INT64_C(-86400000000)) != 0
            || bc_emsg_run(copy, run) != run) {
            abort();
        }
    }
    free(copy);
    return 0;
}
