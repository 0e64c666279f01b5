// SPDX-License-Identifier: Apache-2.0
#include "path.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Replaces %XX; SIZE_MAX when one is malformed.
static size_t
percent_decode(char *s, size_t len)
{
    char *first = memchr(s, '%', len);
    if (!first) {
        return len;
    }
    size_t out = (size_t)(first - s);
    for (size_t i = out; i < len; i++) {
        if (s[i] != '%') {
            s[out++] = s[i];
            continue;
        }
        int high = i + 2 < len ? hex_value(s[i + 1]) : -1;
        int low = i + 2 < len ? hex_value(s[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return SIZE_MAX;
        }
        s[out++] = (char)(high << 4 | low);
        i += 2;
    }
    return out;
}

// The length of the UTF-8 sequence at `s` (RFC 3629: shortest form, no surrogates), 0
// when it is not one. An overlong form of '.' or '/' could otherwise pass checks that a
// later reader undoes.
static size_t
utf8_sequence(const uint8_t *s, size_t len)
{
    static const uint32_t LOWEST[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n <= 1) {
        return n;
    }
    if (n > len || s[0] > 0xf4) {
        return 0;
    }
    uint32_t c = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (s[i] & 0x3f);
    }
    bool surrogate = c >= 0xd800 && c <= 0xdfff;
    return c < LOWEST[n] || c > 0x10ffff || surrogate ? 0 : n;
}

static bool
is_clean_text(const char *s, size_t len)
{
    const uint8_t *p = (const uint8_t *)s;
    for (size_t i = 0; i < len;) {
        if (p[i] < 0x20 || p[i] == 0x7f) {
            return false;
        }
        size_t n = utf8_sequence(p + i, len - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

// Removes "", "." and ".." segments (RFC 3986 5.2.4); ".." at the root is dropped.
static size_t
normalise(char *s, size_t len)
{
    size_t out = 0; // s[0..out) is done, and is empty or a run of "/segment"
    size_t i = 0;
    bool slash_at_end = true;
    while (i < len) {
        i++; // the slash
        size_t end = i;
        while (end < len && s[end] != '/') {
            end++;
        }
        size_t n = end - i;
        slash_at_end = true;
        if (n == 2 && s[i] == '.' && s[i + 1] == '.') {
            while (out > 0 && s[--out] != '/') {
            }
        } else if (n > 0 && !(n == 1 && s[i] == '.')) {
            s[out++] = '/';
            memmove(s + out, s + i, n);
            out += n;
            slash_at_end = end < len;
        }
        i = end;
    }
    if (slash_at_end) {
        s[out++] = '/';
    }
    return out;
}

size_t
bc_http_path_decode(char *path, size_t len)
{
    if (len == 0 || path[0] != '/') {
        return 0;
    }
    size_t n = percent_decode(path, len);
    if (n == SIZE_MAX || !is_clean_text(path, n)) {
        return 0;
    }
    return normalise(path, n);
}

// Where the path of an absolute-form target begins; `len` when it has none, SIZE_MAX when
// the scheme isn't ours.
static size_t
skip_authority(const char *target, size_t len)
{
    size_t i;
    if (len >= 7 && strncasecmp(target, "http://", 7) == 0) {
        i = 7;
    } else if (len >= 8 && strncasecmp(target, "https://", 8) == 0) {
        i = 8;
    } else {
        return SIZE_MAX;
    }
    size_t begin = i;
    while (i < len && target[i] != '/' && target[i] != '?' && target[i] != '#') {
        i++;
    }
    return i > begin ? i : SIZE_MAX;
}

bool
bc_http_target_split(char *target, size_t len, const char **path, const char **query)
{
    target[len] = '\0';
    *path = "/";
    *query = "";
    if (len == 1 && target[0] == '*') { // asterisk-form: about the server as a whole
        return true;
    }
    if (len == 0) {
        return false;
    }
    if (target[0] != '/') {
        size_t skip = skip_authority(target, len);
        if (skip == SIZE_MAX) {
            return false;
        }
        target += skip;
        len -= skip;
    }
    char *fragment = memchr(target, '#', len);
    if (fragment) {
        *fragment = '\0';
        len = (size_t)(fragment - target);
    }
    char *mark = memchr(target, '?', len);
    if (mark) {
        *query = mark + 1;
        len = (size_t)(mark - target);
    }
    if (len == 0) {
        return true; // an authority alone means "/"
    }
    size_t n = bc_http_path_decode(target, len);
    if (n == 0) {
        return false;
    }
    target[n] = '\0';
    *path = target;
    return true;
}
