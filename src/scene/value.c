// SPDX-License-Identifier: Apache-2.0
#include "value.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Finer than a pixel of the largest canvas, and few enough digits that a number that is
// written and read again stays the same.
#define STEPS 10000.0
#define WORDS_TEXT 120

void
scene_refuse(struct scene_reading *r, const char *key, const char *format, ...)
{
    if (r->failed) {
        return;
    }
    r->failed = true;
    if (!r->error) {
        return;
    }
    char *text = r->error->text;
    size_t size = sizeof(r->error->text);
    int used = snprintf(text, size, "%s%s%.40s%s", r->place,
        r->place[0] && key[0] ? "." : "", key, r->place[0] || key[0] ? ": " : "");
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - (size_t)used, format, args);
    va_end(args);
}

void
scene_refuse_memory(struct scene_reading *r)
{
    r->place[0] = '\0';
    scene_refuse(r, "", "no memory");
}

void
scene_check_keys(struct scene_reading *r, const json_t *object, const char *const *keys)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], name) != 0) {
            i++;
        }
        if (!keys[i]) {
            scene_refuse(r, name, "no such field");
            return;
        }
    }
}

json_t *
scene_member(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

void
scene_take_fraction(struct scene_reading *r, const json_t *object, const char *key,
    double min, double max, double *out)
{
    const json_t *value = scene_member(object, key);
    if (!value) {
        return;
    }
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= min && number <= max)) {
        scene_refuse(r, key, "must be a number from %g to %g", min, max);
        return;
    }
    // The sum makes a zero of a negative zero.
    *out = round(number * STEPS) / STEPS + 0.0;
}

void
scene_take_count(struct scene_reading *r, const json_t *object, const char *key,
    const int range[2], int *out)
{
    const json_t *value = scene_member(object, key);
    if (!value) {
        return;
    }
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < range[0] || number > range[1]) {
        scene_refuse(r, key, "must be a whole number from %d to %d", range[0], range[1]);
        return;
    }
    *out = (int)number;
}

void
scene_take_bool(struct scene_reading *r, const json_t *object, const char *key, bool *out)
{
    const json_t *value = scene_member(object, key);
    if (value && !json_is_boolean(value)) {
        scene_refuse(r, key, "must be true or false");
    } else if (value) {
        *out = json_is_true(value);
    }
}

// The number of digits; 0: they are no color.
static size_t
color_digits(const char *text)
{
    size_t len = text && text[0] == '#' ? strlen(text) - 1 : 0;
    bool ok = (len == 3 || len == 6 || len == 8)
        && strspn(text + 1, "0123456789abcdefABCDEF") == len;
    return ok ? len : 0;
}

void
scene_take_color(
    struct scene_reading *r, const json_t *object, const char *key, uint32_t *out)
{
    const json_t *value = scene_member(object, key);
    if (!value) {
        return;
    }
    const char *text = json_string_value(value);
    size_t digits = color_digits(text);
    if (digits == 0) {
        scene_refuse(r, key, "must be a color, \"#rrggbb\" or \"#rrggbbaa\" in quotes");
        return;
    }
    uint32_t number = (uint32_t)strtoul(text + 1, NULL, 16);
    if (digits == 3) {
        uint32_t red = number >> 8;
        uint32_t green = number >> 4 & 0xf;
        uint32_t blue = number & 0xf;
        number = red * 0x110000 + green * 0x1100 + blue * 0x11;
    }
    *out = digits == 8 ? number : number << 8 | 0xff;
}

void
scene_take_word(struct scene_reading *r, const json_t *object, const char *key,
    const struct scene_word *words, int *out)
{
    const json_t *value = scene_member(object, key);
    if (!value) {
        return;
    }
    const char *text = json_string_value(value);
    char list[WORDS_TEXT] = "";
    for (const struct scene_word *w = words; w->word; w++) {
        if (text && strcmp(text, w->word) == 0) {
            *out = w->value;
            return;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "", w->word);
    }
    scene_refuse(r, key, "must be one of %s", list);
}

void
scene_take_text(struct scene_reading *r, const json_t *object, const char *key,
    size_t max, char **out)
{
    const json_t *value = scene_member(object, key);
    if (!value) {
        return;
    }
    const char *text = json_string_value(value);
    if (!text) {
        scene_refuse(r, key, "must be a text (put it in quotes)");
        return;
    }
    if (json_string_length(value) > max) {
        scene_refuse(r, key, "must not be longer than %zu bytes", max);
        return;
    }
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') {
            scene_refuse(r, key, "must not have control characters");
            return;
        }
    }
    char *copy = strdup(text);
    if (!copy) {
        scene_refuse_memory(r);
        return;
    }
    free(*out);
    *out = copy;
}

const json_t *
scene_take_list(
    struct scene_reading *r, const json_t *object, const char *key, size_t max)
{
    const json_t *list = scene_member(object, key);
    if (list && !json_is_array(list)) {
        scene_refuse(r, key, "must be a list");
        return NULL;
    }
    if (json_array_size(list) > max) {
        scene_refuse(r, key, "must not have more than %zu", max);
        return NULL;
    }
    return list;
}

const char *
scene_word_of(const struct scene_word *words, int value)
{
    while (words->word && words->value != value) {
        words++;
    }
    return words->word;
}
