// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_INPUT_H
#define COMPOSE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct AVFrame;

#define COMPOSE_INPUT_NAME 128
#define COMPOSE_URL_MAX 2048

// A channel that is played: a thread that reads HTTP-FLV, decodes, and keeps a little of
// it until it is due. Tries again whatever happens. Owned by the engine.
struct compose_input;

enum compose_input_state {
    COMPOSE_INPUT_AWAY, // not connected
    COMPOSE_INPUT_STALLED, // no new picture for a while
    COMPOSE_INPUT_LIVE,
};

// NULL without memory or threads.
struct compose_input *
compose_input_create(const char *name, const char *url);

// Its thread will end soon. NULL is fine.
void
compose_input_stop(struct compose_input *input);

// Waits for its thread. NULL is fine.
void
compose_input_destroy(struct compose_input *input);

const char *
compose_input_name(const struct compose_input *input);

// Where it is to be read from with the next connection (its token may have changed).
void
compose_input_set_url(struct compose_input *input, const char *url);

// --- what is due; the engine's thread only ---

// The newest picture that is due (YUV 4:2:0, upright), borrowed until the next call;
// NULL: there was none yet. `*serial` changes with it.
const struct AVFrame *
compose_input_picture(struct compose_input *input, int64_t now_us, uint64_t *serial);

// How long the picture has stood since it should have been replaced.
int64_t
compose_input_still_us(const struct compose_input *input, int64_t now_us);

// `count` samples, interleaved stereo at 48 kHz, which end at `now_us`. False: silence.
bool
compose_input_sound(struct compose_input *input, int64_t now_us, float *out, int count);

// The next script message (an onCuePoint) that is due, whose reference is the caller's;
// NULL: none.
struct bc_buf *
compose_input_script(struct compose_input *input, int64_t now_us);

// How often it was connected: what ended in between was not told.
unsigned
compose_input_connections(struct compose_input *input);

// --- any thread ---

enum compose_input_state
compose_input_state(struct compose_input *input, int64_t now_us);

// Processor time of its thread so far.
int64_t
compose_input_cpu_us(struct compose_input *input);

// From a picture's arrival to when it is due.
int64_t
compose_input_delay_us(struct compose_input *input);

#endif
