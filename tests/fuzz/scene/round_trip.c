// SPDX-License-Identifier: Apache-2.0
#include "round_trip.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "scene/layout.h"

static void
check_layers(const struct bc_scene *scene)
{
    struct bc_scene_change change;
    bc_scene_compare(scene, scene, &change);
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *layer = &scene->layers[i];
        struct bc_layout at;
        struct bc_pose pose;
        bc_layout_layer(layer, (int)scene->width, (int)scene->height, 641, 359, &at);
        bc_pose_enter(layer, 7, &pose);
        bc_pose_leave(layer, 7, &pose);
        if (change.enters[i] || change.leaves[i] || at.source.x < 0 || at.source.y < 0
            || at.source.x + at.source.w > 641 || at.source.y + at.source.h > 359
            || at.target.w < 2 || at.target.h < 2) {
            abort();
        }
    }
}

static void
check_round_trip(const struct bc_scene *scene)
{
    struct bc_buf *text = bc_scene_to_json(scene);
    struct bc_scene *again =
        text ? bc_scene_parse_json(text->data, text->len, NULL) : NULL;
    struct bc_buf *same = again ? bc_scene_to_json(again) : NULL;
    if (!same || same->len != text->len
        || memcmp(same->data, text->data, text->len) != 0) {
        abort();
    }
    check_layers(scene);
    bc_scene_names_files(scene, NULL);
    bc_buf_unref(&same);
    bc_buf_unref(&text);
    bc_scene_unref(&again);
}

void
check_scene(struct bc_scene *scene, const struct bc_scene_error *error)
{
    if (!scene && !error->text[0]) {
        abort();
    }
    if (scene) {
        check_round_trip(scene);
    }
    bc_scene_unref(&scene);
}
