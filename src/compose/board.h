// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_BOARD_H
#define COMPOSE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wish.h"

// The cues that run, as far as layers of cues may need them. Pure; part of the painter,
// whose lock guards it.
struct compose_board {
    struct {
        struct compose_cue cue;
        int64_t until_us; // 0: until it is ended
        bool told; // by the server's list, not (only) by the stream
    } cues[COMPOSE_CUES_MAX]; // by the time they came
    unsigned count;
};

void
compose_board_finish(struct compose_board *b);

// A cue has begun, changed or ended. Takes over what it holds.
void
compose_board_note(
    struct compose_board *b, struct compose_cue *cue, bool told, int64_t now_us);

// The server's whole list: what it told before and does not name now has ended. Takes
// over what the cues hold.
void
compose_board_tell(
    struct compose_board *b, struct compose_cue *cues, unsigned count, int64_t now_us);

// The stream of this channel begins anew: what only it told is told again if it runs.
void
compose_board_forget(struct compose_board *b, const char *channel);

// The newest product or coupon of a channel; NULL: none. Until the next change.
const struct compose_cue *
compose_board_find(struct compose_board *b, const char *channel, int64_t now_us);

#endif
