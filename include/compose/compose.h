// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_COMPOSE_H
#define COMPOSE_COMPOSE_H

#include <stdatomic.h>

// A composer: plays its inputs, draws a scene, publishes the result; what to do, the
// server tells (docs/compose.md). A process of its own.

// All strings are borrowed for the whole run.
struct bc_compose_params {
    const char *server; // "http://host:port", without a slash at its end
    const char
        *composer; // the id that the server gave it; NULL: asks for one by the channel
    const char *channel;
    const char
        *cards; // a folder of card templates (cards.dir); NULL: those that come with it
    const char *token; // for the server's API; NULL: none
};

// Runs until the server says that it is not wanted any more, or `stop` is set (which it
// is in the end). 0; -1 when it could not start.
int
bc_compose_run(const struct bc_compose_params *params, atomic_bool *stop);

#endif
