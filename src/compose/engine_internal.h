// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_ENGINE_INTERNAL_H
#define COMPOSE_ENGINE_INTERNAL_H

#include <pthread.h>

#include "canvas.h"
#include "coder.h"
#include "engine.h"
#include "ffmpeg.h"
#include "mixer.h"
#include "sound_ring.h"
#include "tick.h"
#include "transmux/codec.h"
#include "view.h"

#define COMPOSE_CODERS_MAX BC_RENDITION_MAX
#define COMPOSE_FPS_FIRST 30 // until there is a scene

// An input's place; free when `input` is NULL.
struct compose_slot {
    struct compose_input *input; // owned
    int64_t unwanted_us; // since when; 0: it is wanted
    unsigned connections; // of it that were seen
};

struct compose_engine {
    struct compose_engine_params params;
    pthread_t thread;
    bool threaded; // it was started

    pthread_mutex_t lock; // guards what follows, up to the next blank line
    pthread_cond_t shown; // something to be shown
    bool stop;
    struct compose_slot slots[COMPOSE_INPUTS_MAX];
    struct compose_view now;
    struct compose_view was; // while it fades, or its layers go
    bool leaving[BC_SCENE_MAX_LAYERS]; // of `was`
    int64_t fade_us; // from `was` to `now`; 0: it is a cut
    struct compose_view preview;
    bool want_preview;
    int64_t preview_us; // when it was drawn last
    AVFrame *preview_frame; // owned; not taken yet
    struct compose_load load;
    uint64_t late;
    int64_t draw_cpu_us;
    struct compose_coder *coders[COMPOSE_CODERS_MAX]; // owned
    int64_t pictures;

    // The thread's own.
    struct compose_tick tick;
    struct compose_canvas canvas;
    struct compose_canvas second; // of what fades
    struct compose_mixer mixer;
    struct bc_audio_encoder *audio; // owned; NULL until there is a scene
    unsigned audio_kbps;
    int64_t sound_at; // samples of the timeline that are mixed
    int64_t second_us; // when this second of work began
    struct compose_second work;
    int64_t draw_wall_us; // in this second
    int64_t code_wall_us; // of the busiest coder up to this second
    bool key_wanted;
};

// --- engine_draw.c; the lock is held ---

// Takes what is due from the inputs.
unsigned
compose_engine_look_at_inputs(struct compose_engine *e, int64_t now_us,
    struct compose_seen seen[COMPOSE_INPUTS_MAX]);

// The picture of this turn, the caller's; NULL: none.
AVFrame *
compose_engine_draw(struct compose_engine *e, const struct compose_seen *seen,
    unsigned count, int64_t now_us);

void
compose_engine_draw_preview(struct compose_engine *e, const struct compose_seen *seen,
    unsigned count, int64_t now_us);

// --- engine_sound.c ---

// Mixes up to this turn and gives it to the outlet. The lock is held.
void
compose_engine_mix(struct compose_engine *e, const struct compose_turn *turn);

// --- engine_cues.c ---

// Cues of inputs that are due: into the job where the scene passes them on, and to
// on_cue. The lock is held.
void
compose_engine_cues(struct compose_engine *e, int64_t now_us, struct compose_job *job);

#endif
