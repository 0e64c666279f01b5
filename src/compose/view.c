// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include <string.h>

#include "canvas.h"
#include "compose/draw.h"
#include "scene/layout.h"

#define US_PER_MS 1000

// One layer to be drawn. On the stack.
struct stroke {
    struct compose_view *view;
    size_t index;
    struct bc_pose pose;
};

void
compose_view_finish(struct compose_view *v)
{
    for (size_t i = 0; i < BC_SCENE_MAX_LAYERS; i++) {
        bc_draw_layer_destroy(v->layers[i]);
    }
    compose_look_destroy(v->look);
    memset(v, 0, sizeof(*v));
}

static const struct bc_scene_layer *
layer_of(const struct stroke *s)
{
    return &s->view->look->scene->layers[s->index];
}

static const struct compose_seen *
find_input(const struct compose_seen *seen, unsigned count, const char *name)
{
    for (unsigned i = 0; name && i < count; i++) {
        if (strcmp(seen[i].name, name) == 0) {
            return &seen[i];
        }
    }
    return NULL;
}

// --- channels ---

static struct bc_draw_picture
picture_of(const AVFrame *f)
{
    return (struct bc_draw_picture){ { f->data[0], f->data[1], f->data[2] },
        { f->linesize[0], f->linesize[1], f->linesize[2] }, f->width, f->height };
}

// What is drawn of an input. False: nothing of it can be seen.
static bool
make_draw(const struct stroke *s, const struct compose_seen *in,
    const struct bc_draw_picture *picture, struct bc_draw_stroke *out)
{
    const struct bc_scene_layer *layer = layer_of(s);
    const struct compose_look *look = s->view->look;
    *out = (struct bc_draw_stroke){ .picture = picture,
        .serial = in->serial,
        .dx = bc_pose_pixels(s->pose.dx, look->width),
        .dy = bc_pose_pixels(s->pose.dy, look->height),
        .opacity = bc_draw_opacity(layer->opacity * s->pose.opacity) };
    return bc_layout_layer(
        layer, look->width, look->height, picture->width, picture->height, &out->at);
}

static void
draw_channel(const struct stroke *s, const struct compose_seen *in,
    const struct bc_draw_canvas *canvas)
{
    struct bc_draw_picture picture = picture_of(in->picture);
    struct bc_draw_stroke stroke;
    struct bc_draw_layer **layer = &s->view->layers[s->index];
    if (!*layer) {
        *layer = bc_draw_layer_create();
    }
    if (*layer && make_draw(s, in, &picture, &stroke)) {
        (void)bc_draw_layer_draw(*layer, canvas, &stroke);
    }
}

// --- layers ---

static void
draw_layer(const struct stroke *s, const struct compose_seen *seen, unsigned count,
    const struct bc_draw_canvas *canvas)
{
    const struct bc_scene_layer *layer = layer_of(s);
    const struct compose_look *look = s->view->look;
    const struct compose_sprite *sprite = &look->sprites[s->index];
    const struct compose_seen *in =
        layer->type == BC_LAYER_CHANNEL ? find_input(seen, count, layer->channel) : NULL;
    if (in && in->picture && !in->away) {
        draw_channel(s, in, canvas);
    } else if (sprite->overlay) {
        bc_draw_overlay(canvas, sprite->overlay,
            sprite->x + bc_pose_pixels(s->pose.dx, look->width),
            sprite->y + bc_pose_pixels(s->pose.dy, look->height),
            bc_draw_opacity(layer->opacity * s->pose.opacity));
    }
}

static bool
make_stroke(
    struct compose_view *v, size_t i, bool leaves, int64_t since_us, struct stroke *s)
{
    const struct bc_scene_layer *layer = &v->look->scene->layers[i];
    *s = (struct stroke){ v, i, { .opacity = 1 } };
    if (leaves) {
        return bc_pose_leave(layer, since_us / US_PER_MS, &s->pose);
    }
    if (v->enters[i]) {
        bc_pose_enter(layer, since_us / US_PER_MS, &s->pose);
    }
    return true;
}

// Whether nothing below can be seen.
static bool
covers_all(const struct stroke *s, const struct compose_seen *seen, unsigned count,
    const struct bc_draw_canvas *canvas)
{
    struct bc_draw_stroke stroke;
    const struct bc_scene_layer *layer = layer_of(s);
    const struct compose_seen *in = find_input(seen, count, layer->channel);
    if (layer->type != BC_LAYER_CHANNEL || !in || !in->picture || in->away) {
        return false;
    }
    struct bc_draw_picture picture = picture_of(in->picture);
    return make_draw(s, in, &picture, &stroke) && bc_draw_covers(canvas, &stroke);
}

// Both looks' layers by height; `strokes` has room for twice BC_SCENE_MAX_LAYERS.
static size_t
collect(struct compose_view *v, struct compose_view *old,
    const bool leaving[BC_SCENE_MAX_LAYERS], int64_t now_us, struct stroke *strokes)
{
    const struct bc_scene *was = old && old->look ? old->look->scene : NULL;
    size_t n = 0;
    size_t k = 0;
    for (size_t i = 0; i <= v->look->scene->n_layers; i++) {
        bool end = i == v->look->scene->n_layers;
        while (was && k < was->n_layers
            && (end || was->layers[k].z < v->look->scene->layers[i].z)) {
            n += leaving[k]
                && make_stroke(old, k, true, now_us - v->began_us, &strokes[n]);
            k++;
        }
        n += !end && make_stroke(v, i, false, now_us - v->began_us, &strokes[n]);
    }
    return n;
}

bool
compose_view_draw(struct compose_view *v, struct compose_view *old,
    const bool leaving[BC_SCENE_MAX_LAYERS], const struct compose_seen *seen,
    unsigned seen_count, int64_t now_us, AVFrame *canvas)
{
    struct stroke strokes[2 * BC_SCENE_MAX_LAYERS];
    if (!v->look) {
        return false;
    }
    struct bc_draw_canvas to = compose_canvas_of(canvas);
    size_t n = collect(v, old, leaving, now_us, strokes);
    size_t first = n;
    while (first > 0 && !covers_all(&strokes[first - 1], seen, seen_count, &to)) {
        first--;
    }
    if (first == 0) {
        bc_draw_fill(&to, v->look->scene->background);
    } else {
        first--;
    }
    for (size_t i = first; i < n; i++) {
        draw_layer(&strokes[i], seen, seen_count, &to);
    }
    return true;
}

bool
compose_view_leaves(const struct compose_view *old,
    const bool leaving[BC_SCENE_MAX_LAYERS], int64_t since_us)
{
    struct bc_pose pose;
    for (size_t i = 0; old->look && i < old->look->scene->n_layers; i++) {
        if (leaving[i]
            && bc_pose_leave(&old->look->scene->layers[i], since_us / US_PER_MS, &pose)) {
            return true;
        }
    }
    return false;
}
