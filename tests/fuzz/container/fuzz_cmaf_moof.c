// SPDX-License-Identifier: Apache-2.0
// A moof, or the prft before one. After a shift it is read as before, only at other times.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "container/cmaf_read.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
add(void *user, const struct bc_cmaf_read_sample *s)
{
    *(uint64_t *)user += s->len + s->duration + s->track + s->offset + s->sync;
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct bc_cmaf_movie MOVIE = {
        { { 1, 90000, NULL }, { 2, 44100, NULL } }, 2
    };
    struct bc_cmaf_prft prft;
    uint64_t before = 0;
    uint64_t after = 0;
    (void)bc_cmaf_prft_read(data, len, &prft);
    struct bc_buf *copy = bc_buf_copy(data, len);
    if (copy && bc_cmaf_moof_read(data, len, &MOVIE, add, &before) == 0
        && bc_cmaf_moof_shift(copy->data, len, &MOVIE, 1234567) == 0
        && (bc_cmaf_moof_read(copy->data, len, &MOVIE, add, &after) < 0
            || before != after)) {
        abort();
    }
    bc_buf_unref(&copy);
    return 0;
}
