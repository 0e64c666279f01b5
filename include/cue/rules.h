// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_RULES_H
#define CUE_RULES_H

#include "cue/cue.h"

// What is kept of a name besides its cues: rules by product for what it inherits, and its
// prepared cues. Bodies and answers are JSON; see docs/cues.md.

#define BC_CUE_PRODUCTS_MAX 200

// NULL on success; else what is wrong with the body, a literal text. Any thread, all.
const char *
bc_cues_set_rules(struct bc_cues *cues, const char *channel, const char *body, size_t len);

// {"rules":[…]}; NULL without memory.
char *
bc_cues_rules(struct bc_cues *cues, const char *channel);

const char *
bc_cues_set_products(
    struct bc_cues *cues, const char *channel, const char *body, size_t len);

// {"products":[…]}; NULL without memory.
char *
bc_cues_products(struct bc_cues *cues, const char *channel);

// A cue as a body of POST …/cues wishes it. Owned by the caller.
struct bc_cue_body {
    struct bc_cue_wish wish; // its texts live as long as the body
    char id[BC_CUE_ID_MAX + 1];
    char *data; // owned
};

// NULL on success; else what is wrong, a literal text. `cues` is where a {"product": …} of
// the name is found; NULL: there are none.
const char *
bc_cue_body_read(struct bc_cues *cues, const char *channel, const char *body, size_t len,
    struct bc_cue_body *out);

void
bc_cue_body_finish(struct bc_cue_body *body);

// The body of a change. NULL on success, and `data` to be freed, which the change borrows.
const char *
bc_cue_change_read(
    const char *body, size_t len, struct bc_cue_change *out, char **data);

#endif
