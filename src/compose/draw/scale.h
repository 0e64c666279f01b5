// SPDX-License-Identifier: Apache-2.0
#ifndef SCALE_H
#define SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "compose/draw.h"

struct SwsContext;

// Memory of a picture, taken again for the next one.
struct draw_room {
    uint8_t *memory; // owned
    size_t bytes;
};

// Makes pictures of another size. Keeps its tables while sizes stay, and the last picture.
struct draw_scaler {
    struct SwsContext *sws; // owned
    struct draw_room rooms[2];
    struct bc_draw_picture made; // in one of the rooms
};

void
draw_scaler_finish(struct draw_scaler *scaler);

// The whole picture in another, even size, to be had from draw_scaler_picture(). False
// without memory.
bool
draw_scale(struct draw_scaler *scaler, const struct bc_draw_picture *from, int width,
    int height);

static inline const struct bc_draw_picture *
draw_scaler_picture(const struct draw_scaler *scaler)
{
    return &scaler->made;
}

#endif
