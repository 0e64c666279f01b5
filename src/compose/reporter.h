// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_REPORTER_H
#define COMPOSE_REPORTER_H

#include <stdatomic.h>

#include "engine.h"
#include "painter.h"

// The thread that tells the server how it goes, and shows it the preview. Owned by the
// composer.
struct compose_reporter;

struct compose_reporter_params {
    struct compose_engine *engine; // borrowed, as all here
    struct compose_painter *painter;
    const char *base;
    const char *token;
    const atomic_bool *stop;
};

// NULL without memory or threads.
struct compose_reporter *
compose_reporter_create(const struct compose_reporter_params *params);

// `stop` is set. NULL is fine.
void
compose_reporter_destroy(struct compose_reporter *r);

#endif
