// SPDX-License-Identifier: Apache-2.0
#include "font.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 200
#define SIZE_MAX_PX 2000.0

// A declaration of a style attribute; false: it is not there.
static bool
style_get(const char *style, const char *name, char out[VALUE_MAX])
{
    size_t name_len = strlen(name);
    while (style && *style) {
        style += strspn(style, " \t\r\n;");
        size_t len = strcspn(style, ";");
        size_t colon = strcspn(style, ":; \t");
        if (colon == name_len && strncmp(style, name, name_len) == 0) {
            const char *value = style + name_len;
            const char *end = style + len;
            value += strspn(value, " \t:");
            snprintf(out, VALUE_MAX, "%.*s", value < end ? (int)(end - value) : 0, value);
            return true;
        }
        style += len;
    }
    return false;
}

static bool
get(const struct card_node *node, const char *name, char out[VALUE_MAX])
{
    const char *value = card_node_get(node, name);
    if (style_get(card_node_get(node, "style"), name, out)) {
        return true;
    }
    if (value) {
        snprintf(out, VALUE_MAX, "%s", value);
    }
    return value;
}

// Pango wants the names without quotes.
static void
take_family(struct card_font *font, const char *value)
{
    size_t len = 0;
    for (; *value && len + 1 < sizeof(font->family); value++) {
        if (*value != '"' && *value != '\'') {
            font->family[len++] = *value;
        }
    }
    font->family[len] = '\0';
}

void
card_font_inherit(struct card_font *font, const struct card_node *node)
{
    char value[VALUE_MAX];
    if (get(node, "font-family", value)) {
        take_family(font, value);
    }
    if (get(node, "font-size", value)) {
        char *end;
        double size = strtod(value, &end);
        size = strncmp(end, "em", 2) == 0 ? size * font->size
            : *end == '%'                 ? size * font->size / 100
                                          : size;
        font->size =
            isfinite(size) && size >= 1 && size <= SIZE_MAX_PX ? size : font->size;
    }
    if (get(node, "font-weight", value)) {
        long weight = strcmp(value, "bold") == 0 ? 700 : strtol(value, NULL, 10);
        font->weight = weight >= 100 && weight <= 900 ? (int)weight : 400;
    }
    if (get(node, "letter-spacing", value)) {
        double spacing = strtod(value, NULL);
        font->spacing = isfinite(spacing) && fabs(spacing) < 200 ? spacing : 0;
    }
}
