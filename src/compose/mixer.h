// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_MIXER_H
#define COMPOSE_MIXER_H

#include <stdbool.h>

// Twice what a scene may have: those of the last one go on while it fades.
#define COMPOSE_INPUTS_MAX 16

// What a scene wants of one input's sound.
struct compose_volume {
    float gain;
    bool duck; // the others go down while this one speaks
};

// Stereo at 48 kHz: gains that move without clicks, others that go down while one speaks,
// and a limiter. Pure. Part of the engine; its thread only.
struct compose_mixer {
    struct {
        struct compose_volume wanted;
        float gain;
        float level; // how loud it is: an envelope
        int speaks; // samples for which it counts as speaking
    } inputs[COMPOSE_INPUTS_MAX];
    float ducked; // 1: not
    float limited; // 1: not
};

void
compose_mixer_init(struct compose_mixer *m);

// NULL as an input: silence. `out`: interleaved.
void
compose_mixer_run(struct compose_mixer *m, const float *const inputs[COMPOSE_INPUTS_MAX],
    float *out, int count);

#endif
