// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_ENGINE_H
#define COMPOSE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "load.h"
#include "look.h"
#include "outlet.h"
#include "wish.h"

struct AVFrame;

// The thread that ticks: takes what inputs have, draws, mixes, gives to coders and
// outlet. It waits for nobody. Owned by the composer.
struct compose_engine;

struct compose_engine_params {
    struct compose_outlet *outlet; // borrowed; outlives it
    // A cue of an input is due (its channel is the input's). On the engine's thread;
    // takes over what it holds.
    void (*on_cue)(void *user, struct compose_cue *cue);
    // A channel was connected to anew: it tells the cues that run once more.
    void (*on_forget)(void *user, const char *channel);
    // The reduction is another one now: looks of another size are wanted.
    void (*on_level)(void *user, enum compose_level level);
    void *user;
};

// NULL without memory or threads.
struct compose_engine *
compose_engine_create(const struct compose_engine_params *params);

// Ends its thread: nothing of `params` is called any more. NULL is fine.
void
compose_engine_halt(struct compose_engine *e);

void
compose_engine_destroy(struct compose_engine *e);

// --- the painter's thread ---

// Inputs that are there stay. Those that are not named go when `compose_engine_tidy` is
// called later.
void
compose_engine_inputs(struct compose_engine *e, const struct compose_wish *wish);

// Ends inputs that nobody has wanted for a while.
void
compose_engine_tidy(struct compose_engine *e, int64_t now_us);

// Shows this from the next tick on. Takes over the look.
void
compose_engine_show(struct compose_engine *e, struct compose_look *look, int64_t fade_ms);

// NULL: none. Takes over the look.
void
compose_engine_preview(struct compose_engine *e, struct compose_look *look, bool wanted);

// A layer of the look that is shown (by its serial; otherwise it is dropped) looks
// different now. Takes over the sprite.
void
compose_engine_sprite(
    struct compose_engine *e, int64_t serial, size_t layer, struct compose_sprite sprite);

// --- the reporter's thread ---

// Sums of what was done so far, and what is true now.
struct compose_report {
    unsigned fps;
    unsigned width;
    unsigned height;
    int64_t decode_us; // processor time
    int64_t draw_us;
    int64_t encode_us;
    int64_t delay_us;
    uint64_t late;
    enum compose_level level;
    unsigned input_count;
    struct {
        char name[COMPOSE_INPUT_NAME];
        enum compose_input_state state;
    } inputs[COMPOSE_INPUTS_MAX];
};

void
compose_engine_report(struct compose_engine *e, struct compose_report *out);

// The newest picture of the preview that was not taken yet; the caller's. NULL: none.
struct AVFrame *
compose_engine_take_preview(struct compose_engine *e);

#endif
