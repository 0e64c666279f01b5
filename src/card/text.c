// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "fit.h"
#include "image.h"
#include "pango.h"

#define LINES_DEFAULT 64
#define SIZE_PX_MIN 4.0
#define SIZE_PX_MAX 1000.0

static PangoLayout *
layout_create(const struct bc_text_style *style)
{
    PangoContext *context =
        pango_font_map_create_context(pango_cairo_font_map_get_default());
    pango_context_set_language(context, pango_language_from_string("zh-cn"));
    PangoLayout *layout = pango_layout_new(context);
    g_object_unref(context);
    PangoFontDescription *d = pango_font_description_new();
    pango_font_description_set_family(d, style->family ? style->family : CARD_SANS);
    pango_font_description_set_weight(
        d, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(d, style->size_px * PANGO_SCALE);
    pango_layout_set_font_description(layout, d);
    pango_font_description_free(d);
    return layout;
}

static void
set_lines(PangoLayout *layout, const struct bc_text_style *style)
{
    int lines = style->lines_max > 0 ? style->lines_max : LINES_DEFAULT;
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout,
        style->align == BC_TEXT_CENTER      ? PANGO_ALIGN_CENTER
            : style->align == BC_TEXT_RIGHT ? PANGO_ALIGN_RIGHT
                                            : PANGO_ALIGN_LEFT);
    if (style->width_px > 0) {
        pango_layout_set_width(layout, style->width_px * PANGO_SCALE);
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        pango_layout_set_height(layout, -lines);
    }
}

static void
set_color(cairo_t *cr, uint32_t argb)
{
    cairo_set_source_rgba(cr, (argb >> 16 & 0xff) / 255.0, (argb >> 8 & 0xff) / 255.0,
        (argb & 0xff) / 255.0, (argb >> 24) / 255.0);
}

static bool
paint(PangoLayout *layout, const struct bc_text_style *style, double x, double y,
    struct bc_card_image *image)
{
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        image->pixels, CAIRO_FORMAT_ARGB32, image->width, image->height, image->stride);
    cairo_t *cr = cairo_create(surface);
    cairo_move_to(cr, x, y);
    if (style->outline_px > 0) {
        pango_cairo_layout_path(cr, layout);
        cairo_set_line_width(cr, 2 * style->outline_px);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        set_color(cr, style->outline_color);
        cairo_stroke(cr);
        cairo_move_to(cr, x, y);
    }
    set_color(cr, style->color);
    pango_cairo_show_layout(cr, layout);
    bool ok = cairo_status(cr) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    cairo_surface_destroy(surface);
    return ok;
}

static struct bc_card_image *
draw(PangoLayout *layout, const struct bc_text_style *style)
{
    PangoRectangle ink;
    PangoRectangle box;
    pango_layout_get_pixel_extents(layout, &ink, &box);
    if (ink.width <= 0 || ink.height <= 0) {
        return NULL;
    }
    int border = (int)ceil(style->outline_px);
    // Letters may reach out of their line's box, in italics or with marks.
    int left = ink.x < box.x ? ink.x : box.x;
    int top = ink.y < box.y ? ink.y : box.y;
    int right =
        ink.x + ink.width > box.x + box.width ? ink.x + ink.width : box.x + box.width;
    int bottom =
        ink.y + ink.height > box.y + box.height ? ink.y + ink.height : box.y + box.height;
    int width = right - left + 2 * border;
    int height = bottom - top + 2 * border;
    struct bc_card_image *image =
        card_image_create(width < BC_CARD_SIDE_MAX ? width : BC_CARD_SIDE_MAX,
            height < BC_CARD_SIDE_MAX ? height : BC_CARD_SIDE_MAX);
    if (image && !paint(layout, style, border - left, border - top, image)) {
        bc_card_image_unref(&image);
    }
    if (image) {
        card_image_find_box(image);
    }
    return image;
}

// Lines that are meant stay lines; all else is cleaned.
static void
clean_lines(const char *text, char *out, size_t cap)
{
    size_t len = 0;
    while (*text && len + CARD_TEXT_BYTES + 1 < cap) {
        char line[4 * CARD_TEXT_MAX];
        char clean[CARD_TEXT_BYTES];
        size_t n = strcspn(text, "\n");
        size_t used = n < sizeof(line) ? n : sizeof(line) - 1;
        memcpy(line, text, used);
        line[used] = '\0';
        card_text_clean(line, clean);
        size_t bytes = strlen(clean);
        memcpy(out + len, clean, bytes);
        len += bytes;
        text += n;
        if (*text == '\n') {
            out[len++] = '\n';
            text++;
        }
    }
    out[len] = '\0';
}

struct bc_card_image *
bc_text_draw(const struct bc_text_style *style, const char *text)
{
    char clean[8 * CARD_TEXT_BYTES];
    if (!(style->size_px >= SIZE_PX_MIN && style->size_px <= SIZE_PX_MAX)
        || !(style->outline_px >= 0 && style->outline_px <= style->size_px)
        || style->width_px > BC_CARD_SIDE_MAX) {
        return NULL;
    }
    clean_lines(text, clean, sizeof(clean));
    PangoLayout *layout = layout_create(style);
    card_drop_unknown(layout, clean);
    set_lines(layout, style);
    pango_layout_set_text(layout, clean, -1);
    struct bc_card_image *image = draw(layout, style);
    g_object_unref(layout);
    return image;
}
