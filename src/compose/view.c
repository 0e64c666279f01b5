// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include <string.h>

#include "brush.h"

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
        av_frame_free(&v->layers[i].scaled);
        sws_freeContext(v->layers[i].sws);
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

static AVFrame *
new_picture(int width, int height)
{
    AVFrame *f = av_frame_alloc();
    if (f) {
        f->width = width;
        f->height = height;
        f->format = AV_PIX_FMT_YUV420P;
        if (av_frame_get_buffer(f, 0) < 0) {
            av_frame_free(&f);
        }
    }
    return f;
}

static bool
same_rect(const struct bc_rect *a, const struct bc_rect *b)
{
    return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

// A part of the picture at the layer's size; what was made of it before is taken again.
static const AVFrame *
scaled(struct compose_view *v, size_t i, const struct compose_seen *in,
    const struct bc_layout *at)
{
    AVFrame *to = v->layers[i].scaled;
    const AVFrame *from = in->picture;
    bool fits = to && to->width == at->target.w && to->height == at->target.h;
    if (fits && v->layers[i].serial == in->serial && v->layers[i].name == in->name
        && same_rect(&v->layers[i].source, &at->source)) {
        return to;
    }
    if (!fits) {
        av_frame_free(&v->layers[i].scaled);
        to = v->layers[i].scaled = new_picture(at->target.w, at->target.h);
    }
    v->layers[i].sws = sws_getCachedContext(v->layers[i].sws, at->source.w, at->source.h,
        AV_PIX_FMT_YUV420P, at->target.w, at->target.h, AV_PIX_FMT_YUV420P,
        SWS_FAST_BILINEAR, NULL, NULL, NULL);
    if (!to || !v->layers[i].sws) {
        return NULL;
    }
    const uint8_t *planes[4] = { NULL };
    for (int p = 0; p < 3; p++) {
        int shift = p > 0;
        planes[p] = from->data[p]
            + (int64_t)(at->source.y >> shift) * from->linesize[p] + (at->source.x >> shift);
    }
    (void)sws_scale(v->layers[i].sws, planes, from->linesize, 0, at->source.h, to->data,
        to->linesize);
    v->layers[i].serial = in->serial;
    v->layers[i].name = in->name;
    v->layers[i].source = at->source;
    return to;
}

static bool
is_whole(const struct bc_layout *at, const AVFrame *f)
{
    return at->source.x == 0 && at->source.y == 0 && at->source.w == f->width
        && at->source.h == f->height && at->target.w == f->width && at->target.h == f->height;
}

static void
draw_channel(const struct stroke *s, const struct compose_seen *in, AVFrame *canvas,
    double opacity)
{
    struct bc_layout at;
    const struct compose_look *look = s->view->look;
    if (!bc_layout_layer(layer_of(s), look->width, look->height, in->picture->width,
            in->picture->height, &at)) {
        return;
    }
    const AVFrame *f
        = is_whole(&at, in->picture) ? in->picture : scaled(s->view, s->index, in, &at);
    if (f) {
        compose_brush_picture(canvas, f,
            at.target.x + bc_pose_pixels(s->pose.dx, look->width),
            at.target.y + bc_pose_pixels(s->pose.dy, look->height), at.radius, opacity);
    }
}

// --- layers ---

static void
draw_layer(const struct stroke *s, const struct compose_seen *seen, unsigned count,
    AVFrame *canvas)
{
    const struct bc_scene_layer *layer = layer_of(s);
    const struct compose_look *look = s->view->look;
    const struct compose_sprite *sprite = &look->sprites[s->index];
    double opacity = layer->opacity * s->pose.opacity;
    const struct compose_seen *in = layer->type == BC_LAYER_CHANNEL
        ? find_input(seen, count, layer->channel)
        : NULL;
    if (in && in->picture && !in->away) {
        draw_channel(s, in, canvas, opacity);
    } else if (sprite->image) {
        compose_brush_image(canvas, sprite->image,
            sprite->x + bc_pose_pixels(s->pose.dx, look->width),
            sprite->y + bc_pose_pixels(s->pose.dy, look->height), opacity);
    }
}

static bool
make_stroke(struct compose_view *v, size_t i, bool leaves, int64_t since_us, struct stroke *s)
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
covers_all(const struct stroke *s, const struct compose_seen *seen, unsigned count)
{
    struct bc_layout at;
    const struct bc_scene_layer *layer = layer_of(s);
    const struct compose_look *look = s->view->look;
    const struct compose_seen *in = find_input(seen, count, layer->channel);
    return layer->type == BC_LAYER_CHANNEL && in && in->picture && !in->away
        && layer->opacity >= 1 && s->pose.opacity >= 1 && s->pose.dx == 0 && s->pose.dy == 0
        && bc_layout_layer(layer, look->width, look->height, in->picture->width,
            in->picture->height, &at)
        && at.radius == 0 && at.target.x <= 0 && at.target.y <= 0
        && at.target.x + at.target.w >= look->width
        && at.target.y + at.target.h >= look->height;
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
            n += leaving[k] && make_stroke(old, k, true, now_us - v->began_us, &strokes[n]);
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
    size_t n = collect(v, old, leaving, now_us, strokes);
    size_t first = n;
    while (first > 0 && !covers_all(&strokes[first - 1], seen, seen_count)) {
        first--;
    }
    if (first == 0) {
        compose_brush_clear(canvas, v->look->scene->background);
    } else {
        first--;
    }
    for (size_t i = first; i < n; i++) {
        draw_layer(&strokes[i], seen, seen_count, canvas);
    }
    return true;
}

bool
compose_view_leaves(
    const struct compose_view *old, const bool leaving[BC_SCENE_MAX_LAYERS], int64_t since_us)
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
