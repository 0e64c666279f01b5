// SPDX-License-Identifier: Apache-2.0
#include "presets.h"

#include <string.h>

// A small picture: as wide as high in fractions, so it has the canvas' proportions.
#define MAIN "{\"id\":\"main\",\"type\":\"channel\",\"channel\":0}"
#define PIP(place)                                                                       \
    "[" MAIN ",{\"id\":\"pip\",\"type\":\"channel\",\"channel\":1,\"duck\":true," place  \
    ",\"w\":0.28,\"h\":0.28,\"radius\":0.06}]"
#define CUES(place) "{\"id\":\"cues\",\"type\":\"cues\",\"channel\":0," place "}"

// A channel is the number of an input.
static const struct {
    struct bc_scene_preset preset;
    const char *layers;
} PRESETS[] = {
    { { "full", 1, "one picture that fills the canvas" }, "[" MAIN "]" },
    { { "pip-top-left", 2, "the second picture small in the corner at the top left" },
        PIP("\"x\":0.03,\"y\":0.03") },
    { { "pip-top-right", 2, "the second picture small in the corner at the top right" },
        PIP("\"x\":0.69,\"y\":0.03") },
    { { "pip-bottom-left", 2,
          "the second picture small in the corner at the bottom left" },
        PIP("\"x\":0.03,\"y\":0.69") },
    { { "pip-bottom-right", 2,
          "the second picture small in the corner at the bottom right" },
        PIP("\"x\":0.69,\"y\":0.69") },
    { { "side-by-side", 2, "two pictures, each one half" },
        "[{\"id\":\"left\",\"type\":\"channel\",\"channel\":0,\"w\":0.5},"
        "{\"id\":\"right\",\"type\":\"channel\",\"channel\":1,\"x\":0.5,\"w\":0.5}]" },
    { { "three-up", 3, "one large picture and two small ones beside it" },
        "[{\"id\":\"main\",\"type\":\"channel\",\"channel\":0,\"w\":0.6667},"
        "{\"id\":\"top\",\"type\":\"channel\",\"channel\":1,\"x\":0.6667,\"w\":0.3333,"
        "\"h\":0.5},"
        "{\"id\":\"bottom\",\"type\":\"channel\",\"channel\":2,\"x\":0.6667,\"y\":0.5,"
        "\"w\":0.3333,\"h\":0.5}]" },
    { { "product-left", 1,
          "the running product cue at the left, the picture at its right" },
        "[{\"id\":\"main\",\"type\":\"channel\",\"channel\":0,\"x\":0.3,\"w\":0.7}," CUES(
            "\"x\":0.01,\"y\":0.1,\"w\":0.28,\"h\":0.8") "]" },
    { { "full-cues", 1, "one picture, and the running cue over it at the lower left" },
        "[" MAIN "," CUES("\"x\":0.03,\"y\":0.6,\"w\":0.3,\"h\":0.37") "]" },
};

#define N_PRESETS (sizeof(PRESETS) / sizeof(PRESETS[0]))

const struct bc_scene_preset *
bc_scene_preset(size_t index)
{
    return index < N_PRESETS ? &PRESETS[index].preset : NULL;
}

// Numbers of inputs become their names.
static bool
name_channels(json_t *layers, const json_t *inputs)
{
    size_t i;
    json_t *layer;
    json_array_foreach(layers, i, layer)
    {
        json_int_t n = json_integer_value(json_object_get(layer, "channel"));
        json_t *name = json_array_get(inputs, (size_t)n);
        if (json_object_set(layer, "channel", name) != 0) {
            return false;
        }
    }
    return true;
}

json_t *
scene_preset_layers(struct scene_reading *r, const char *name, const json_t *inputs)
{
    size_t i = 0;
    while (i < N_PRESETS && strcmp(PRESETS[i].preset.name, name) != 0) {
        i++;
    }
    if (i == N_PRESETS) {
        scene_refuse(r, "preset", "there is no preset \"%.40s\"", name);
        return NULL;
    }
    if (json_array_size(inputs) < PRESETS[i].preset.inputs) {
        scene_refuse(
            r, "inputs", "the preset %s needs %u", name, PRESETS[i].preset.inputs);
        return NULL;
    }
    json_t *layers = json_loads(PRESETS[i].layers, 0, NULL);
    if (!layers || !name_channels(layers, inputs)) {
        json_decref(layers);
        scene_refuse_memory(r);
        return NULL;
    }
    return layers;
}
