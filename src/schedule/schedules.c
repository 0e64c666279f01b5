// SPDX-License-Identifier: Apache-2.0
// The table of schedules.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/table.h"
#include "file.h"

// One schedule that the API set. Owned by the table, under its lock.
struct entry {
    UT_hash_handle hh;
    struct bc_config_schedule schedule;
    char channel[BC_CHANNEL_NAME_MAX + 1];
};

// What was told of a channel last. Owned by the table, of the thread that ticks.
struct told {
    UT_hash_handle hh;
    struct bc_schedule_now now;
    bool seen; // in this tick
    char channel[BC_CHANNEL_NAME_MAX + 1];
};

struct bc_schedules {
    struct bc_logger log;
    char *data_dir; // owned
    pthread_mutex_t lock; // guards the next two
    struct entry *entries;
    bool changed; // since it was written
    // Of the thread that ticks.
    struct told *told;
    bool write_failed;
};

static struct entry *
find(struct bc_schedules *s, const char *channel)
{
    struct entry *e;
    HASH_FIND_STR(s->entries, channel, e);
    return e;
}

// 0, -ENOSPC or -ENOMEM. Under the lock.
static int
put(struct bc_schedules *s, const char *channel,
    const struct bc_config_schedule *schedule)
{
    struct entry *e = find(s, channel);
    if (!e && HASH_COUNT(s->entries) >= BC_SCHEDULES_MAX) {
        return -ENOSPC;
    }
    if (!e) {
        e = calloc(1, sizeof(*e));
        if (!e) {
            return -ENOMEM;
        }
        snprintf(e->channel, sizeof(e->channel), "%s", channel);
        HASH_ADD_STR(s->entries, channel, e);
    }
    e->schedule = *schedule;
    return 0;
}

static void
on_read(void *user, const char *channel, const struct bc_config_schedule *schedule)
{
    struct bc_schedules *s = user;
    if (put(s, channel, schedule) != 0) {
        bc_error(&s->log, "the schedule of %s is not taken: there are too many", channel);
    }
}

// False after logging why.
static bool
load(struct bc_schedules *s)
{
    char *text;
    size_t len;
    size_t skipped;
    int ret = schedule_file_read(s->data_dir, &text, &len);
    if (ret != 0) {
        bc_error(&s->log, "%s/schedules.json: %s", s->data_dir, strerror(-ret));
        return false;
    }
    if (!text) {
        return true;
    }
    bool known = schedule_file_parse(text, len, on_read, s, &skipped);
    free(text);
    if (!known || skipped > 0) {
        ret = schedule_file_put_aside(s->data_dir);
        bc_error(&s->log, "%s/schedules.json is damaged: %u schedules could be read%s",
            s->data_dir, HASH_COUNT(s->entries),
            ret == 0 ? "; it is kept as schedules.json.damaged" : "");
        s->changed = HASH_COUNT(s->entries) > 0;
    }
    return true;
}

struct bc_schedules *
bc_schedules_open(const char *data_dir)
{
    struct bc_schedules *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    bc_logger_init(&s->log, NULL, "schedules");
    pthread_mutex_init(&s->lock, NULL);
    s->data_dir = strdup(data_dir);
    if (!s->data_dir || !load(s)) {
        bc_schedules_close(s);
        return NULL;
    }
    return s;
}

// NULL without memory.
static char *
make_text(struct bc_schedules *s)
{
    struct json_t *file = schedule_file_begin();
    bool ok = file != NULL;
    for (struct entry *e = s->entries; ok && e; e = e->hh.next) {
        ok = schedule_file_add(file, e->channel, &e->schedule);
    }
    char *text = schedule_file_end(file);
    if (!ok) {
        free(text);
        return NULL;
    }
    return text;
}

static void
write_changes(struct bc_schedules *s)
{
    pthread_mutex_lock(&s->lock);
    bool changed = s->changed;
    char *text = changed ? make_text(s) : NULL;
    s->changed = false;
    pthread_mutex_unlock(&s->lock);
    if (!changed) {
        return;
    }
    int ret = text ? schedule_file_write(s->data_dir, text) : -ENOMEM;
    free(text);
    if (ret != 0) {
        pthread_mutex_lock(&s->lock);
        s->changed = true; // tried again at the next tick
        pthread_mutex_unlock(&s->lock);
        if (!s->write_failed) {
            bc_error(&s->log, "%s/schedules.json cannot be written: %s; tried again",
                s->data_dir, strerror(-ret));
        }
    } else if (s->write_failed) {
        bc_info(&s->log, "schedules.json is written again");
    }
    s->write_failed = ret != 0;
}

void
bc_schedules_close(struct bc_schedules *s)
{
    if (!s) {
        return;
    }
    if (s->data_dir) {
        write_changes(s);
    }
    struct entry *e;
    struct entry *next_e;
    HASH_ITER(hh, s->entries, e, next_e)
    {
        HASH_DEL(s->entries, e);
        free(e);
    }
    struct told *t;
    struct told *next_t;
    HASH_ITER(hh, s->told, t, next_t)
    {
        HASH_DEL(s->told, t);
        free(t);
    }
    pthread_mutex_destroy(&s->lock);
    free(s->data_dir);
    free(s);
}

// The configuration's; NULL for none.
static const struct bc_config_schedule *
configured(const struct bc_config *config, const char *channel)
{
    const struct bc_config_channel *own = bc_config_channel(config, channel);
    return own && bc_config_schedule_is_set(&own->schedule) ? &own->schedule : NULL;
}

bool
bc_schedules_get(struct bc_schedules *s, const struct bc_config *config,
    const char *channel, struct bc_schedule_found *out)
{
    const struct bc_config_schedule *own = configured(config, channel);
    *out = (struct bc_schedule_found){ .configured = own != NULL };
    pthread_mutex_lock(&s->lock);
    const struct entry *e = find(s, channel);
    out->shadows = own && e;
    if (own || e) {
        out->schedule = own ? *own : e->schedule;
    }
    pthread_mutex_unlock(&s->lock);
    return own || e;
}

int
bc_schedules_set(struct bc_schedules *s, const struct bc_config *config,
    const char *channel, const struct bc_config_schedule *schedule)
{
    if (configured(config, channel)) {
        return -EPERM;
    }
    if (!bc_config_schedule_is_set(schedule) || bc_config_schedule_problem(schedule)) {
        return -EINVAL;
    }
    pthread_mutex_lock(&s->lock);
    int ret = put(s, channel, schedule);
    s->changed = s->changed || ret == 0;
    pthread_mutex_unlock(&s->lock);
    return ret;
}

int
bc_schedules_remove(
    struct bc_schedules *s, const struct bc_config *config, const char *channel)
{
    pthread_mutex_lock(&s->lock);
    struct entry *e = find(s, channel);
    if (e) {
        HASH_DEL(s->entries, e);
        s->changed = true;
    }
    pthread_mutex_unlock(&s->lock);
    bool found = e != NULL;
    free(e);
    return found ? 0 : configured(config, channel) ? -EPERM : -ENOENT;
}

void
bc_schedules_each(struct bc_schedules *s,
    void (*each)(void *user, const char *channel), void *user)
{
    pthread_mutex_lock(&s->lock);
    for (const struct entry *e = s->entries; e; e = e->hh.next) {
        each(user, e->channel);
    }
    pthread_mutex_unlock(&s->lock);
}

// --- telling what has changed ---

static bool
is_same(const struct bc_schedule_now *a, const struct bc_schedule_now *b)
{
    return a->phase == b->phase && a->record == b->record
        && a->plan.lobby == b->plan.lobby && a->plan.over == b->plan.over
        && a->plan.countdown_to_wall_us == b->plan.countdown_to_wall_us
        && a->plan.keys_from_wall_us == b->plan.keys_from_wall_us;
}

static void
tell(struct bc_schedules *s, const char *channel, const struct bc_schedule_now *now,
    const struct bc_schedule_ops *ops, void *user)
{
    struct told *t;
    HASH_FIND_STR(s->told, channel, t);
    if (t) {
        t->seen = true;
        if (is_same(&t->now, now)) {
            return;
        }
    } else {
        t = calloc(1, sizeof(*t));
        if (!t) {
            return; // told at the next tick
        }
        snprintf(t->channel, sizeof(t->channel), "%s", channel);
        t->seen = true;
        HASH_ADD_STR(s->told, channel, t);
    }
    if (t->now.phase != now->phase) {
        bc_info(&s->log, "%s: %s", channel, bc_schedule_phase_name(now->phase));
    }
    t->now = *now;
    ops->apply(user, channel, now);
}

// A copy of the API's entries that count, to be freed, so that nothing is told under the
// lock. NULL: there are none, or there is no memory.
static struct entry *
copy_entries(struct bc_schedules *s, const struct bc_config *config, size_t *count)
{
    *count = 0;
    pthread_mutex_lock(&s->lock);
    size_t n = HASH_COUNT(s->entries);
    struct entry *copy = n > 0 ? calloc(n, sizeof(*copy)) : NULL;
    for (const struct entry *e = s->entries; copy && e; e = e->hh.next) {
        if (!configured(config, e->channel)) {
            copy[(*count)++] = *e;
        }
    }
    bool failed = n > 0 && !copy;
    pthread_mutex_unlock(&s->lock);
    if (failed) {
        bc_error(&s->log, "no memory for %zu schedules; tried again", n);
    }
    return copy;
}

static void
forget_unseen(struct bc_schedules *s, const struct bc_schedule_ops *ops, void *user)
{
    struct told *t;
    struct told *next;
    HASH_ITER(hh, s->told, t, next)
    {
        if (!t->seen) {
            HASH_DEL(s->told, t);
            bc_info(&s->log, "%s: none any more", t->channel);
            ops->apply(user, t->channel, NULL);
            free(t);
        } else {
            t->seen = false;
        }
    }
}

void
bc_schedules_tick(struct bc_schedules *s, const struct bc_config *config,
    int64_t now_wall_us, const struct bc_schedule_ops *ops, void *user)
{
    write_changes(s);
    struct bc_schedule_now now;
    size_t count;
    struct entry *set = copy_entries(s, config, &count);
    for (size_t i = 0; i < count; i++) {
        bc_schedule_at(&set[i].schedule, now_wall_us, &now);
        tell(s, set[i].channel, &now, ops, user);
    }
    free(set);
    for (size_t i = 0; i < config->n_channels; i++) {
        const struct bc_config_channel *c = &config->channels[i];
        if (bc_config_schedule_is_set(&c->schedule)) {
            bc_schedule_at(&c->schedule, now_wall_us, &now);
            tell(s, c->name, &now, ops, user);
        }
    }
    forget_unseen(s, ops, user);
}
