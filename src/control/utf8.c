// SPDX-License-Identifier: Apache-2.0
#include "utf8.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/writer.h"

struct lead {
    unsigned char first, last; // the lead byte
    unsigned char low, high;   // bounds of the second byte
    size_t len;
};

// RFC 3629 4: the second byte's bounds keep out overlong forms, surrogates and what lies
// beyond U+10FFFF.
static const struct lead LEADS[] = {
    { 0xC2, 0xDF, 0x80, 0xBF, 2 },
    { 0xE0, 0xE0, 0xA0, 0xBF, 3 },
    { 0xE1, 0xEC, 0x80, 0xBF, 3 },
    { 0xED, 0xED, 0x80, 0x9F, 3 },
    { 0xEE, 0xEF, 0x80, 0xBF, 3 },
    { 0xF0, 0xF0, 0x90, 0xBF, 4 },
    { 0xF1, 0xF3, 0x80, 0xBF, 4 },
    { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

static bool
continues(const unsigned char *p, const struct lead *lead)
{
    if (p[1] < lead->low || p[1] > lead->high) {
        return false;
    }
    for (size_t i = 2; i < lead->len; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF) { // also stops at the terminating zero
            return false;
        }
    }
    return true;
}

// The length of the sequence at `p`, 0 when it is not well-formed.
static size_t
sequence(const unsigned char *p)
{
    if (*p < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(LEADS) / sizeof(LEADS[0]); i++) {
        if (*p >= LEADS[i].first && *p <= LEADS[i].last) {
            return continues(p, &LEADS[i]) ? LEADS[i].len : 0;
        }
    }
    return 0;
}

void
bc_utf8_repair(const char *text, struct bc_writer *out)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        size_t len = sequence(p);
        if (len > 0) {
            bc_write_bytes(out, p, len);
            p += len;
        } else {
            bc_write_str(out, "\xEF\xBF\xBD");
            p++;
        }
    }
}
