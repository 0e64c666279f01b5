// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_CODER_H
#define COMPOSE_CODER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct AVFrame;
struct compose_outlet;

#define COMPOSE_JOB_SCRIPTS 8

// What one rendition is encoded as.
struct compose_coding {
    int width;
    int height;
    int fps;
    int64_t bits_per_second;
};

// One picture on its way.
struct compose_job {
    struct AVFrame *picture; // owned reference; NULL: none
    int64_t media_us;
    bool key;
    struct compose_coding coding;
    struct bc_buf *scripts[COMPOSE_JOB_SCRIPTS]; // owned; sent right before the picture
    unsigned script_count;
};

// Scales and encodes one rendition on a thread of its own, and gives it to the outlet.
// Owned by the engine.
struct compose_coder;

// NULL without memory or threads.
struct compose_coder *
compose_coder_create(unsigned rendition, struct compose_outlet *outlet);

// NULL is fine.
void
compose_coder_destroy(struct compose_coder *c);

// Takes over what the job holds. False: it has too much to do, and the picture is left
// out (its scripts come with the next one). The engine's thread.
bool
compose_coder_push(struct compose_coder *c, struct compose_job *job);

// Processor and wall-clock time spent so far.
void
compose_coder_times(struct compose_coder *c, int64_t *cpu_us, int64_t *wall_us);

#endif
