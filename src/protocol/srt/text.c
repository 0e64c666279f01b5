// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdint.h>

// The length of the UTF-8 sequence at `s`: shortest form, no surrogates. 0: it is none.
static size_t
sequence(const uint8_t *s, size_t len)
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

bool
srt_text_is_clean(const char *text, size_t len)
{
    const uint8_t *s = (const uint8_t *)text;
    for (size_t i = 0; i < len;) {
        size_t n = s[i] < 0x20 || s[i] == 0x7f ? 0 : sequence(s + i, len - i);
        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

static int
hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void
srt_text_unescape(const char *text, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%' && len - i > 2 && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            uint8_t byte = (uint8_t)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
            c = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
            i += 2;
        }
        *out++ = c;
    }
    *out = '\0';
}
