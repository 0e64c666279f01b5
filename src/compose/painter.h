// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_PAINTER_H
#define COMPOSE_PAINTER_H

#include <stdatomic.h>

#include "engine.h"
#include "load.h"
#include "wish.h"

// The thread that makes what the server wants ready to be shown: inputs, painted layers,
// and those that change by themselves (clocks, cues). Owned by the composer.
struct compose_painter;

struct compose_painter_params {
    struct compose_engine *engine; // borrowed; outlives it
    const char *base; // borrowed: "http://server/api/v1/composers/ID"
    const char *token; // borrowed; NULL: none
    const char *cards; // borrowed; a folder of templates; NULL: none
    const atomic_bool *stop; // borrowed
};

// NULL without memory or threads.
struct compose_painter *
compose_painter_create(const struct compose_painter_params *params);

// `stop` is set. NULL is fine.
void
compose_painter_destroy(struct compose_painter *p);

// --- any thread ---

// Takes over the wish; one that was not looked at yet is left out.
void
compose_painter_want(struct compose_painter *p, struct compose_wish *wish);

// Takes over what the cue holds.
void
compose_painter_cue(struct compose_painter *p, struct compose_cue *cue);

// What the stream of this channel told has ended, unless it is told again.
void
compose_painter_forget(struct compose_painter *p, const char *channel);

void
compose_painter_level(struct compose_painter *p, enum compose_level level);

// The version that is shown.
int64_t
compose_painter_version(struct compose_painter *p);

#endif
