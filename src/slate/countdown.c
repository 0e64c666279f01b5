// SPDX-License-Identifier: Apache-2.0
#include "countdown.h"

#include <stdio.h>
#include <string.h>

#define QUALITY 25
#define WHITE 225
#define BLACK 16
#define GREY 128
#define PANEL_PERCENT 62       // how much of the picture the panel takes away
#define HEIGHT_OF_PICTURE 9    // the digits' part of the picture's height
#define WIDTH_PERCENT 76       // at most, of the picture's width
#define MIDDLE_PERCENT 80      // of the panel, from the top
#define DIGITS_MIN 12

void
slate_countdown_text(int64_t seconds, char out[SLATE_COUNTDOWN_TEXT])
{
    int64_t s = seconds < 0 ? 0 : seconds;
    s = s > SLATE_COUNTDOWN_MAX_S ? SLATE_COUNTDOWN_MAX_S : s;
    int days = (int)(s / 86400);
    int hours = (int)(s / 3600 % 24);
    int minutes = (int)(s / 60 % 60);
    int n = days > 0 ? snprintf(out, SLATE_COUNTDOWN_TEXT, "%d:", days) : 0;
    snprintf(out + n, (size_t)(SLATE_COUNTDOWN_TEXT - n), "%02d:%02d:%02d", hours, minutes,
        (int)(s % 60));
}

// --- drawing ---

static void
blend(uint8_t *at, int value, int cover)
{
    *at = (uint8_t)(*at + (value - *at) * cover / 255);
}

// Half the resolution: each 2x2 pixels share their colour.
static void
blend_colour(AVFrame *f, int x, int y, int cover)
{
    blend(f->data[1] + (ptrdiff_t)(y / 2) * f->linesize[1] + x / 2, GREY, cover);
    blend(f->data[2] + (ptrdiff_t)(y / 2) * f->linesize[2] + x / 2, GREY, cover);
}

static void
draw_panel(struct slate_countdown *c)
{
    for (int y = 0; y < c->height; y++) {
        uint8_t *row = c->base->data[0] + (ptrdiff_t)(c->y + y) * c->base->linesize[0];
        for (int x = 0; x < c->width; x++) {
            int cover = slate_round_box_cover(x, y, c->width, c->height, c->height / 5);
            cover = cover * PANEL_PERCENT / 100;
            blend(row + c->x + x, BLACK, cover);
            if (x % 2 == 0 && y % 2 == 0) {
                blend_colour(c->base, c->x + x, c->y + y, cover);
            }
        }
    }
}

static void
draw_glyph(AVFrame *f, const struct slate_glyph *g, int left, int top)
{
    for (int y = 0; y < g->height; y++) {
        uint8_t *row = f->data[0] + (ptrdiff_t)(top + y) * f->linesize[0] + left;
        const uint8_t *cover = g->cover + (ptrdiff_t)y * g->width;
        for (int x = 0; x < g->width; x++) {
            blend(row + x, WHITE, cover[x]);
            if (x % 2 == 0 && y % 2 == 0) {
                blend_colour(f, left + x, top + y, cover[x]);
            }
        }
    }
}

// The panel as it is without digits.
static void
clean(struct slate_countdown *c)
{
    for (unsigned plane = 0; plane < 3; plane++) {
        int half = plane > 0 ? 2 : 1;
        for (int y = c->y / half; y < (c->y + c->height) / half; y++) {
            memcpy(c->work->data[plane] + (ptrdiff_t)y * c->work->linesize[plane]
                    + c->x / half,
                c->base->data[plane] + (ptrdiff_t)y * c->base->linesize[plane]
                    + c->x / half,
                (size_t)(c->width / half));
        }
    }
}

// --- life ---

static int
digits_height(const struct slate_format *f, const char *text)
{
    int height = f->height / HEIGHT_OF_PICTURE;
    int widest = (int)((int64_t)f->width * WIDTH_PERCENT * 10 / slate_digits_shape(text));
    height = widest < height ? widest : height;
    return height < DIGITS_MIN ? 0 : height;
}

static const char *
lay_out(struct slate_countdown *c, const struct slate_format *f, int64_t seconds)
{
    char text[SLATE_COUNTDOWN_TEXT];
    slate_countdown_text(seconds, text);
    int height = digits_height(f, text);
    if (height == 0) {
        return "the picture is too small for a countdown";
    }
    if (!slate_digits_init(&c->digits, height)) {
        return "no memory";
    }
    int pad = c->digits.height / 2;
    c->width = (slate_digits_width(&c->digits, text) + 2 * pad) & ~1;
    c->height = (c->digits.height + 2 * (pad * 3 / 4)) & ~1;
    c->x = (f->width - c->width) / 2 & ~1;
    c->y = (f->height * MIDDLE_PERCENT / 100 - c->height / 2) & ~1;
    bool fits = c->x >= 0 && c->y >= 0 && c->x + c->width <= f->width
        && c->y + c->height <= f->height;
    return fits ? NULL : "the picture is too small for a countdown";
}

const char *
slate_countdown_init(struct slate_countdown *c, const AVFrame *picture,
    const struct slate_format *format, int64_t seconds)
{
    memset(c, 0, sizeof(*c));
    c->base = av_frame_clone(picture);
    c->work = av_frame_clone(picture);
    if (!c->base || !c->work || av_frame_make_writable(c->base) < 0
        || av_frame_make_writable(c->work) < 0) {
        return "no memory";
    }
    const char *why = lay_out(c, format, seconds);
    if (!why) {
        why = slate_encoder_init(&c->encoder, format, SLATE_EFFORT_QUICK, QUALITY);
    }
    if (!why) {
        draw_panel(c);
    }
    return why;
}

void
slate_countdown_finish(struct slate_countdown *c)
{
    slate_encoder_finish(&c->encoder);
    slate_digits_finish(&c->digits);
    av_frame_free(&c->base);
    av_frame_free(&c->work);
}

struct bc_buf *
slate_countdown_make(struct slate_countdown *c, int64_t seconds)
{
    char text[SLATE_COUNTDOWN_TEXT];
    slate_countdown_text(seconds, text);
    int width = slate_digits_width(&c->digits, text);
    int x = (c->x + (c->width - width) / 2) & ~1;
    int y = (c->y + (c->height - c->digits.height) / 2) & ~1;
    if (width > c->width) {
        return NULL; // more digits than it was made for
    }
    clean(c);
    for (const char *at = text; *at; at++) {
        const struct slate_glyph *g = slate_digits_glyph(&c->digits, *at);
        draw_glyph(c->work, g, x, y);
        x += g->width;
    }
    struct slate_units units = { 0 };
    struct bc_buf *key = NULL;
    if (slate_encoder_push(&c->encoder, c->work, true, &units) && units.count == 1
        && units.items[0].key) {
        key = bc_buf_ref(units.items[0].buf);
    }
    slate_units_finish(&units);
    return key;
}
