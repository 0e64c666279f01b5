// SPDX-License-Identifier: Apache-2.0
// All slates: who wants which, and what is kept for how long.
#include "slates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config/settings.h"
#include "stream/hub.h"

#define ENTRIES_MAX 128
#define PLAIN_MAX 32 // further ones, without a file
#define COUNTDOWNS_MAX 32
#define BYTES_MAX ((size_t)256 << 20)
#define KEEP_UNUSED_US (180 * INT64_C(1000000))
#define LOOK_AGAIN_US (10 * INT64_C(1000000))
#define QUICK_NICE 2
#define SLOW_NICE 15
#define CREDENTIAL 1 // nobody else publishes to a hidden channel

// --- entries; lock held ---

static bool
is_used(const struct slate_entry *e)
{
    return e->users > 0 || e->take || e->busy > 0;
}

static void
free_entry(struct slate_entry *e)
{
    bc_list_remove(&e->node);
    e->slates->count--;
    slate_work_finish(e);
    free(e->path);
    free(e);
}

void
slate_entry_sync(struct slate_entry *e)
{
    if (!e->synced && e->worker && !e->slates->stopping) {
        e->synced = true;
        e->busy++;
        bc_worker_post(e->worker, &e->sync_task);
    }
}

void
slate_entry_done(struct slate_entry *e)
{
    pthread_mutex_lock(&e->slates->lock);
    e->busy--;
    pthread_mutex_unlock(&e->slates->lock);
}

static void
run_sync(struct bc_task *task, struct bc_worker *worker)
{
    struct slate_entry *e = bc_container_of(task, struct slate_entry, sync_task);
    pthread_mutex_lock(&e->slates->lock);
    e->synced = false;
    bool here = e->worker == worker && !e->slates->stopping;
    if (!here) {
        slate_entry_sync(e); // it has moved
    }
    pthread_mutex_unlock(&e->slates->lock);
    if (here) {
        slate_player_sync(e);
    }
    slate_entry_done(e);
}

// What a wish comes to.
struct want {
    enum slate_kind kind;
    const char *path;
    struct slate_format format;
    int64_t to_wall_us;
};

static void
read_wish(const struct bc_slate_wish *wish, struct want *out)
{
    const struct bc_config_source *source = wish->source;
    bool image = source && source->kind == BC_SOURCE_SLATE_IMAGE;
    bool file = source && source->kind == BC_SOURCE_SLATE_FILE;
    out->kind = image ? SLATE_IMAGE : file ? SLATE_FILE : SLATE_PLAIN;
    out->path = image || file ? source->value : NULL;
    slate_format_like(&out->format, wish->video, wish->audio);
    out->to_wall_us = wish->countdown_to_wall_us > bc_clock_wall_us()
        ? wish->countdown_to_wall_us
        : 0;
}

static bool
is_file_of(const struct slate_entry *e, const struct want *w)
{
    return e->kind == w->kind && (!w->path || strcmp(e->path, w->path) == 0);
}

static struct slate_entry *
find(struct bc_slates *s, const struct want *w)
{
    bc_list_for_each(node, tmp, &s->entries)
    {
        struct slate_entry *e = bc_container_of(node, struct slate_entry, node);
        if (is_file_of(e, w) && slate_format_equal(&e->format, &w->format)
            && e->to_wall_us == w->to_wall_us) {
            return e;
        }
    }
    return NULL;
}

static struct slate_entry *
make_entry(struct bc_slates *s, const struct want *w)
{
    struct slate_entry *e = calloc(1, sizeof(*e));
    if (!e) {
        return NULL;
    }
    e->path = w->path ? strdup(w->path) : NULL;
    if (w->path && !e->path) {
        free(e);
        return NULL;
    }
    e->slates = s;
    e->kind = w->kind;
    e->format = w->format;
    e->to_wall_us = w->to_wall_us;
    snprintf(e->name, sizeof(e->name), BC_CHANNEL_SLATE "%" PRIu64, ++s->last_id);
    bc_list_init(&e->sync_task.node);
    e->sync_task.run = run_sync;
    slate_work_init(e);
    bc_list_append(&s->entries, &e->node);
    s->count++;
    return e;
}

// --- how many ---

// The one that was unused for longest; NULL: all are in use.
static struct slate_entry *
oldest_unused(struct bc_slates *s)
{
    struct slate_entry *oldest = NULL;
    bc_list_for_each(node, tmp, &s->entries)
    {
        struct slate_entry *e = bc_container_of(node, struct slate_entry, node);
        if (!is_used(e) && (!oldest || e->used_us < oldest->used_us)) {
            oldest = e;
        }
    }
    return oldest;
}

static unsigned
countdowns(const struct bc_slates *s)
{
    unsigned n = 0;
    bc_list_for_each(node, tmp, &s->entries)
    {
        n += bc_container_of(node, struct slate_entry, node)->to_wall_us > 0;
    }
    return n;
}

// So that no channel is left without where there are too many others.
static struct slate_entry *
find_or_make_plain(struct bc_slates *s, const struct want *w)
{
    struct want plain = { .kind = SLATE_PLAIN, .format = w->format };
    struct slate_entry *e = find(s, &plain);
    bc_warn(&s->log, "a plain picture is shown instead of %.200s: %d slates are in use",
        w->path ? w->path : "a countdown", ENTRIES_MAX);
    if (!e && s->count >= ENTRIES_MAX + PLAIN_MAX) {
        bc_error(&s->log, "no slate: too many are in use");
        return NULL;
    }
    return e ? e : make_entry(s, &plain);
}

static struct slate_entry *
find_or_make(struct bc_slates *s, struct want *w)
{
    struct slate_entry *e = find(s, w);
    if (!e && w->to_wall_us > 0 && countdowns(s) >= COUNTDOWNS_MAX) {
        bc_warn(&s->log, "no countdown: there are %d", COUNTDOWNS_MAX);
        w->to_wall_us = 0;
        e = find(s, w);
    }
    if (e) {
        return e;
    }
    struct slate_entry *oldest = s->count >= ENTRIES_MAX ? oldest_unused(s) : NULL;
    if (oldest) {
        free_entry(oldest);
    }
    return s->count < ENTRIES_MAX ? make_entry(s, w) : find_or_make_plain(s, w);
}

// --- the hidden channel; lock held ---

static bool
open_take(struct slate_entry *e, struct bc_worker *worker)
{
    struct bc_channel *known = bc_hub_find(e->slates->hub, e->name);
    if (!known && e->worker != worker) {
        // Its channel, when there is one, has its home where it was made.
        e->worker = worker;
        slate_player_init(e);
    }
    bc_channel_unref(&known);
    struct bc_take_params params = { .hub = e->slates->hub, .worker = e->worker,
        .channel = e->name, .credential = CREDENTIAL, .protocol = "slate",
        .peer = e->path ? e->path : "", .peer_ip = "", .encoder = "",
        .ops = &SLATE_TAKE_OPS, .user = e };
    e->take = bc_take_open(&params);
    return e->take != NULL;
}

static struct bc_channel *
open_entry(struct slate_entry *e, struct bc_worker *worker)
{
    if (!e->take && !open_take(e, worker)) {
        bc_error(&e->slates->log, "no slate: no channel or no memory");
        return NULL;
    }
    struct bc_channel *channel = bc_hub_find(e->slates->hub, e->name);
    if (!channel) {
        return NULL;
    }
    if (e->users++ == 0) {
        slate_work_prepare(e);
    }
    slate_entry_sync(e);
    return channel;
}

struct bc_channel *
bc_slates_open(struct bc_slates *slates, struct bc_worker *worker,
    const struct bc_slate_wish *wish)
{
    struct want w;
    read_wish(wish, &w);
    struct bc_channel *channel = NULL;
    pthread_mutex_lock(&slates->lock);
    if (!slates->stopping && !bc_hub_is_draining(slates->hub)) {
        struct slate_entry *e = find_or_make(slates, &w);
        channel = e ? open_entry(e, worker) : NULL;
    }
    pthread_mutex_unlock(&slates->lock);
    return channel;
}

void
bc_slates_close(struct bc_slates *slates, struct bc_channel **slate)
{
    const char *name = *slate ? bc_channel_name(*slate) : "";
    pthread_mutex_lock(&slates->lock);
    bc_list_for_each(node, tmp, &slates->entries)
    {
        struct slate_entry *e = bc_container_of(node, struct slate_entry, node);
        if (strcmp(e->name, name) == 0 && e->users > 0 && --e->users == 0) {
            e->used_us = bc_clock_us();
            slate_entry_sync(e);
        }
    }
    pthread_mutex_unlock(&slates->lock);
    bc_channel_unref(slate);
}

bool
bc_slates_problem(struct bc_slates *slates, const char *path, char *out, size_t size)
{
    bool found = false;
    pthread_mutex_lock(&slates->lock);
    bc_list_for_each(node, tmp, &slates->entries)
    {
        const struct slate_entry *e = bc_container_of(node, struct slate_entry, node);
        if (!found && e->path && e->error[0] && strcmp(e->path, path) == 0) {
            snprintf(out, size, "%s", e->error);
            found = true;
        }
    }
    pthread_mutex_unlock(&slates->lock);
    return found;
}

// --- now and then ---

static size_t
all_bytes(const struct bc_slates *s)
{
    size_t bytes = 0;
    bc_list_for_each(node, tmp, &s->entries)
    {
        const struct slate_entry *e = bc_container_of(node, struct slate_entry, node);
        bytes += e->media ? slate_media_bytes(e->media) : 0;
    }
    return bytes;
}

void
bc_slates_tick(struct bc_slates *slates, int64_t now_us)
{
    pthread_mutex_lock(&slates->lock);
    struct slate_entry *oldest = oldest_unused(slates);
    while (oldest
        && (now_us - oldest->used_us > KEEP_UNUSED_US || all_bytes(slates) > BYTES_MAX)) {
        free_entry(oldest);
        oldest = oldest_unused(slates);
    }
    bc_list_for_each(node, tmp, &slates->entries)
    {
        struct slate_entry *e = bc_container_of(node, struct slate_entry, node);
        if (e->users > 0 && e->path && now_us - e->checked_us > LOOK_AGAIN_US) {
            slate_work_prepare(e);
        }
    }
    pthread_mutex_unlock(&slates->lock);
}

// --- life ---

struct bc_slates *
bc_slates_create(struct bc_hub *hub)
{
    struct bc_slates *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    av_log_set_level(AV_LOG_QUIET); // what matters is said by us
    s->hub = hub;
    bc_logger_init(&s->log, NULL, "slate");
    pthread_mutex_init(&s->lock, NULL);
    bc_list_init(&s->entries);
    if (!slate_thread_start(&s->quick, QUICK_NICE)
        || !slate_thread_start(&s->slow, SLOW_NICE)) {
        bc_error(&s->log, "no thread");
        bc_slates_destroy(s);
        return NULL;
    }
    return s;
}

void
bc_slates_stop(struct bc_slates *slates)
{
    if (!slates) {
        return;
    }
    pthread_mutex_lock(&slates->lock);
    slates->stopping = true;
    pthread_mutex_unlock(&slates->lock);
    slate_thread_stop(&slates->quick);
    slate_thread_stop(&slates->slow);
    bc_list_for_each(node, tmp, &slates->entries)
    {
        slate_player_finish(bc_container_of(node, struct slate_entry, node));
    }
}

void
bc_slates_destroy(struct bc_slates *slates)
{
    if (!slates) {
        return;
    }
    slate_thread_stop(&slates->quick);
    slate_thread_stop(&slates->slow);
    bc_list_for_each(node, tmp, &slates->entries)
    {
        free_entry(bc_container_of(node, struct slate_entry, node));
    }
    pthread_mutex_destroy(&slates->lock);
    free(slates);
}
