// SPDX-License-Identifier: Apache-2.0
#include "fit.h"

#include <stdio.h>
#include <string.h>

#include "lsan.h"
#include "pango.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define SHRINK_STEPS 6

static double
units(int pango)
{
    return (double)pango / PANGO_SCALE;
}

static size_t
character_bytes(const char *p)
{
    return (size_t)(g_utf8_next_char(p) - p);
}

void
card_drop_unknown(PangoLayout *layout, char *text)
{
    pango_layout_set_text(layout, text, -1);
    if (pango_layout_get_unknown_glyphs_count(layout) == 0) {
        return;
    }
    char *to = text;
    for (char *from = text; *from;) {
        size_t bytes = character_bytes(from);
        pango_layout_set_text(layout, from, (int)bytes);
        if (pango_layout_get_unknown_glyphs_count(layout) == 0) {
            memmove(to, from, bytes);
            to += bytes;
        }
        from += bytes;
    }
    *to = '\0';
}

// --- a layout ---

// Without hinting of widths: what is measured at one size is true at all.
static PangoLayout *
layout_create(const struct card_font *font)
{
    PangoContext *context =
        pango_font_map_create_context(pango_cairo_font_map_get_default());
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, pango_language_from_string("zh-cn"));
    cairo_font_options_destroy(options);
    PangoLayout *layout = pango_layout_new(context);
    g_object_unref(context);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    if (font->spacing != 0) {
        PangoAttrList *list = pango_attr_list_new();
        pango_attr_list_insert(
            list, pango_attr_letter_spacing_new((int)(font->spacing * PANGO_SCALE)));
        pango_layout_set_attributes(layout, list);
        pango_attr_list_unref(list);
    }
    return layout;
}

static void
set_size(PangoLayout *layout, const struct card_font *font, double size)
{
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family(d, font->family);
    pango_font_description_set_weight(d, (PangoWeight)font->weight);
    pango_font_description_set_absolute_size(d, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, d);
    pango_font_description_free(d);
}

static double
width_of(PangoLayout *layout, const char *text, size_t len)
{
    int width;
    pango_layout_set_width(layout, -1);
    pango_layout_set_text(layout, text, (int)len);
    pango_layout_get_size(layout, &width, NULL);
    return units(width);
}

static size_t
lines_needed(PangoLayout *layout, const char *text, double width)
{
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_text(layout, text, -1);
    return (size_t)pango_layout_get_line_count(layout);
}

// The largest size between both at which the text has few enough lines; the smallest one when
// none will do.
static double
choose_size(PangoLayout *layout, const struct card_font *font, const char *text,
    double width, size_t lines, double size_min)
{
    double size = font->size;
    set_size(layout, font, size);
    for (int i = 1; size_min < font->size && i <= SHRINK_STEPS
         && lines_needed(layout, text, width) > lines;
         i++) {
        size = font->size - (font->size - size_min) * i / SHRINK_STEPS;
        set_size(layout, font, size);
    }
    return size;
}

// --- lines ---

static void
trim(const char *text, size_t *at, size_t *len)
{
    while (*len > 0 && text[*at] == ' ') {
        (*at)++;
        (*len)--;
    }
    while (*len > 0 && text[*at + *len - 1] == ' ') {
        (*len)--;
    }
}

// The longest beginning of the last line that fits together with the ellipsis.
static void
shorten(PangoLayout *layout, struct card_lines *out, size_t line, double width)
{
    char *text = out->text + out->at[line];
    size_t ends[CARD_TEXT_MAX + 1];
    size_t count = 0;
    for (const char *p = text; *p && count < CARD_TEXT_MAX; p += character_bytes(p)) {
        ends[count++] = (size_t)(p - text) + character_bytes(p);
    }
    char trial[CARD_TEXT_BYTES + 4];
    size_t low = 0; // characters that are known to fit
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high + 1) / 2;
        size_t len = ends[middle - 1];
        memcpy(trial, text, len);
        memcpy(trial + len, ELLIPSIS, sizeof(ELLIPSIS));
        if (width_of(layout, trial, len + strlen(ELLIPSIS)) <= width) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    size_t len = low > 0 ? ends[low - 1] : 0;
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    memcpy(text + len, ELLIPSIS, sizeof(ELLIPSIS));
    out->len[line] = len + strlen(ELLIPSIS);
}

static void
take_lines(PangoLayout *layout, struct card_lines *out, double width, size_t lines)
{
    size_t needed = lines_needed(layout, out->text, width);
    out->count = needed < lines ? needed : lines;
    for (size_t i = 0; i < out->count; i++) {
        const PangoLayoutLine *line = pango_layout_get_line_readonly(layout, (int)i);
        out->at[i] = (size_t)line->start_index;
        out->len[i] = (size_t)line->length;
        trim(out->text, &out->at[i], &out->len[i]);
    }
    if (needed > lines) {
        shorten(layout, out, out->count - 1, width);
    }
}

bool
card_fit(const struct card_font *font, const char *text, double width, size_t lines,
    double size_min, struct card_lines *out)
{
    lines = lines > CARD_LINES_MAX ? CARD_LINES_MAX : lines > 0 ? lines : 1;
    PangoLayout *layout = layout_create(font);
    if (!layout) {
        return false;
    }
    snprintf(out->text, sizeof(out->text), "%s", text);
    set_size(layout, font, font->size);
    card_drop_unknown(layout, out->text);
    out->size = font->size;
    if (width > 0) {
        out->size = choose_size(layout, font, out->text, width, lines, size_min);
        take_lines(layout, out, width, lines);
    } else {
        out->count = 1;
        out->at[0] = 0;
        out->len[0] = strlen(out->text);
    }
    for (size_t i = 0; i < out->count; i++) {
        out->width[i] = width_of(layout, out->text + out->at[i], out->len[i]);
    }
    g_object_unref(layout);
    return true;
}
