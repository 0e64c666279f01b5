// SPDX-License-Identifier: Apache-2.0
#include "look.h"

#include <stdlib.h>

struct compose_look *
compose_look_create(const struct bc_scene *scene, int width, int height)
{
    struct compose_look *look = calloc(1, sizeof(*look));
    if (look) {
        look->scene = (struct bc_scene *)bc_scene_ref(scene);
        look->width = width;
        look->height = height;
    }
    return look;
}

void
compose_look_destroy(struct compose_look *look)
{
    if (!look) {
        return;
    }
    for (size_t i = 0; i < BC_SCENE_MAX_LAYERS; i++) {
        bc_draw_overlay_destroy(look->sprites[i].overlay);
    }
    bc_scene_unref(&look->scene);
    free(look);
}
