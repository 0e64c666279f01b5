// SPDX-License-Identifier: Apache-2.0
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "shared.h"
#include "value.h"

// The name of a file has a folder or a suffix; ids of pictures have neither.
#define FILE_MARKS "/."

struct bc_scene *
scene_create(void)
{
    struct scene_shared *shared = calloc(1, sizeof(*shared));
    if (!shared) {
        return NULL;
    }
    atomic_init(&shared->refs, 1);
    return &shared->scene;
}

// The scene is the first member, and no scene is made elsewhere.
static struct scene_shared *
shared_of(const struct bc_scene *scene)
{
    return (struct scene_shared *)(uintptr_t)scene;
}

static void
scene_destroy(struct scene_shared *shared)
{
    struct bc_scene *scene = &shared->scene;
    for (size_t i = 0; i < scene->n_inputs; i++) {
        free(scene->inputs[i]);
    }
    for (size_t i = 0; i < scene->n_layers; i++) {
        scene_layer_finish(&scene->layers[i]);
    }
    free(shared);
}

void
scene_layer_finish(struct bc_scene_layer *layer)
{
    for (size_t t = 0; t < SCENE_N_TEXTS; t++) {
        free(*scene_layer_text(layer, &SCENE_TEXTS[t]));
    }
    free(layer->data);
}

struct bc_scene *
bc_scene_ref(const struct bc_scene *scene)
{
    struct scene_shared *shared = shared_of(scene);
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    return &shared->scene;
}

void
bc_scene_unref(struct bc_scene **holder)
{
    struct bc_scene *scene = *holder;
    *holder = NULL;
    if (scene
        && atomic_fetch_sub_explicit(&shared_of(scene)->refs, 1, memory_order_acq_rel)
            == 1) {
        scene_destroy(shared_of(scene));
    }
}

const struct bc_scene_layer *
bc_scene_find(const struct bc_scene *scene, const char *id)
{
    for (size_t i = 0; i < scene->n_layers; i++) {
        if (strcmp(scene->layers[i].id, id) == 0) {
            return &scene->layers[i];
        }
    }
    return NULL;
}

bool
bc_scene_names_files(const struct bc_scene *scene, struct bc_scene_error *error)
{
    struct scene_reading r = { .error = error };
    for (size_t i = 0; i < scene->n_layers && !r.failed; i++) {
        const struct bc_scene_layer *layer = &scene->layers[i];
        if (layer->picture && strpbrk(layer->picture, FILE_MARKS)) {
            scene_refuse(&r, "",
                "layer \"%s\": picture must be the id of an uploaded one", layer->id);
        } else if (layer->slate && strpbrk(layer->slate, FILE_MARKS)) {
            scene_refuse(&r, "",
                "layer \"%s\": slate must be the id of an uploaded picture", layer->id);
        }
    }
    return r.failed;
}

bool
bc_scene_passes_cues(const struct bc_scene *scene, const char *channel)
{
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *l = &scene->layers[i];
        if (l->type == BC_LAYER_CHANNEL && l->cues && l->channel
            && strcmp(l->channel, channel) == 0) {
            return true;
        }
    }
    return false;
}

bool
bc_scene_burns_cues(const struct bc_scene *scene)
{
    for (size_t i = 0; i < scene->n_layers; i++) {
        const struct bc_scene_layer *l = &scene->layers[i];
        if (l->type == BC_LAYER_CUES && l->channel
            && bc_scene_passes_cues(scene, l->channel)) {
            return true;
        }
    }
    return false;
}
