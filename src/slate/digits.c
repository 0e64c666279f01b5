// SPDX-License-Identifier: Apache-2.0
#include "digits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// The strokes' middle lines on a grid of 20 by 36, with their radius around.
#define RADIUS 2.6f
#define GRID_HEIGHT (36 + 2 * RADIUS)
#define DIGIT_ADVANCE (20 + 2 * RADIUS + 4)
#define COLON_ADVANCE (8 + 2 * RADIUS + 4)
#define POINTS_MAX 28
#define END { -1, -1 } // of a stroke; two of them end the glyph

struct point {
    float x;
    float y;
};

static const struct point STROKES[SLATE_GLYPHS][POINTS_MAX] = {
    { { 6, 0 }, { 14, 0 }, { 18, 2 }, { 20, 6 }, { 20, 30 }, { 18, 34 }, { 14, 36 },
        { 6, 36 }, { 2, 34 }, { 0, 30 }, { 0, 6 }, { 2, 2 }, { 6, 0 }, END, END },
    { { 4, 7 }, { 12, 0 }, { 12, 36 }, END, END },
    { { 0, 7 }, { 2, 2 }, { 6, 0 }, { 14, 0 }, { 18, 2 }, { 20, 7 }, { 20, 12 },
        { 18, 17 }, { 0, 36 }, { 20, 36 }, END, END },
    { { 0, 5 }, { 2, 2 }, { 6, 0 }, { 14, 0 }, { 18, 2 }, { 20, 6 }, { 20, 12 },
        { 18, 15.5f }, { 14, 17.5f }, { 7, 17.5f }, { 14, 17.5f }, { 18, 19.5f },
        { 20, 23.5f }, { 20, 30 }, { 18, 34 }, { 14, 36 }, { 6, 36 }, { 2, 34 }, { 0, 31 },
        END, END },
    { { 15, 36 }, { 15, 0 }, { 0, 25 }, { 20, 25 }, END, END },
    { { 18, 0 }, { 2, 0 }, { 1, 16 }, { 6, 14 }, { 14, 14 }, { 18, 16 }, { 20, 20 },
        { 20, 30 }, { 18, 34 }, { 14, 36 }, { 6, 36 }, { 2, 34 }, { 0, 31 }, END, END },
    { { 17, 2 }, { 13, 0 }, { 9, 1 }, { 4, 6 }, { 1, 13 }, { 0, 20 }, { 0, 30 }, { 2, 34 },
        { 6, 36 }, { 14, 36 }, { 18, 34 }, { 20, 30 }, { 20, 21 }, { 18, 17 }, { 14, 15 },
        { 6, 15 }, { 2, 17 }, { 0, 21 }, END, END },
    { { 0, 0 }, { 20, 0 }, { 7, 36 }, END, END },
    { { 14, 17 }, { 6, 17 }, { 2, 15 }, { 0, 11.5f }, { 0, 6 }, { 2, 2 }, { 6, 0 },
        { 14, 0 }, { 18, 2 }, { 20, 6 }, { 20, 11.5f }, { 18, 15 }, { 14, 17 }, { 18, 19 },
        { 20, 23 }, { 20, 30 }, { 18, 34 }, { 14, 36 }, { 6, 36 }, { 2, 34 }, { 0, 30 },
        { 0, 23 }, { 2, 19 }, { 6, 17 }, END, END },
    { { 3, 34 }, { 7, 36 }, { 11, 35 }, { 16, 30 }, { 19, 23 }, { 20, 16 }, { 20, 6 },
        { 18, 2 }, { 14, 0 }, { 6, 0 }, { 2, 2 }, { 0, 6 }, { 0, 15 }, { 2, 19 }, { 6, 21 },
        { 14, 21 }, { 18, 19 }, { 20, 15 }, END, END },
    { { 4, 11 }, END, { 4, 26 }, END, END },
};

static bool
is_end(struct point p)
{
    return p.x < 0;
}

// --- geometry ---

static float
distance(struct point p, struct point a, struct point b)
{
    float dx = b.x - a.x;
    float dy = b.y - a.y;
    float len2 = dx * dx + dy * dy;
    float t = len2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / len2 : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypotf(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

static float
distance_to_glyph(struct point p, const struct point *strokes)
{
    float nearest = 1e6f;
    for (size_t i = 0; !is_end(strokes[i]); i++) {
        struct point next = is_end(strokes[i + 1]) ? strokes[i] : strokes[i + 1];
        float d = distance(p, strokes[i], next);
        nearest = d < nearest ? d : nearest;
        if (is_end(strokes[i + 1]) && !is_end(strokes[i + 2])) {
            i++; // another stroke
        }
    }
    return nearest;
}

static int
cover_of(float outside_px)
{
    float c = 0.5f - outside_px;
    return c <= 0 ? 0 : c >= 1 ? 255 : (int)(c * 255);
}

// --- glyphs ---

static float
advance_of(size_t glyph)
{
    return glyph == SLATE_GLYPHS - 1 ? COLON_ADVANCE : DIGIT_ADVANCE;
}

static bool
draw(struct slate_glyph *g, size_t index, int height)
{
    float unit = (float)height / GRID_HEIGHT;
    g->height = height;
    g->width = (int)(advance_of(index) * unit) & ~1;
    g->cover = calloc((size_t)g->width * (size_t)g->height, 1);
    if (!g->cover) {
        return false;
    }
    float left = RADIUS + 2; // half of the space between two
    for (int y = 0; y < g->height; y++) {
        for (int x = 0; x < g->width; x++) {
            struct point p = { ((float)x + 0.5f) / unit - left,
                ((float)y + 0.5f) / unit - RADIUS };
            float d = distance_to_glyph(p, STROKES[index]) - RADIUS;
            g->cover[y * g->width + x] = (uint8_t)cover_of(d * unit);
        }
    }
    return true;
}

bool
slate_digits_init(struct slate_digits *d, int height)
{
    memset(d, 0, sizeof(*d));
    d->height = height & ~1;
    bool ok = true;
    for (size_t i = 0; ok && i < SLATE_GLYPHS; i++) {
        ok = draw(&d->glyphs[i], i, d->height);
    }
    return ok;
}

void
slate_digits_finish(struct slate_digits *d)
{
    for (size_t i = 0; i < SLATE_GLYPHS; i++) {
        free(d->glyphs[i].cover);
        d->glyphs[i].cover = NULL;
    }
}

static size_t
index_of(char c)
{
    return c >= '0' && c <= '9' ? (size_t)(c - '0') : SLATE_GLYPHS - 1;
}

const struct slate_glyph *
slate_digits_glyph(const struct slate_digits *d, char c)
{
    return &d->glyphs[index_of(c)];
}

int
slate_digits_width(const struct slate_digits *d, const char *text)
{
    int width = 0;
    for (; *text; text++) {
        width += slate_digits_glyph(d, *text)->width;
    }
    return width;
}

int
slate_digits_shape(const char *text)
{
    float width = 0;
    for (; *text; text++) {
        width += advance_of(index_of(*text));
    }
    return (int)(width * 1000 / GRID_HEIGHT);
}

int
slate_round_box_cover(int x, int y, int width, int height, int radius)
{
    float dx = fabsf((float)x + 0.5f - (float)width / 2) - ((float)width / 2 - (float)radius);
    float dy =
        fabsf((float)y + 0.5f - (float)height / 2) - ((float)height / 2 - (float)radius);
    float outside = dx > 0 && dy > 0 ? hypotf(dx, dy) : dx > dy ? dx : dy;
    return cover_of(outside - (float)radius);
}
