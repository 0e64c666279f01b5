// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_VALUES_H
#define CUE_VALUES_H

#include "cue/cue.h"

// What a cue is made of. Texts are borrowed for the call.
struct cue_values {
    const char *id;
    enum bc_cue_kind kind;
    const char *channel;
    const char *card_of; // the name under which its card is found; NULL: the channel's
    uint32_t revision;
    bool ended;
    int64_t at_us;
    int64_t at_wall_us;
    int64_t duration_us;
    const char *data;
    size_t data_len;
};

// NULL without memory.
struct bc_cue *
cue_create(const struct cue_values *values);

// Its values, for one that differs in some; they live as long as the cue.
struct cue_values
cue_values_of(const struct bc_cue *cue);

#endif
