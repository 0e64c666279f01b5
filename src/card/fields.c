// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "card/card.h"
#include "instant.h"

bool
card_fields_parse(struct card_fields *f, const char *data, size_t len)
{
    f->object = len <= BC_CARD_DATA_BYTES_MAX ? json_loadb(data, len, 0, NULL) : NULL;
    if (f->object && !json_is_object(f->object)) {
        card_fields_finish(f);
    }
    return f->object;
}

void
card_fields_finish(struct card_fields *f)
{
    json_decref(f->object);
    f->object = NULL;
}

// --- cleaning ---

// The character at `text`, and how many bytes it has; malformed ones are U+FFFD of one byte.
static uint32_t
next_character(const unsigned char *text, size_t *bytes)
{
    static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = *text < 0x80 ? 1 : *text >> 5 == 6 ? 2 : *text >> 4 == 14 ? 3 : 4;
    uint32_t c = n == 1 ? *text : *text & (0x7fU >> n);
    bool ok = n < 4 || *text >> 3 == 30;
    for (size_t i = 1; ok && i < n; i++) {
        ok = text[i] >> 6 == 2;
        c = c << 6 | (text[i] & 0x3f);
    }
    ok = ok && c >= LEAST[n] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    *bytes = ok ? n : 1;
    return ok ? c : 0xfffd;
}

static bool
is_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x2028
        || c == 0x2029;
}

// What nobody sees but what changes what others see: controls, marks and overrides of
// direction, interlinear and private characters, and what XML does not have.
static bool
is_left_out(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200b || c == 0x200e
        || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f)
        || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe
        || (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xe000 && c <= 0xf8ff) || c >= 0xe0000;
}

void
card_text_clean(const char *text, char out[CARD_TEXT_BYTES])
{
    const unsigned char *p = (const unsigned char *)text;
    size_t len = 0;
    bool space = false;
    for (int count = 0; *p && count < CARD_TEXT_MAX;) {
        size_t bytes;
        uint32_t c = next_character(p, &bytes);
        if (is_space(c)) {
            space = len > 0;
        } else if (!is_left_out(c)) {
            if (space) {
                out[len++] = ' ';
                count++;
                space = false;
            }
            if (count++ < CARD_TEXT_MAX) {
                memcpy(out + len, c == 0xfffd ? "\xef\xbf\xbd" : (const char *)p,
                    c == 0xfffd ? 3 : bytes);
                len += c == 0xfffd ? 3 : bytes;
            }
        }
        p += bytes;
    }
    out[len] = '\0';
}

// --- members ---

void
card_fields_text(const struct card_fields *f, const char *name, char out[CARD_TEXT_BYTES])
{
    const json_t *value = json_object_get(f->object, name);
    char number[32];
    char instant[CARD_INSTANT_BYTES];
    const char *text = json_string_value(value);
    if (text && card_instant_text(text, bc_clock_wall_us(), instant)) {
        text = instant;
    }
    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value) && isfinite(json_real_value(value))) {
        // 99.9 and 99.90 are the same number; who wants both digits sends a text.
        snprintf(number, sizeof(number), "%.10g", json_real_value(value));
        text = number;
    }
    card_text_clean(text ? text : "", out);
}

const char *
card_fields_raw(const struct card_fields *f, const char *name)
{
    const char *text = json_string_value(json_object_get(f->object, name));
    return text && *text ? text : NULL;
}

bool
card_fields_has(const struct card_fields *f, const char *name)
{
    char text[CARD_TEXT_BYTES];
    card_fields_text(f, name, text);
    return text[0] || json_is_true(json_object_get(f->object, name));
}
