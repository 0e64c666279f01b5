// SPDX-License-Identifier: Apache-2.0
#include "corner.h"

#include <math.h>
#include <stdlib.h>

#include "compose/draw.h"

#define RADIUS_MAX 2048

// How much of a pixel lies inside the circle, by the distance of its centre.
static uint8_t
coverage(int x, int y, int radius)
{
    double dx = radius - (x + 0.5);
    double dy = radius - (y + 0.5);
    double inside = radius + 0.5 - sqrt(dx * dx + dy * dy);
    return (uint8_t)lround(255 * (inside < 0 ? 0 : inside > 1 ? 1 : inside));
}

static bool
create_plane(struct draw_corner_plane *plane, int size)
{
    plane->size = size;
    plane->left = malloc((size_t)size * (size_t)size);
    plane->right = malloc((size_t)size * (size_t)size);
    return plane->left && plane->right;
}

static void
put(struct draw_corner_plane *plane, int x, int y, uint8_t part)
{
    plane->left[y * plane->size + x] = part;
    plane->right[y * plane->size + plane->size - 1 - x] = part;
}

static void
fill(struct bc_draw_corner *corner)
{
    const int radius = corner->radius;
    for (int y = 0; y < radius; y++) {
        for (int x = 0; x < radius; x++) {
            put(&corner->planes[0], x, y, coverage(x, y, radius));
        }
    }
    for (int y = 0; y < corner->planes[1].size; y++) {
        for (int x = 0; x < corner->planes[1].size; x++) {
            int sum = coverage(2 * x, 2 * y, radius) + coverage(2 * x + 1, 2 * y, radius)
                + coverage(2 * x, 2 * y + 1, radius)
                + coverage(2 * x + 1, 2 * y + 1, radius);
            put(&corner->planes[1], x, y, (uint8_t)((sum + 2) / 4));
        }
    }
}

struct bc_draw_corner *
bc_draw_corner_create(int radius)
{
    if (radius <= 0 || radius > RADIUS_MAX) {
        return NULL;
    }
    struct bc_draw_corner *corner = calloc(1, sizeof(*corner));
    if (!corner) {
        return NULL;
    }
    corner->radius = radius;
    if (!create_plane(&corner->planes[0], radius)
        || !create_plane(&corner->planes[1], (radius + 1) / 2)) {
        bc_draw_corner_destroy(corner);
        return NULL;
    }
    fill(corner);
    return corner;
}

void
bc_draw_corner_destroy(struct bc_draw_corner *corner)
{
    if (corner) {
        for (int i = 0; i < 2; i++) {
            free(corner->planes[i].left);
            free(corner->planes[i].right);
        }
        free(corner);
    }
}
