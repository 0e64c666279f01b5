// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_LIVE_H
#define PICTURE_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "net/worker.h"
#include "picture/picture.h"
#include "transmux/hls.h"

// Above the longest name and its zero.
#define PICTURE_CHANNEL_MAX 352
// Widths that are made; a request gets the largest that is not wider than it wants.
#define PICTURE_RUNGS 6
#define PICTURE_LIVE_JOBS_MAX 256
#define PICTURE_LIVE_CACHE_MAX 512
#define PICTURE_LIVE_CACHE_BYTES (16 << 20)
#define PICTURE_LIVE_FRESH_US 1000000
#define PICTURE_LIVE_PATIENCE_US 5000000

// Which keyframe of a channel; two broadcasts never have the same.
struct picture_key {
    uint64_t msn;
    uint64_t number;
    int64_t wall_us;
};

// What is asked for.
struct picture_wish {
    const char *channel; // borrowed
    const struct bc_hls_part *part; // borrowed; the newest keyframe
    unsigned width;
    struct bc_worker *worker;
};

// Requests of one channel that wait for the same keyframe. Owned by the queue, from the first
// request until the picture is given out; the thread that decodes reads part, init and rungs
// while it is `running`.
struct picture_live_job {
    struct bc_list node;
    char channel[PICTURE_CHANNEL_MAX];
    struct picture_key key;
    struct bc_buf *part; // owned reference
    struct bc_buf *init; // owned reference
    unsigned rungs; // bits: widths that are wanted
    struct bc_list batches; // of waiters of one worker and width
    int64_t asked_us; // by the first
    bool running;
};

// The pictures of lives: who waits, and those made last. Part of struct bc_pictures, whose
// lock is held for all calls; no call decodes.
struct picture_live {
    pthread_mutex_t *lock; // borrowed; of the owner
    struct bc_list jobs; // oldest first
    size_t job_count;
    struct bc_list cache; // used longest ago first
    size_t cached;
    size_t cached_bytes;
};

void
picture_live_init(struct picture_live *live, pthread_mutex_t *lock);

// No request waits any more.
void
picture_live_finish(struct picture_live *live);

unsigned
picture_rung_width(size_t rung);

// Gives the cached picture or lets the request wait. False: without memory; then nobody calls
// the waiter.
bool
picture_live_ask(struct picture_live *live, const struct picture_wish *wish,
    struct bc_picture_waiter *waiter, int64_t now_us);

// Lets the waiter know that there is none. False as above.
bool
picture_live_refuse(struct picture_live *live, struct bc_worker *worker,
    struct bc_picture_waiter *waiter);

// The next job, marked as running, or NULL.
struct picture_live_job *
picture_live_begin(struct picture_live *live);

// Whether one waits that does not run.
bool
picture_live_waits(const struct picture_live *live);

// Gives the pictures out and frees the job. `jpegs` has one for each rung that was wanted, NULL
// where there is none; references are taken.
void
picture_live_end(struct picture_live *live, struct picture_live_job *job,
    struct bc_buf *const jpegs[PICTURE_RUNGS], int64_t now_us);

// Gives older pictures, or none, to who has waited too long. The time when the next has,
// INT64_MAX when nobody waits.
int64_t
picture_live_expire(struct picture_live *live, int64_t now_us);

#endif
