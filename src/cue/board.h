// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_BOARD_H
#define CUE_BOARD_H

#include <pthread.h>

#include "base/list.h"
#include "base/log.h"
#include "base/table.h"
#include "rules.h"

// Names that something is said of: more are refused.
#define BOARDS_MAX 20000
// Cues that are remembered, those that are over included; the oldest of these go first.
#define BOARD_CUES_MAX 256

// One of a name's own cues. Owned by its board.
struct own {
    struct bc_cue *cue; // owned reference
    bool imported;      // came with the media; not kept
};

// One cue as the name has it. Owned by its board.
struct shown {
    struct bc_cue *source; // owned reference: what it was made of; NULL: it is gone
    struct bc_cue *cue;    // owned reference: what was told last
    bool inherited;
    bool seen; // during a refresh
};

// All about one channel name; made when something is said of it, forgotten when nothing is
// left. Owned by the server's cues, under their lock.
struct board {
    UT_hash_handle hh;
    struct bc_cues *cues; // borrowed
    // Borrowed: whose cues it inherits, and what that one's delay brings; NULL: nobody's.
    struct board *program;
    unsigned shown_by;    // boards whose program this is
    struct bc_list lanes;
    struct own *own; // owned
    size_t own_count;
    struct shown *shown; // owned
    size_t shown_count;
    struct rules by_sku; // kept
    struct rules by_id;  // of cues that are remembered
    char *products;      // owned; the canonical text of the list; NULL: none
    bool relayed;        // has what a delay brings of other channels
    bool burnt;          // its products and coupons are in its picture
    bool dirty;          // since it was written
    char name[BC_CHANNEL_NAME_MAX + 1];
};

struct bc_cues {
    struct bc_logger log;
    const struct bc_cues_ops *ops; // borrowed
    void *user;
    char *folder; // owned: DATA/cues
    int64_t opened_us;
    pthread_mutex_t lock; // guards all below, and the boards
    struct board *boards; // owned
    atomic_bool anchored; // times are on the media clock, which runs
    bool write_failed;
};

// Whoever looks at boards holds the lock. The first that comes after the media clock began
// moves all times onto it.
void
cues_lock(struct bc_cues *cues);

void
cues_unlock(struct bc_cues *cues);

// What is shown of a channel; where nothing is, or it stands still, the clocks.
struct cue_moment {
    int64_t clock_us;
    int64_t wall_us;
};

struct cue_moment
cues_shown_now(struct bc_cues *cues, const char *channel);

// Tells the media of the name in whose list it is; NULL is fine. Without the lock.
void
cues_tell_own(struct bc_cues *cues, const char *channel, const struct bc_cue *cue);

// Tells who draws them. Without the lock.
void
cues_tell_change(struct bc_cues *cues, const char *channel);

// Ids of the kind "c5f0a9d2e81b7344": told apart, not secret.
void
cues_make_id(const char *channel, const char *data, size_t len, int64_t at_us,
    char out[BC_CUE_ID_MAX + 1]);

// --- with the lock held ---

// The media clock; before it runs, the time since the start.
int64_t
cues_clock_us(const struct bc_cues *cues);

// NULL: there is none.
struct board *
board_find(struct bc_cues *cues, const char *name);

// NULL without memory, or with too many names.
struct board *
board_obtain(struct bc_cues *cues, const char *name);

void
board_free(struct board *board);

// NULL: there is none.
struct own *
board_own(const struct board *board, const char *id);

struct shown *
board_shown(const struct board *board, const char *id);

// Its program's cue of that id; NULL: there is none. One that the name hides is not shown, but
// may be again.
const struct own *
board_inherited(const struct board *board, const char *id);

// How many of its own count now.
size_t
board_counting(const struct board *board, int64_t clock_us);

// Adds one; takes the reference over, also when it fails. 0, -ENOSPC or -ENOMEM.
int
board_add(struct board *board, struct bc_cue *cue, bool imported);

// Replaces what it has; takes the reference over.
void
board_replace(struct own *own, struct bc_cue *cue);

// Drops those that came with media. False: there was none.
bool
board_forget_imported(struct board *board);

// Looks at what counts for the name now, and for those that show it, and tells the lanes
// what has changed.
void
board_changed(struct board *board);

// The same for this name alone.
void
board_refresh(struct board *board);

// Forgets what is over for long. True: nothing is left of the board.
bool
board_sweep(struct board *board, int64_t clock_us);

void
board_set_program(struct board *board, struct board *program);

// --- lane.c, with the lock held ---

// Tells the name's lanes. Without memory it is not heard of there.
void
lanes_tell(struct board *board, const struct bc_cue *cue);

#endif
