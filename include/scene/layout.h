// SPDX-License-Identifier: Apache-2.0
#ifndef SCENE_LAYOUT_H
#define SCENE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "scene/scene.h"

// Fractions become pixels, and times become poses. All numbers are even, since colours
// have half the resolution.

struct bc_rect {
    int x;
    int y;
    int w;
    int h;
};

struct bc_layout {
    struct bc_rect box; // the layer's on the canvas; may lie partly outside
    struct bc_rect source; // what of the picture is shown; inside it
    struct bc_rect target; // where; in the box, smaller only for BC_FIT_CONTAIN
    int radius; // of the target's corners in pixels
};

// For a canvas (even sizes, which for a rendition or in need are not the scene's own) and
// a picture of any size from 1x1; without a picture (0x0) only `box`, and `target` equal
// to it. False: nothing of it can be seen (the box is outside, or nothing is left of the
// picture).
bool
bc_layout_layer(const struct bc_scene_layer *layer, int canvas_w, int canvas_h,
    int picture_w, int picture_h, struct bc_layout *out);

// Where a layer is for the moment, compared to its place.
struct bc_pose {
    double opacity; // to multiply with the layer's
    double dx; // fractions of the canvas
    double dy;
    bool moving; // it will be different in the next frame
};

// Of a layer that came, or that began to go, `elapsed_ms` ago.
void
bc_pose_enter(
    const struct bc_scene_layer *layer, int64_t elapsed_ms, struct bc_pose *out);

// False: it is gone.
bool
bc_pose_leave(
    const struct bc_scene_layer *layer, int64_t elapsed_ms, struct bc_pose *out);

// The pixels of `dx` or `dy`; even.
int
bc_pose_pixels(double fraction, int canvas);

// Who comes and who goes when one scene follows another. A layer stays when the other has
// one of the same id, type and channel.
struct bc_scene_change {
    bool enters[BC_SCENE_MAX_LAYERS]; // layers of the new one
    bool leaves[BC_SCENE_MAX_LAYERS]; // layers of the old one
};

// `old` may be NULL: all of `new` enters.
void
bc_scene_compare(
    const struct bc_scene *old, const struct bc_scene *new, struct bc_scene_change *out);

#endif
