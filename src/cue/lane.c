// SPDX-License-Identifier: Apache-2.0
// A name's cues as one worker knows them.
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "net/worker.h"

#define GROW 8

// Counted references to cues. Owned by whose it is.
struct cue_array {
    struct bc_cue **items;
    size_t count;
    size_t cap;
};

// See cue/cue.h. Freed with its last reference, on its worker.
struct bc_cue_lane {
    struct bc_list node;      // the board's; under the cues' lock, as the next five
    struct bc_cues *cues;     // borrowed
    struct board *board;      // borrowed: it stays while it has lanes
    unsigned refs;
    struct cue_array pending; // to be told
    bool posted;              // which holds a reference
    struct bc_worker *worker; // borrowed
    struct bc_task task;
    // The worker's alone.
    struct cue_array list; // by their times
    struct bc_list watches;
    uint64_t version;
};

// Makes room for one more at `at`. False without memory.
static bool
insert(struct cue_array *a, size_t at, const struct bc_cue *cue)
{
    if (a->count == a->cap) {
        struct bc_cue **more = realloc(a->items, (a->cap + GROW) * sizeof(*a->items));
        if (!more) {
            return false;
        }
        a->items = more;
        a->cap += GROW;
    }
    memmove(&a->items[at + 1], &a->items[at], (a->count - at) * sizeof(*a->items));
    a->items[at] = bc_cue_ref(cue);
    a->count++;
    return true;
}

static void
remove_at(struct cue_array *a, size_t at)
{
    bc_cue_unref(&a->items[at]);
    a->count--;
    memmove(&a->items[at], &a->items[at + 1], (a->count - at) * sizeof(*a->items));
}

static void
finish(struct cue_array *a)
{
    while (a->count > 0) {
        remove_at(a, a->count - 1);
    }
    free(a->items);
    *a = (struct cue_array){ 0 };
}

// A new cue, or a known one as it is now.
static void
apply(struct cue_array *list, const struct bc_cue *cue)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->id, cue->id) == 0) {
            remove_at(list, i);
            break;
        }
    }
    size_t at = list->count;
    while (at > 0 && list->items[at - 1]->at_us > cue->at_us) {
        at--;
    }
    insert(list, at, cue);
}

static void
forget_old(struct bc_cue_lane *lane)
{
    int64_t clock_us = cues_clock_us(lane->cues);
    for (size_t i = lane->list.count; i > 0; i--) {
        int64_t end_us = bc_cue_end_us(lane->list.items[i - 1]);
        if (end_us != INT64_MAX && end_us + BC_CUE_KEPT_US < clock_us) {
            remove_at(&lane->list, i - 1);
        }
    }
}

static void
release(struct bc_cue_lane *lane)
{
    struct bc_cues *cues = lane->cues;
    pthread_mutex_lock(&cues->lock);
    bool last = --lane->refs == 0;
    if (last) {
        bc_list_remove(&lane->node);
    }
    pthread_mutex_unlock(&cues->lock);
    if (last) {
        finish(&lane->pending);
        finish(&lane->list);
        free(lane);
    }
}

static void
tell_watches(struct bc_cue_lane *lane, const struct bc_cue *cue)
{
    struct bc_list told;
    bc_list_init(&told);
    bc_list_splice(&told, &lane->watches);
    while (!bc_list_empty(&told)) {
        struct bc_cue_watch *watch
            = bc_container_of(told.next, struct bc_cue_watch, node);
        bc_list_remove(&watch->node);
        bc_list_append(&lane->watches, &watch->node);
        watch->on_cue(watch, cue);
    }
}

static void
run(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_cue_lane *lane = bc_container_of(task, struct bc_cue_lane, task);
    pthread_mutex_lock(&lane->cues->lock);
    struct cue_array news = lane->pending;
    lane->pending = (struct cue_array){ 0 };
    lane->posted = false;
    pthread_mutex_unlock(&lane->cues->lock);
    for (size_t i = 0; i < news.count; i++) {
        apply(&lane->list, news.items[i]);
        lane->version++;
        tell_watches(lane, news.items[i]);
    }
    finish(&news);
    forget_old(lane);
    release(lane);
}

void
lanes_tell(struct board *board, const struct bc_cue *cue)
{
    bc_list_for_each(node, tmp, &board->lanes)
    {
        struct bc_cue_lane *lane = bc_container_of(node, struct bc_cue_lane, node);
        if (!insert(&lane->pending, lane->pending.count, cue)) {
            bc_error(&board->cues->log, "%s: no memory to tell of a cue", board->name);
        } else if (!lane->posted) {
            lane->posted = true;
            lane->refs++;
            bc_worker_post(lane->worker, &lane->task);
        }
    }
}

// With the lock held. NULL without memory.
static struct bc_cue_lane *
make(struct bc_cues *cues, struct bc_worker *worker, const char *channel)
{
    struct board *board = board_obtain(cues, channel);
    struct bc_cue_lane *lane = board ? calloc(1, sizeof(*lane)) : NULL;
    if (!lane) {
        return NULL;
    }
    lane->cues = cues;
    lane->board = board;
    lane->worker = worker;
    lane->task.run = run;
    bc_list_init(&lane->task.node);
    bc_list_init(&lane->watches);
    for (size_t i = 0; i < board->shown_count; i++) {
        apply(&lane->list, board->shown[i].cue);
    }
    bc_list_append(&board->lanes, &lane->node);
    return lane;
}

// With the lock held. NULL: there is none.
static struct bc_cue_lane *
find(struct bc_cues *cues, struct bc_worker *worker, const char *channel)
{
    struct board *board = board_find(cues, channel);
    if (!board) {
        return NULL;
    }
    bc_list_for_each(node, tmp, &board->lanes)
    {
        struct bc_cue_lane *lane = bc_container_of(node, struct bc_cue_lane, node);
        if (lane->worker == worker) {
            return lane;
        }
    }
    return NULL;
}

struct bc_cue_lane *
bc_cue_lane_open(struct bc_cues *cues, struct bc_worker *worker, const char *channel)
{
    pthread_mutex_lock(&cues->lock);
    struct bc_cue_lane *lane = find(cues, worker, channel);
    lane = lane ? lane : make(cues, worker, channel);
    if (lane) {
        lane->refs++;
    }
    pthread_mutex_unlock(&cues->lock);
    return lane;
}

void
bc_cue_lane_close(struct bc_cue_lane **holder)
{
    struct bc_cue_lane *lane = *holder;
    *holder = NULL;
    if (lane) {
        release(lane);
    }
}

void
bc_cue_lane_watch(struct bc_cue_lane *lane, struct bc_cue_watch *watch)
{
    bc_list_init(&watch->node);
    bc_list_append(&lane->watches, &watch->node);
}

void
bc_cue_lane_unwatch(struct bc_cue_watch *watch)
{
    bc_list_remove(&watch->node);
}

void
bc_cue_lane_each(const struct bc_cue_lane *lane,
    void (*each)(void *user, const struct bc_cue *cue), void *user)
{
    int64_t clock_us = cues_clock_us(lane->cues);
    for (size_t i = 0; i < lane->list.count; i++) {
        if (bc_cue_counts(lane->list.items[i], clock_us)) {
            each(user, lane->list.items[i]);
        }
    }
}

void
bc_cue_lane_each_recent(const struct bc_cue_lane *lane,
    void (*each)(void *user, const struct bc_cue *cue), void *user)
{
    for (size_t i = 0; i < lane->list.count; i++) {
        each(user, lane->list.items[i]);
    }
}

uint64_t
bc_cue_lane_version(const struct bc_cue_lane *lane)
{
    return lane->version;
}
