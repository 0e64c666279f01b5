// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "transmux/hls.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// What is accepted obeys what the header promises.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_hls_query q;
    if (bc_hls_query_parse((const char *)data, len, &q) == 0
        && ((q.has_part && !q.has_msn) || q.msn > INT64_MAX || q.part > INT64_MAX)) {
        abort();
    }
    return 0;
}
