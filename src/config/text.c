// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdint.h>
#include <stddef.h>

// Length of the UTF-8 character at `p`, 0 when it is none (RFC 3629 4).
static unsigned
utf8_len(const unsigned char *p)
{
    unsigned len = p[0] < 0x80 ? 1
        : p[0] >> 5 == 6       ? 2
        : p[0] >> 4 == 14      ? 3
        : p[0] >> 3 == 30      ? 4
                               : 0;
    uint32_t v = len > 1 ? p[0] & (0x7fU >> len) : p[0];
    for (unsigned i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        v = v << 6 | (p[i] & 0x3f);
    }
    static const uint32_t SMALLEST[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (v < SMALLEST[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff)) {
        return 0;
    }
    return len;
}

const char *
bc_text_problem(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        unsigned len = utf8_len(p);
        if (len == 0) {
            return "is not UTF-8";
        }
        if (*p < 0x20 || *p == 0x7f) {
            return "contains a control character";
        }
        p += len;
    }
    return NULL;
}
