// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_VIEW_H
#define COMPOSE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "ffmpeg.h"
#include "look.h"

// What an input shows at this moment.
struct compose_seen {
    const char *name;
    const AVFrame *picture; // borrowed; NULL: none
    uint64_t serial; // another one for each picture, of whatever input
    bool away; // its slate is due
};

// A look that is shown, with what its layers last showed. Part of the engine; its lock
// guards it.
struct compose_view {
    struct compose_look *look; // owned; NULL: nothing is shown
    int64_t began_us;
    bool enters[BC_SCENE_MAX_LAYERS]; // these came with it
    struct bc_draw_layer
        *layers[BC_SCENE_MAX_LAYERS]; // owned; of channels; NULL: not drawn yet
};

void
compose_view_finish(struct compose_view *v);

// Draws all of it, and in their places those layers of `old` that are `leaving` (NULL:
// none) since `began_us`. False: no memory.
bool
compose_view_draw(struct compose_view *v, struct compose_view *old,
    const bool leaving[BC_SCENE_MAX_LAYERS], const struct compose_seen *seen,
    unsigned seen_count, int64_t now_us, AVFrame *canvas);

// Whether a layer that leaves can still be seen.
bool
compose_view_leaves(const struct compose_view *old,
    const bool leaving[BC_SCENE_MAX_LAYERS], int64_t since_us);

#endif
