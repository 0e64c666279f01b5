// SPDX-License-Identifier: Apache-2.0
#ifndef LAST_REPLAY_H
#define LAST_REPLAY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "record/recording.h"

struct bc_control;
struct bc_http_exchange;

#define BC_REPLAY_MEMO_SLOTS 256

// The newest finished replay of a channel.
struct bc_last_replay {
    char id[BC_RECORDING_ID_MAX + 1]; // "": there is none
    int64_t ended_wall_us;
};

// What the catalogue said of the channels that were asked for last, for two seconds: after a
// broadcast all its viewers ask the same. Part of struct bc_control.
struct bc_replay_memo {
    pthread_mutex_t lock; // guards the rest
    struct {
        char channel[128];
        int64_t until_us;
        struct bc_last_replay last;
    } slots[BC_REPLAY_MEMO_SLOTS]; // by the name's hash
};

typedef void
bc_last_replay_then(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, const struct bc_last_replay *last);

// Calls `then`, perhaps later; not when the client has gone. Without recordings there is none.
void
bc_last_replay_get(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, bc_last_replay_then *then);

#endif
