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
        int64_t begin_us;
        int64_t until_us; // 0: until it is ended
        bool told; // by the server's list: one of the channel's own
    } cues[COMPOSE_CUES_MAX]; // by the time they came
    unsigned count;
};

void
compose_board_finish(struct compose_board *b);

// A cue of an input has begun, changed or ended. Takes over what it holds.
void
compose_board_note(struct compose_board *b, struct compose_cue *cue, int64_t now_us);

// The channel's own, all of them: what was told before and is not now has ended. Takes over
// what the cues hold.
void
compose_board_tell(
    struct compose_board *b, struct compose_cue *cues, unsigned count, int64_t now_us);

// The stream of this input begins anew: what it told is told again if it runs.
void
compose_board_forget(struct compose_board *b, const char *channel);

// When the next of them begins or ends by itself; INT64_MAX: none.
int64_t
compose_board_next_us(const struct compose_board *b, int64_t now_us);

// Whose card a layer is to show.
struct compose_ask {
    const char *channel; // the input's
    // That input's cues are the channel's: so are its own to be seen there, and its rules
    // count.
    bool own;
    const struct bc_cue_view *view; // borrowed; NULL: no rules
};

// The product or coupon that began last, as a copy with the channel's changes. False: there is
// none.
bool
compose_board_find(struct compose_board *b, const struct compose_ask *ask, int64_t now_us,
    struct compose_cue *out);

#endif
