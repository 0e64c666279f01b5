// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "engine_internal.h"

#define CHUNK 2400 // samples that are mixed at once: 50 ms
// A process that stood still for longer leaves the time out.
#define JUMP_SAMPLES COMPOSE_RATE

static int64_t
samples_of(int64_t us)
{
    return us * (COMPOSE_RATE / 1000) / 1000;
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct compose_engine *e = user;
    compose_outlet_send(e->params.outlet, packet);
}

// What the scene wants of each input.
static void
set_volumes(struct compose_engine *e)
{
    const struct bc_scene *scene = e->now.look->scene;
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_volume v = { 0, false };
        const char *name = e->slots[i].input ? compose_input_name(e->slots[i].input) : "";
        for (size_t k = 0; k < scene->n_layers; k++) {
            const struct bc_scene_layer *l = &scene->layers[k];
            if (l->type == BC_LAYER_CHANNEL && l->channel
                && strcmp(l->channel, name) == 0) {
                v.gain = (float)l->volume > v.gain ? (float)l->volume : v.gain;
                v.duck |= l->duck;
            }
        }
        e->mixer.inputs[i].wanted = v;
    }
}

static void
mix_chunk(struct compose_engine *e, int64_t end_us, int count)
{
    float samples[COMPOSE_INPUTS_MAX][CHUNK * 2];
    float out[CHUNK * 2];
    const float *inputs[COMPOSE_INPUTS_MAX] = { NULL };
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_input *input = e->slots[i].input;
        bool heard = e->mixer.inputs[i].wanted.gain > 0 || e->mixer.inputs[i].gain > 0;
        if (input && heard && compose_input_sound(input, end_us, samples[i], count)) {
            inputs[i] = samples[i];
        }
    }
    compose_mixer_run(&e->mixer, inputs, out, count);
    (void)bc_audio_encoder_write(e->audio, out, count);
}

static bool
open_encoder(struct compose_engine *e)
{
    unsigned kbps = e->now.look->scene->audio_kbps;
    if (e->audio && e->audio_kbps == kbps) {
        return true;
    }
    struct bc_encoder_sink sink = { on_packet, e };
    bc_audio_encoder_destroy(e->audio);
    e->audio = bc_audio_encoder_create((int64_t)kbps * 1000, &sink);
    e->audio_kbps = kbps;
    return e->audio
        && bc_audio_encoder_jump(e->audio, e->sound_at * 1000 / (COMPOSE_RATE / 1000))
        == 0;
}

void
compose_engine_mix(struct compose_engine *e, const struct compose_turn *turn)
{
    int64_t end = samples_of(turn->media_us);
    if (!open_encoder(e)) {
        return;
    }
    if (end - e->sound_at > JUMP_SAMPLES) {
        e->sound_at = end - CHUNK;
        (void)bc_audio_encoder_jump(e->audio, e->sound_at * 1000 / (COMPOSE_RATE / 1000));
    }
    set_volumes(e);
    while (e->sound_at < end) {
        int count = end - e->sound_at < CHUNK ? (int)(end - e->sound_at) : CHUNK;
        int64_t left_us = (end - e->sound_at - count) * 1000 / (COMPOSE_RATE / 1000);
        mix_chunk(e, turn->clock_us - left_us, count);
        e->sound_at += count;
    }
}
