// SPDX-License-Identifier: Apache-2.0
#include "scene/layout.h"

#include <math.h>

// The nearest even number.
static int
even(double pixels)
{
    return 2 * (int)lround(pixels / 2);
}

static int
at_least_two(int pixels)
{
    return pixels < 2 ? 2 : pixels;
}

// Two edges, so that neighbours in fractions are neighbours in pixels.
static void
place(double from, double size, int canvas, int *out_from, int *out_size)
{
    *out_from = even(from * canvas);
    *out_size = at_least_two(even((from + size) * canvas) - *out_from);
}

static bool
is_visible(const struct bc_rect *rect, int canvas_w, int canvas_h)
{
    return rect->x < canvas_w && rect->y < canvas_h && rect->x + rect->w > 0
        && rect->y + rect->h > 0;
}

// What the crop leaves of one direction; at least one pixel of the picture.
static void
crop(double before, double after, int picture, double *from, double *size)
{
    *from = before * picture;
    *size = picture - *from - after * picture;
    if (*size < 1) {
        *size = 1;
        *from = *from > picture - 1 ? picture - 1 : *from;
    }
}

// Even where the picture has that much; pictures of one pixel stay as they are.
static void
place_source(double from, double size, int picture, int *out_from, int *out_size)
{
    if (picture < 2) {
        *out_from = 0;
        *out_size = picture;
        return;
    }
    int most = picture / 2 * 2;
    int length = at_least_two(even(size));
    length = length > most ? most : length;
    int start = even(from);
    start = start > most - length ? most - length : start;
    *out_from = start < 0 ? 0 : start;
    *out_size = length;
}

static void
fit(const struct bc_scene_layer *layer, int picture_w, int picture_h,
    struct bc_layout *out)
{
    double x;
    double y;
    double w;
    double h;
    crop(layer->crop.left, layer->crop.right, picture_w, &x, &w);
    crop(layer->crop.top, layer->crop.bottom, picture_h, &y, &h);
    // More than 1: the picture is wider than the box.
    double wider = w * out->box.h / (h * out->box.w);
    if (layer->fit == BC_FIT_COVER && wider > 1) {
        x += (w - w / wider) / 2;
        w /= wider;
    } else if (layer->fit == BC_FIT_COVER) {
        y += (h - h * wider) / 2;
        h *= wider;
    } else if (layer->fit == BC_FIT_CONTAIN && wider > 1) {
        out->target.h = at_least_two(even(out->box.h / wider));
        out->target.y += even((out->box.h - out->target.h) / 2.0);
    } else if (layer->fit == BC_FIT_CONTAIN) {
        out->target.w = at_least_two(even(out->box.w * wider));
        out->target.x += even((out->box.w - out->target.w) / 2.0);
    }
    place_source(x, w, picture_w, &out->source.x, &out->source.w);
    place_source(y, h, picture_h, &out->source.y, &out->source.h);
}

bool
bc_layout_layer(const struct bc_scene_layer *layer, int canvas_w, int canvas_h,
    int picture_w, int picture_h, struct bc_layout *out)
{
    *out = (struct bc_layout){ 0 };
    place(layer->x, layer->w, canvas_w, &out->box.x, &out->box.w);
    place(layer->y, layer->h, canvas_h, &out->box.y, &out->box.h);
    out->target = out->box;
    if (picture_w > 0 && picture_h > 0) {
        fit(layer, picture_w, picture_h, out);
    }
    int side = out->target.w < out->target.h ? out->target.w : out->target.h;
    out->radius = (int)lround(layer->radius * side);
    return is_visible(&out->target, canvas_w, canvas_h);
}
