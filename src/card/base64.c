// SPDX-License-Identifier: Apache-2.0
// RFC 4648, section 4.
#include "base64.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

static const char ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit(char c)
{
    const char *at = c ? strchr(ALPHABET, c) : NULL;
    return at ? (int)(at - ALPHABET) : -1;
}

uint8_t *
card_base64_decode(const char *text, size_t *len)
{
    uint8_t *out = malloc(strlen(text) / 4 * 3 + 4);
    uint32_t bits = 0;
    size_t digits = 0;
    *len = 0;
    for (; out && *text && *text != '='; text++) {
        if (strchr(" \t\r\n", *text)) {
            continue;
        }
        int value = digit(*text);
        if (value < 0) {
            free(out);
            return NULL;
        }
        bits = bits << 6 | (uint32_t)value;
        if (++digits % 4 != 1) {
            out[(*len)++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
        }
    }
    if (out && text[strspn(text, "= \t\r\n")] != '\0') {
        free(out);
        return NULL;
    }
    return out;
}

void
card_base64_encode(const uint8_t *data, size_t len, struct bc_writer *out)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)data[i] << 16 | (n > 1 ? (uint32_t)data[i + 1] << 8 : 0)
            | (n > 2 ? data[i + 2] : 0);
        char text[4];
        for (size_t k = 0; k < 4; k++) {
            text[k] = k <= n ? ALPHABET[bits >> (18 - 6 * k) & 63] : '=';
        }
        bc_write_bytes(out, text, 4);
    }
}
