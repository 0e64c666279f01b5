// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_PAINT_H
#define COMPOSE_PAINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "compose/draw.h"
#include "scene/scene.h"
#include "wish.h"

struct bc_card_set;

// What painting needs besides the layer.
struct compose_paint {
    int width; // of the canvas
    int height;
    struct bc_card_set *cards; // borrowed
    // The bytes of a picture that the scene names, a reference of the caller's; NULL:
    // there is none.
    struct bc_buf *(*load)(void *user, const char *name);
    void *user;
};

// A painted layer and its place on the canvas.
struct compose_sprite {
    struct bc_draw_overlay *overlay; // owned; NULL: nothing
    int x;
    int y;
};

// A layer of text, a picture, a card, a clock or a QR code. What cannot be painted is
// nothing, and the log says why.
struct compose_sprite
compose_paint_layer(
    const struct compose_paint *p, const struct bc_scene_layer *layer, int64_t wall_us);

// What a channel's layer shows while the channel is away: its slate, or a dark plate with
// its name.
struct compose_sprite
compose_paint_slate(const struct compose_paint *p, const struct bc_scene_layer *layer);

// The card of a cue in a layer of cues.
struct compose_sprite
compose_paint_cue(const struct compose_paint *p, const struct bc_scene_layer *layer,
    const struct compose_cue *cue);

#endif
