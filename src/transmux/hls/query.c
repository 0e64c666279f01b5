// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls.h"

#include <errno.h>
#include <string.h>

// A delivery directive is "_HLS_name=value" between "&"; draft-pantos-hls-rfc8216bis
// 6.2.5.
#define PREFIX "_HLS_"
#define PREFIX_LEN 5

static bool
equals(const char *p, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(p, text, len) == 0;
}

// 0 and the number; -EINVAL when it is none, does not fit, or was there already.
static int
parse_number(const char *p, size_t len, bool *has, uint64_t *out)
{
    uint64_t v = 0;
    if (*has || len == 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9') {
            return -EINVAL;
        }
        uint64_t digit = (uint64_t)(p[i] - '0');
        // 63 bits, so that arithmetic on it may be signed.
        if (v > ((uint64_t)INT64_MAX - digit) / 10) {
            return -EINVAL;
        }
        v = v * 10 + digit;
    }
    *has = true;
    *out = v;
    return 0;
}

static int
parse_directive(const char *p, size_t len, struct bc_hls_query *out)
{
    const char *eq = memchr(p, '=', len);
    size_t name = eq ? (size_t)(eq - p) : len;
    const char *value = eq ? eq + 1 : p + len;
    size_t value_len = (size_t)(p + len - value);
    if (equals(p, name, PREFIX "msn")) {
        return parse_number(value, value_len, &out->has_msn, &out->msn);
    }
    if (equals(p, name, PREFIX "part")) {
        return parse_number(value, value_len, &out->has_part, &out->part);
    }
    if (equals(p, name, PREFIX "skip")) {
        out->skip = equals(value, value_len, "YES") || equals(value, value_len, "v2");
    }
    return 0; // unknown directives are reserved: a server ignores them
}

int
bc_hls_query_parse(const char *text, size_t len, struct bc_hls_query *out)
{
    *out = (struct bc_hls_query){ 0 };
    while (len > 0) {
        const char *amp = memchr(text, '&', len);
        size_t n = amp ? (size_t)(amp - text) : len;
        if (n >= PREFIX_LEN && memcmp(text, PREFIX, PREFIX_LEN) == 0) {
            int ret = parse_directive(text, n, out);
            if (ret < 0) {
                return ret;
            }
        }
        text += amp ? n + 1 : n;
        len -= amp ? n + 1 : n;
    }
    return out->has_part && !out->has_msn ? -EINVAL : 0;
}
