// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_SLATES_H
#define SLATE_SLATES_H

#include "base/log.h"
#include "countdown.h"
#include "loop.h"
#include "net/timer.h"
#include "net/worker.h"
#include "prepare.h"
#include "slate/slate.h"
#include "stream/take.h"
#include "thread.h"

#define SLATE_ERROR 160
#define SLATE_NAME 32

// What plays an entry on its worker. That worker's thread only.
struct slate_player {
    struct bc_take *take; // borrowed from the entry; NULL: not accepted
    struct slate_loop loop;
    bool playing;  // `loop` is in use
    int64_t base_us; // bc_clock_us() at the loop's time 0
    int64_t asked;   // the last number of the countdown that was asked for; 0: none
    struct bc_timer tick;
    struct bc_timer linger;
};

// One slate in one format, with one countdown or none: known from the first wish until
// nobody has had it for minutes. In the list of the slates, whose lock guards it but for
// what says otherwise.
struct slate_entry {
    struct bc_list node;
    struct bc_slates *slates; // borrowed
    // What it is; never changes.
    enum slate_kind kind;
    char *path; // owned; NULL of a plain one
    struct slate_format format;
    int64_t to_wall_us; // 0: no countdown
    char name[SLATE_NAME]; // of the hidden channel

    unsigned users;
    unsigned busy; // messages and jobs under way, each of which needs it
    int64_t used_us;    // when the last user left
    int64_t checked_us; // when its file was last looked at
    struct bc_worker *worker; // borrowed; where it plays
    struct bc_take *take;     // owned; used by the worker
    bool synced;              // sync_task is on its way
    bool preparing;           // so are these jobs
    bool filming;
    bool counting;
    struct slate_media *media; // owned reference; the newest; NULL: none yet
    bool is_news;              // the worker has not seen it
    char error[SLATE_ERROR];   // "": all is well
    int64_t key_wanted; // seconds
    struct bc_buf *key; // owned reference; made for `key_wanted`, on its way to the worker

    struct bc_task sync_task;
    struct slate_job prepare_job;
    struct slate_job movie_job;
    struct slate_job key_job;

    // The quick thread's.
    struct slate_file_mark mark; // of what was prepared
    bool is_prepared;
    struct slate_countdown countdown;
    bool can_count;

    struct slate_player player;
};

struct bc_slates {
    struct bc_hub *hub; // borrowed
    struct bc_logger log;
    pthread_mutex_t lock; // guards the next and what is in it
    struct bc_list entries;
    unsigned count;
    uint64_t last_id;
    bool stopping;
    struct slate_thread quick; // pictures, countdowns
    struct slate_thread slow;  // whole videos
};

// --- slates.c ---

// Has the worker look at the entry. Lock held.
void
slate_entry_sync(struct slate_entry *e);

// A message or a job is through.
void
slate_entry_done(struct slate_entry *e);

// --- work.c: on the threads ---

void
slate_work_init(struct slate_entry *e);

// Makes it ready, or ready again when its file has changed. Lock held.
void
slate_work_prepare(struct slate_entry *e);

// Makes the countdown's picture of these seconds. Lock held.
void
slate_work_count(struct slate_entry *e, int64_t seconds);

// The threads have ended.
void
slate_work_finish(struct slate_entry *e);

// --- player.c: on the worker ---

extern const struct bc_take_ops SLATE_TAKE_OPS;

void
slate_player_init(struct slate_entry *e);

// Users came or went, or there is something new to show.
void
slate_player_sync(struct slate_entry *e);

// On the worker, or when it has ended.
void
slate_player_finish(struct slate_entry *e);

#endif
