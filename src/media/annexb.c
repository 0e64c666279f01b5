// SPDX-License-Identifier: Apache-2.0
#include "media/annexb.h"

static bool
is_start_code(const uint8_t *p, const uint8_t *end)
{
    return end - p >= 3 && p[0] == 0 && p[1] == 0 && p[2] == 1;
}

bool
bc_annexb_next(const uint8_t **at, const uint8_t *end, struct bc_param_set *unit)
{
    const uint8_t *p = *at;
    while (p < end && !is_start_code(p, end)) {
        p++;
    }
    if (p == end) {
        return false;
    }
    const uint8_t *begin = p + 3;
    for (p = begin; p < end && !is_start_code(p, end); p++) {
    }
    *at = p;
    // No unit ends in zero: these belong to the next start code.
    while (p > begin && p[-1] == 0) {
        p--;
    }
    *unit = (struct bc_param_set){ begin, (size_t)(p - begin) };
    return true;
}
