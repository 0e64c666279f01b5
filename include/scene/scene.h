// SPDX-License-Identifier: Apache-2.0
#ifndef SCENE_SCENE_H
#define SCENE_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_buf;

// What a composite channel shows, as a designer writes it (docs/scenes.md).

#define BC_SCENE_MAX_BYTES 65536
#define BC_SCENE_MAX_LAYERS 16
#define BC_SCENE_MAX_INPUTS 8
#define BC_SCENE_MAX_RENDITIONS 4
#define BC_SCENE_MAX_SIDE 1920
#define BC_SCENE_MAX_AREA (1920 * 1080)
#define BC_SCENE_MAX_FPS 60
#define BC_SCENE_ID_MAX 40
#define BC_SCENE_TEXT_MAX 1000
#define BC_SCENE_NAME_MAX 255
#define BC_SCENE_DATA_MAX 4096
// With the NUL: hexadecimal digits.
#define BC_SCENE_HASH_TEXT 33

enum bc_layer_type {
    BC_LAYER_INVALID,
    BC_LAYER_CHANNEL,
    BC_LAYER_PICTURE,
    BC_LAYER_TEXT,
    BC_LAYER_CARD, // filled from `data`
    BC_LAYER_CLOCK,
    BC_LAYER_QR, // of `text`
    BC_LAYER_CUES, // the running cue of `channel` as a card
};

enum bc_fit {
    BC_FIT_COVER, // fills the box, the sides that do not fit are cut off
    BC_FIT_CONTAIN, // all of the picture, centred in the box
    BC_FIT_FILL, // stretched
};

enum bc_align {
    BC_ALIGN_LEFT,
    BC_ALIGN_CENTER,
    BC_ALIGN_RIGHT,
};

enum bc_effect {
    BC_EFFECT_NONE,
    BC_EFFECT_FADE,
    BC_EFFECT_SLIDE_LEFT, // it moves to the left, both when it comes and when it goes
    BC_EFFECT_SLIDE_RIGHT,
    BC_EFFECT_SLIDE_UP,
    BC_EFFECT_SLIDE_DOWN,
};

// How a layer comes or goes.
struct bc_motion {
    enum bc_effect effect;
    unsigned ms; // 0 exactly without an effect
};

// What is cut off each side of a picture before it is fitted; fractions of its size.
struct bc_crop {
    double left;
    double top;
    double right;
    double bottom;
};

// One layer. Texts that were not given are NULL.
struct bc_scene_layer {
    char id[BC_SCENE_ID_MAX + 1]; // unique in the scene
    enum bc_layer_type type;
    double x; // the box: fractions of the canvas, may lie partly outside
    double y;
    double w;
    double h;
    int z;
    double opacity; // 0 to 1
    struct bc_crop crop;
    enum bc_fit fit;
    double radius; // of the corners: fraction of the shorter side, 0 to 0.5
    double volume; // of a channel, 0 to 2
    bool duck; // others go down while this channel speaks
    bool cues; // this channel's cues are passed on; resolved, see bc_scene_parse_json()
    bool cues_given;
    double font_size; // fraction of the canvas' height; texts and clocks
    enum bc_align align; // of text in the box; texts and clocks
    uint32_t color; // 0xRRGGBBAA
    struct bc_motion enter;
    struct bc_motion leave;
    char *channel; // owned, as all below
    char *picture; // a file's path, or the id of an uploaded picture
    char *slate; // the same, for while the channel is away
    char *text;
    char *template; // a card's
    char *data; // a card's fields: the text of a JSON object
    char *format; // a clock's, of strftime()
    char *timezone; // a clock's, "Asia/Shanghai"
};

// The same picture once more, smaller.
struct bc_scene_rendition {
    unsigned width; // even, in the proportions of the scene
    unsigned height;
    unsigned video_kbps;
};

// Immutable and reference-counted; any thread. Layers are in the order of drawing, the
// lowest first; a preset is replaced by its layers.
struct bc_scene {
    unsigned width; // even
    unsigned height;
    unsigned fps;
    unsigned video_kbps;
    unsigned audio_kbps;
    uint32_t background; // 0xRRGGBBFF
    size_t n_renditions;
    struct bc_scene_rendition renditions[BC_SCENE_MAX_RENDITIONS]; // falling height
    // All channels that have to be at hand: those given as inputs first, then those of
    // layers, each once.
    size_t n_inputs;
    char *inputs[BC_SCENE_MAX_INPUTS]; // owned
    size_t n_layers;
    struct bc_scene_layer layers[BC_SCENE_MAX_LAYERS];
};

// What is wrong with a scene, with its place: "layers[2].w: must be from 0.001 to 3".
struct bc_scene_error {
    char text[240];
};

// NULL: `error` (may be NULL) says why. A layer that gives no `cues` passes them on when
// it is the first of a channel and no other layer says that it does.
struct bc_scene *
bc_scene_parse_json(const void *text, size_t len, struct bc_scene_error *error);

// YAML of the same shape; no anchors, aliases or tags.
struct bc_scene *
bc_scene_parse_yaml(const void *text, size_t len, struct bc_scene_error *error);

// YAML or JSON: which of them, the first byte tells.
struct bc_scene *
bc_scene_parse(const void *text, size_t len, struct bc_scene_error *error);

struct bc_scene *
bc_scene_ref(const struct bc_scene *scene);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_scene_unref(struct bc_scene **holder);

// The canonical text, the same for scenes that look the same: sorted keys, defaults left
// out, presets replaced by layers. Without a line feed. NULL without memory.
struct bc_buf *
bc_scene_to_json(const struct bc_scene *scene);

// Of the canonical text. False without memory.
bool
bc_scene_hash(const struct bc_scene *scene, char out[BC_SCENE_HASH_TEXT]);

// Whether the scene names files of this machine by their paths (not only uploaded pictures
// by their ids); `error` (may be NULL) then says where. For those scenes that come from
// people who may not choose files.
bool
bc_scene_names_files(const struct bc_scene *scene, struct bc_scene_error *error);

// Whether the cues of that input are cues of the scene's channel.
bool
bc_scene_passes_cues(const struct bc_scene *scene, const char *channel);

// Whether cues of the scene's channel are drawn into its picture.
bool
bc_scene_burns_cues(const struct bc_scene *scene);

// NULL when there is none of that id.
const struct bc_scene_layer *
bc_scene_find(const struct bc_scene *scene, const char *id);

// One of the presets; `inputs` are what it needs at least.
struct bc_scene_preset {
    const char *name;
    unsigned inputs;
    const char *text; // what it is, in a few words
};

// NULL ends them.
const struct bc_scene_preset *
bc_scene_preset(size_t index);

// A preset as a scene with default sizes; NULL as bc_scene_parse_json().
struct bc_scene *
bc_scene_from_preset(const char *preset, const char *const *inputs, size_t n_inputs,
    struct bc_scene_error *error);

#endif
