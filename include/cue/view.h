// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_VIEW_H
#define CUE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "cue/cue.h"

// What a name makes of the cues that it inherits, for who draws them into its picture: rules
// and its own cues as one text, so that names with the same text see the same.

// {"rules":[…],"cue_rules":[…],"cues":[{"id","kind","at_ms","duration_ms","data"}]}; of its own
// cues those that are drawn as cards and run or begin soon. NULL: it changes nothing and has
// none (or there is no memory). Any thread.
struct bc_buf *
bc_cues_view(struct bc_cues *cues, const char *channel);

// Products and coupons of the name are in its picture from now on, or are not any more: viewers
// are told by a member "burnt" of their data. Any thread.
void
bc_cues_set_burnt(struct bc_cues *cues, const char *channel, bool burnt);

// Whether the data of a cue says that it is in the picture already.
bool
bc_cue_data_is_burnt(const char *data, size_t len);

// The rules of such a text. Owned by who read it; one thread at a time.
struct bc_cue_view;

// NULL: it is none, or there is no memory.
struct bc_cue_view *
bc_cue_view_read(const char *text, size_t len);

// NULL is fine.
void
bc_cue_view_free(struct bc_cue_view *view);

// False: the name hides the cue. `out` is its data with the name's changes, to be freed; NULL:
// it is as it was. A NULL view changes nothing.
bool
bc_cue_view_apply(const struct bc_cue_view *view, const char *id, const char *data,
    size_t len, char **out);

#endif
