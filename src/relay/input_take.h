// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_TAKE_H
#define RELAY_INPUT_TAKE_H

#include <stdbool.h>

#include "stream/take.h"

#define RELAY_TAKE_PENDING 256

// An input's packets on their way into a take, which takes a message to be accepted.
// Embedded in who feeds it; its worker's thread. Zeroed it is closed.
struct relay_take {
    struct bc_take *take; // owned; NULL while closed
    bool accepted;
    struct bc_packet *pending[RELAY_TAKE_PENDING]; // owned; until it is accepted
    unsigned pending_count;
    // The take is over; relay_take_close() is still due.
    void (*on_lost)(void *user, const char *reason);
    void *user;
};

// `params` without ops and user. False without memory or room for another channel.
bool
relay_take_open(struct relay_take *t, const struct bc_take_params *params);

// Takes over the reference. One without payload announces its track.
void
relay_take_push(struct relay_take *t, struct bc_packet *packet);

void
relay_take_flush(struct relay_take *t);

// Harmless when it is closed.
void
relay_take_close(struct relay_take *t, bool clean, const char *reason);

#endif
