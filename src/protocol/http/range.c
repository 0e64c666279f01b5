// SPDX-License-Identifier: Apache-2.0
#include "range.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

// Digits at `*p`, which moves behind them. Values beyond 2^63 become that. False without
// digits.
static bool
read_number(const char **p, uint64_t *out)
{
    const uint64_t highest = UINT64_MAX / 2;
    const char *s = *p;
    uint64_t v = 0;
    while (*s >= '0' && *s <= '9') {
        unsigned digit = (unsigned)(*s++ - '0');
        v = v > (highest - digit) / 10 ? highest : v * 10 + digit;
    }
    bool found = s != *p;
    *p = s;
    *out = v;
    return found;
}

static const char *
skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    return p;
}

// "-500": the last bytes.
static enum bc_http_range_result
parse_suffix(const char *p, uint64_t total, struct bc_http_range *range)
{
    uint64_t n;
    if (!read_number(&p, &n) || *skip_blanks(p) != '\0') {
        return BC_HTTP_RANGE_IGNORE;
    }
    if (n == 0 || total == 0) {
        return BC_HTTP_RANGE_UNSATISFIABLE;
    }
    range->len = n < total ? n : total;
    range->offset = total - range->len;
    return BC_HTTP_RANGE_PART;
}

enum bc_http_range_result
bc_http_range_parse(const char *text, uint64_t total, struct bc_http_range *range)
{
    *range = (struct bc_http_range){ 0, total };
    if (!text || strncasecmp(text, "bytes=", 6) != 0) {
        return BC_HTTP_RANGE_IGNORE;
    }
    const char *p = skip_blanks(text + 6);
    if (*p == '-') {
        return parse_suffix(p + 1, total, range);
    }
    uint64_t first;
    uint64_t last = UINT64_MAX;
    if (!read_number(&p, &first) || *p++ != '-') {
        return BC_HTTP_RANGE_IGNORE;
    }
    if (read_number(&p, &last)) {
        if (last < first) {
            return BC_HTTP_RANGE_IGNORE;
        }
    } else {
        last = UINT64_MAX;
    }
    if (*skip_blanks(p) != '\0') { // several ranges, or rubbish
        return BC_HTTP_RANGE_IGNORE;
    }
    if (first >= total) {
        return BC_HTTP_RANGE_UNSATISFIABLE;
    }
    range->offset = first;
    range->len = last >= total ? total - first : last - first + 1;
    return BC_HTTP_RANGE_PART;
}
