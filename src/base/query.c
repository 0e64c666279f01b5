// SPDX-License-Identifier: Apache-2.0
#include "base/query.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The next byte of an encoded text (RFC 3986 2.1), moving on.
static unsigned char
next_byte(const char **p, const char *end)
{
    const char *s = *p;
    if (*s == '%' && end - s >= 3) {
        int high = hex_value(s[1]);
        int low = hex_value(s[2]);
        if (high >= 0 && low >= 0) {
            *p = s + 3;
            return (unsigned char)(high << 4 | low);
        }
    }
    *p = s + 1;
    return (unsigned char)*s;
}

static bool
name_equals(const char *p, const char *end, const char *name)
{
    while (p < end) {
        unsigned char c = next_byte(&p, end);
        // A decoded zero equals no letter, and not the end of `name` either.
        if (*name == '\0' || c != (unsigned char)*name) {
            return false;
        }
        name++;
    }
    return *name == '\0';
}

static int
decode_value(const char *p, const char *end, char *out, size_t cap)
{
    size_t n = 0;
    while (p < end) {
        unsigned char c = next_byte(&p, end);
        if (c == '\0') {
            out[0] = '\0';
            return -EINVAL;
        }
        if (n + 1 >= cap || n == INT_MAX) {
            out[0] = '\0';
            return -ENAMETOOLONG;
        }
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return (int)n;
}

int
bc_query_get(const char *query, const char *name, char *out, size_t cap)
{
    const char *found = NULL;
    const char *found_end = NULL;
    const char *p = query ? query : "";
    out[0] = '\0';
    p += *p == '?';
    while (*p) {
        const char *end = p + strcspn(p, "&");
        const char *equals = memchr(p, '=', (size_t)(end - p));
        const char *name_end = equals ? equals : end;
        if (name_end > p && name_equals(p, name_end, name)) {
            found = equals ? equals + 1 : end;
            found_end = end;
        }
        p = end + (*end == '&');
    }
    return found ? decode_value(found, found_end, out, cap) : -ENOENT;
}
