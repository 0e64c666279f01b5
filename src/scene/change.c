// SPDX-License-Identifier: Apache-2.0
#include <math.h>
#include <string.h>

#include "scene/layout.h"

// How far a slide still is from its place, or how far it got on its way out; slow near the
// place, as things move.
static double
slope(double part)
{
    return part * part * part;
}

// From outside the canvas (1) to the place (0).
static void
slide(const struct bc_scene_layer *layer, enum bc_effect effect, double out_part,
    bool leaving, struct bc_pose *out)
{
    // The way to each edge, in fractions of the canvas; none for what is beyond it.
    double left = fmax(layer->x + layer->w, 0);
    double right = fmax(1 - layer->x, 0);
    double up = fmax(layer->y + layer->h, 0);
    double down = fmax(1 - layer->y, 0);
    switch (effect) {
    case BC_EFFECT_SLIDE_LEFT:
        out->dx = out_part * (leaving ? -left : right);
        break;
    case BC_EFFECT_SLIDE_RIGHT:
        out->dx = out_part * (leaving ? right : -left);
        break;
    case BC_EFFECT_SLIDE_UP:
        out->dy = out_part * (leaving ? -up : down);
        break;
    case BC_EFFECT_SLIDE_DOWN:
        out->dy = out_part * (leaving ? down : -up);
        break;
    default:
        break;
    }
}

void
bc_pose_enter(const struct bc_scene_layer *layer, int64_t elapsed_ms, struct bc_pose *out)
{
    const struct bc_motion *motion = &layer->enter;
    *out = (struct bc_pose){ .opacity = 1 };
    if (motion->effect == BC_EFFECT_NONE || elapsed_ms >= (int64_t)motion->ms) {
        return;
    }
    double part = elapsed_ms < 0 ? 0 : (double)elapsed_ms / motion->ms;
    out->moving = true;
    if (motion->effect == BC_EFFECT_FADE) {
        out->opacity = part;
    } else {
        slide(layer, motion->effect, slope(1 - part), false, out);
    }
}

bool
bc_pose_leave(const struct bc_scene_layer *layer, int64_t elapsed_ms, struct bc_pose *out)
{
    const struct bc_motion *motion = &layer->leave;
    *out = (struct bc_pose){ .opacity = 1 };
    if (motion->effect == BC_EFFECT_NONE || elapsed_ms >= (int64_t)motion->ms) {
        return false;
    }
    double part = elapsed_ms < 0 ? 0 : (double)elapsed_ms / motion->ms;
    out->moving = true;
    if (motion->effect == BC_EFFECT_FADE) {
        out->opacity = 1 - part;
    } else {
        slide(layer, motion->effect, slope(part), true, out);
    }
    return true;
}

int
bc_pose_pixels(double fraction, int canvas)
{
    return 2 * (int)lround(fraction * canvas / 2);
}

static bool
is_same(const struct bc_scene_layer *a, const struct bc_scene_layer *b)
{
    return strcmp(a->id, b->id) == 0 && a->type == b->type
        && (!a->channel || strcmp(a->channel, b->channel) == 0);
}

static bool
has(const struct bc_scene *scene, const struct bc_scene_layer *layer)
{
    const struct bc_scene_layer *other = scene ? bc_scene_find(scene, layer->id) : NULL;
    return other && is_same(layer, other);
}

void
bc_scene_compare(
    const struct bc_scene *old, const struct bc_scene *new, struct bc_scene_change *out)
{
    *out = (struct bc_scene_change){ 0 };
    for (size_t i = 0; i < new->n_layers; i++) {
        out->enters[i] = !has(old, &new->layers[i]);
    }
    for (size_t i = 0; old && i < old->n_layers; i++) {
        out->leaves[i] = !has(new, &old->layers[i]);
    }
}
