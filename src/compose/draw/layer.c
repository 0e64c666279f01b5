// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose/draw.h"
#include "scale.h"

struct bc_draw_layer {
    struct draw_scaler scaler;
    struct bc_draw_corner *corner; // owned; NULL without one
    int radius; // of the corner
    uint64_t serial; // of the picture that the scaler last made
    bool has_picture;
    struct bc_rect source; // of it
};

struct bc_draw_layer *
bc_draw_layer_create(void)
{
    return calloc(1, sizeof(struct bc_draw_layer));
}

void
bc_draw_layer_destroy(struct bc_draw_layer *layer)
{
    if (layer) {
        draw_scaler_finish(&layer->scaler);
        bc_draw_corner_destroy(layer->corner);
        free(layer);
    }
}

// Without memory for the corner the layer has none.
static const struct bc_draw_corner *
corner_of(struct bc_draw_layer *layer, int radius)
{
    if (radius != layer->radius) {
        bc_draw_corner_destroy(layer->corner);
        layer->corner = bc_draw_corner_create(radius);
        layer->radius = radius;
    }
    return layer->corner;
}

static bool
same_rect(const struct bc_rect *a, const struct bc_rect *b)
{
    return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

// A part of the picture, without its pixels being touched.
static struct bc_draw_picture
part_of(const struct bc_draw_picture *picture, const struct bc_rect *source)
{
    struct bc_draw_picture part = *picture;
    for (int p = 0; p < 3; p++) {
        int shift = p > 0;
        part.planes[p] +=
            (ptrdiff_t)(source->y >> shift) * part.strides[p] + (source->x >> shift);
    }
    part.width = source->w;
    part.height = source->h;
    return part;
}

static bool
is_inside(const struct bc_rect *source, const struct bc_draw_picture *picture)
{
    return source->x >= 0 && source->y >= 0 && source->w > 0 && source->h > 0
        && source->w <= picture->width - source->x
        && source->h <= picture->height - source->y;
}

static int
even_below(double value)
{
    return 2 * (int)floor(value / 2);
}

static int
even_above(double value)
{
    return 2 * (int)ceil(value / 2);
}

// Of one direction: leaves out what lies beyond 0 and `canvas`, but for a pixel or two of
// the source, so that the rest stays in its place.
static void
shorten(int *source, int *source_size, int *target, int *target_size, int canvas)
{
    double zoom = (double)*target_size / *source_size;
    int skip = *target < 0 ? even_below(-*target / zoom) : 0;
    int end = *target + *target_size > canvas ? even_above((canvas - *target) / zoom)
                                              : *source_size;
    end = end > *source_size ? *source_size : end;
    if (end - skip < 2) {
        return;
    }
    int from = even_below(*target + skip * zoom);
    *target_size = even_above(*target + end * zoom) - from;
    *target = from;
    *source += skip;
    *source_size = end - skip;
}

// Of a picture that is much larger than the canvas only what is seen is scaled.
static struct bc_layout
shorten_zoom(const struct bc_draw_canvas *canvas, const struct bc_draw_stroke *stroke)
{
    struct bc_layout at = stroke->at;
    int64_t pixels = (int64_t)at.target.w * at.target.h;
    if (pixels > 2 * (int64_t)canvas->width * canvas->height && at.radius == 0
        && stroke->dx == 0 && stroke->dy == 0) {
        shorten(&at.source.x, &at.source.w, &at.target.x, &at.target.w, canvas->width);
        shorten(&at.source.y, &at.source.h, &at.target.y, &at.target.h, canvas->height);
    }
    return at;
}

bool
bc_draw_layer_draw(struct bc_draw_layer *layer, const struct bc_draw_canvas *canvas,
    const struct bc_draw_stroke *stroke)
{
    if (stroke->opacity == 0 || !is_inside(&stroke->at.source, stroke->picture)) {
        return true;
    }
    const struct bc_layout seen = shorten_zoom(canvas, stroke);
    const struct bc_layout *at = &seen;
    struct bc_draw_picture part = part_of(stroke->picture, &at->source);
    const struct bc_draw_picture *shown = &part;
    if (part.width != at->target.w || part.height != at->target.h) {
        shown = draw_scaler_picture(&layer->scaler);
        bool fresh = layer->has_picture && layer->serial == stroke->serial
            && same_rect(&layer->source, &at->source) && shown->width == at->target.w
            && shown->height == at->target.h;
        if (!fresh) {
            layer->has_picture =
                draw_scale(&layer->scaler, &part, at->target.w, at->target.h);
            layer->serial = stroke->serial;
            layer->source = at->source;
        }
        if (!layer->has_picture) {
            return false;
        }
    }
    bc_draw_picture(canvas, shown, at->target.x + stroke->dx, at->target.y + stroke->dy,
        corner_of(layer, at->radius), stroke->opacity);
    return true;
}

bool
bc_draw_covers(const struct bc_draw_canvas *canvas, const struct bc_draw_stroke *stroke)
{
    int x = stroke->at.target.x + stroke->dx;
    int y = stroke->at.target.y + stroke->dy;
    return stroke->opacity == BC_DRAW_OPAQUE && stroke->at.radius == 0 && x <= 0 && y <= 0
        && x + stroke->at.target.w >= canvas->width
        && y + stroke->at.target.h >= canvas->height;
}
