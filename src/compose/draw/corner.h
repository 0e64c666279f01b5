// SPDX-License-Identifier: Apache-2.0
#ifndef CORNER_H
#define CORNER_H

#include <stdint.h>

// The corner in one plane's resolution: size x size parts of 255, row by row from the edge
// inwards.
struct draw_corner_plane {
    int size;
    uint8_t *left; // owned
    uint8_t *right;
};

struct bc_draw_corner {
    int radius;
    struct draw_corner_plane planes[2]; // of luma and of chroma
};

#endif
