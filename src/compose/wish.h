// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_WISH_H
#define COMPOSE_WISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"
#include "mixer.h"
#include "scene/scene.h"

#define COMPOSE_CUES_MAX 64

struct bc_cue_view;

// A cue as its JSON tells it. Texts are owned.
struct compose_cue {
    char id[64];
    char kind[16];
    char channel[COMPOSE_INPUT_NAME];
    bool ended;
    bool burnt; // its input's picture has it already
    int64_t in_ms; // from when it was told until its moment; it may lie before
    int64_t duration_ms; // 0: until it is ended
    char *data; // a JSON object's text; may be NULL
};

void
compose_cue_finish(struct compose_cue *cue);

// From one JSON object; `clock_ms` is now on the clock of its "at_ms". False: it is none; nothing
// to finish then.
bool
compose_cue_parse(
    struct compose_cue *cue, const void *text, size_t len, int64_t clock_ms);

// What the server wants, as told by GET /api/v1/composers/{id}. Owned by who parsed it.
struct compose_wish {
    int64_t version;
    char name[COMPOSE_INPUT_NAME];
    char publish[COMPOSE_URL_MAX];
    struct {
        char name[COMPOSE_INPUT_NAME];
        char url[COMPOSE_URL_MAX];
    } inputs[COMPOSE_INPUTS_MAX];
    unsigned input_count;
    struct bc_scene *scene; // owned reference; NULL: none, or it cannot be understood
    struct bc_scene *preview;
    int64_t fade_ms; // the transition; 0: a cut
    bool want_preview;
    struct bc_cue_view *view; // owned; what the channel makes of its cues; NULL: nothing
    bool has_cues; // the channel's own are told of, those that run or begin soon
    struct compose_cue cues[COMPOSE_CUES_MAX];
    unsigned cue_count;
};

// NULL: it makes no sense, and `why` tells.
struct compose_wish *
compose_wish_parse(const void *text, size_t len, char *why, size_t why_size);

// NULL is fine.
void
compose_wish_drop(struct compose_wish *wish);

// The texts of a status, to be sent as JSON.
struct compose_status {
    int64_t version;
    unsigned fps;
    unsigned width;
    unsigned height;
    double decode_ms;
    double draw_ms;
    double encode_ms;
    double delay_ms;
    uint64_t late;
    const char *degraded;
    struct {
        const char *name;
        const char *state;
    } inputs[COMPOSE_INPUTS_MAX];
    unsigned input_count;
};

// To be freed; NULL without memory.
char *
compose_status_json(const struct compose_status *status);

// {"channel": NAME}, to be freed.
char *
compose_wanted_json(const char *channel);

// The id in the answer to that. False: there is none.
bool
compose_id_parse(const void *text, size_t len, char *out, size_t size);

#endif
