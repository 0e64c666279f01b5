// SPDX-License-Identifier: Apache-2.0
// What goes, and how: by age and size, by somebody's wish, and what crashes left.
#include "retention_impl.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "removal.h"

#define PAGE 500
#define ITEMS_MAX 200000
// So long a clip that was deleted in the making may still bring its folder.
#define PATIENCE_TURNS 60
#define COMPLAIN_TURNS 600 // about what the disk does not let us delete

// A recording on its way out.
struct condemned {
    struct bc_list node;
    enum bc_recording_kind kind;
    char id[BC_RECORDING_ID_MAX + 1];
    uint64_t bytes;
    unsigned turns; // since then
};

// --- what crashes left ---

struct leftover {
    struct bc_list node;
    enum bc_recording_kind kind;
    char name[NAME_MAX + 1];
};

struct collecting {
    struct bc_retention *retention;
    enum bc_recording_kind kind;
};

static void
note_leftover(void *user, const char *name)
{
    const struct collecting *c = user;
    struct leftover *l = calloc(1, sizeof(*l));
    if (l) {
        l->kind = c->kind;
        snprintf(l->name, sizeof(l->name), "%s", name);
        bc_list_append(&c->retention->leftovers, &l->node);
    }
}

void
bc_retention_note_leftovers(struct bc_retention *r)
{
    for (int kind = 0; kind < 2; kind++) {
        struct collecting c = { r, (enum bc_recording_kind)kind };
        bc_removal_leftovers(r->roots[kind], note_leftover, &c);
    }
}

void
bc_retention_forget(struct bc_retention *r)
{
    bc_list_for_each(it, tmp, &r->condemned)
    {
        free(bc_container_of(it, struct condemned, node));
    }
    bc_list_for_each(left, next, &r->leftovers)
    {
        free(bc_container_of(left, struct leftover, node));
    }
}

void
bc_retention_delete_leftovers(struct bc_retention *r)
{
    bc_list_for_each(it, tmp, &r->leftovers)
    {
        struct leftover *l = bc_container_of(it, struct leftover, node);
        int ret = bc_removal_delete(r->roots[l->kind], l->name);
        if (ret == 0) {
            bc_info(NULL, "retention: deleted %s/%s, which a stop left behind",
                r->roots[l->kind], l->name);
        } else if (ret != -ENOENT) {
            bc_warn(NULL, "retention: %s/%s cannot be deleted: %s", r->roots[l->kind],
                l->name, strerror(-ret));
        }
        bc_list_remove(it);
        free(l);
    }
}

// --- deleting one ---

static void
condemn(struct bc_retention *r, enum bc_recording_kind kind, const char *id, uint64_t bytes)
{
    struct condemned *c = calloc(1, sizeof(*c));
    int ret = bc_removal_mark(r->roots[kind], id);
    if (ret != 0 && ret != -ENOENT) {
        bc_warn(NULL, "retention: %s/%s cannot be marked: %s", r->roots[kind], id,
            strerror(-ret));
    }
    bc_catalogue_remove(r->catalogue, id);
    bc_library_drop(r->library, id, true);
    if (!c) {
        return; // the mark has it deleted at the next start
    }
    c->kind = kind;
    c->bytes = bytes;
    memcpy(c->id, id, strlen(id) + 1);
    bc_list_append(&r->condemned, &c->node);
}

// Whether it is done with.
static bool
finish(struct bc_retention *r, struct condemned *c)
{
    c->turns++;
    if (bc_library_users(r->library, c->id) > 0) {
        return false;
    }
    int ret = bc_removal_finish(r->roots[c->kind], c->id);
    if (ret == 0) {
        bc_debug(NULL, "retention: the files of %s are deleted", c->id);
        return true;
    }
    if (ret == -ENOENT) {
        return c->kind == BC_RECORDING_REPLAY || c->turns > PATIENCE_TURNS;
    }
    if (c->turns % COMPLAIN_TURNS == 1) {
        bc_warn(NULL, "retention: %s/%s cannot be deleted: %s", r->roots[c->kind], c->id,
            strerror(-ret));
    }
    return false;
}

void
bc_retention_sweep(struct bc_retention *r)
{
    bc_list_for_each(it, tmp, &r->condemned)
    {
        struct condemned *c = bc_container_of(it, struct condemned, node);
        if (finish(r, c)) {
            bc_list_remove(it);
            free(c);
        }
    }
}

// --- choosing ---

static uint64_t
going_bytes(const struct bc_retention *r)
{
    uint64_t sum = 0;
    for (const struct bc_list *it = r->condemned.next; it != &r->condemned; it = it->next) {
        sum += bc_container_of(it, const struct condemned, node)->bytes;
    }
    return sum;
}

static void
look_at_disk(struct bc_retention *r, struct bc_retention_disk *disk)
{
    *disk = (struct bc_retention_disk){ .going_bytes = going_bytes(r) };
    if (r->env->disk(r->data_dir, &disk->free_bytes, &disk->total_bytes) != 0) {
        disk->total_bytes = 0; // the recorder raises the alarm
    }
}

static void
add_item(struct bc_retention *r, struct bc_retention_item *item,
    const struct bc_catalogue_entry *e)
{
    bool over = e->state != BC_CATALOGUE_RUNNING;
    *item = (struct bc_retention_item){ .bytes = e->info.bytes,
        .ended_wall_us = over ? e->info.ended_wall_us : 0,
        .used = bc_library_users(r->library, e->info.id) > 0 };
    memcpy(item->id, e->info.id, sizeof(item->id));
    memcpy(item->channel, e->info.channel, sizeof(item->channel));
}

// All replays; NULL when there are none, or they cannot be read.
static struct bc_retention_item *
list_items(struct bc_retention *r, size_t *count)
{
    struct bc_retention_item *items = NULL;
    struct bc_catalogue_query query = { .filter = { .kind = BC_RECORDING_REPLAY,
                                            .limit = PAGE } };
    *count = 0;
    do {
        bc_catalogue_ask_now(r->catalogue, &query);
        struct bc_retention_item *grown = realloc(items,
            (*count + query.count + 1) * sizeof(*items));
        bool ok = grown && !query.failed;
        items = grown ? grown : items;
        for (size_t i = 0; ok && i < query.count; i++) {
            add_item(r, &items[(*count)++], &query.entries[i]);
        }
        if (ok && query.count > 0) {
            memcpy(query.filter.cursor, query.entries[query.count - 1].info.id,
                sizeof(query.filter.cursor));
        }
        query.more = query.more && ok && query.count > 0;
        free(query.entries);
    } while (query.more && *count < ITEMS_MAX);
    return items;
}

static const char *
reason(enum bc_retention_why why)
{
    switch (why) {
    case BC_RETENTION_AGE:
        return "it is older than record.max_age_days";
    case BC_RETENTION_SIZE:
        return "all replays together are larger than record.max_bytes";
    case BC_RETENTION_DISK:
        return "less than record.min_free_bytes is nearly reached on the disk";
    case BC_RETENTION_KEEP:
        break;
    }
    return "";
}

void
bc_retention_choose(struct bc_retention *r)
{
    size_t count;
    struct bc_retention_limits limits;
    struct bc_retention_disk disk;
    struct bc_retention_item *items = list_items(r, &count);
    pthread_mutex_lock(&r->lock);
    limits = r->limits;
    pthread_mutex_unlock(&r->lock);
    look_at_disk(r, &disk);
    if (items) {
        bc_retention_plan(items, count, &limits, &disk, r->env->wall_us());
    }
    for (size_t i = 0; items && i < count; i++) {
        if (items[i].why != BC_RETENTION_KEEP) {
            char ended[BC_TIME_TEXT];
            bc_clock_format(items[i].ended_wall_us, ended);
            bc_info(NULL, "retention: deleted replay %s of %s, %llu bytes, ended %s: %s",
                items[i].id, items[i].channel, (unsigned long long)items[i].bytes, ended,
                reason(items[i].why));
            condemn(r, BC_RECORDING_REPLAY, items[i].id, items[i].bytes);
        }
    }
    free(items);
}

bool
bc_retention_disk_is_short(struct bc_retention *r)
{
    struct bc_retention_disk disk;
    look_at_disk(r, &disk);
    pthread_mutex_lock(&r->lock);
    bool is = bc_retention_is_short(&r->limits, &disk);
    pthread_mutex_unlock(&r->lock);
    return is;
}

int
bc_retention_condemn(struct bc_retention *r, enum bc_recording_kind kind, const char *id)
{
    struct bc_catalogue_query query = { .filter = { .kind = kind, .limit = 1 } };
    snprintf(query.filter.id, sizeof(query.filter.id), "%s", id);
    bc_catalogue_ask_now(r->catalogue, &query);
    int ret = query.failed ? -EIO : query.count == 0 ? -ENOENT : 0;
    if (ret == 0 && kind == BC_RECORDING_REPLAY
        && query.entries[0].state == BC_CATALOGUE_RUNNING) {
        ret = -EBUSY;
    }
    if (ret == 0) {
        bc_info(NULL, "%s %s of %s deleted as somebody asked",
            kind == BC_RECORDING_CLIP ? "clip" : "replay", id,
            query.entries[0].info.channel);
        condemn(r, kind, id, query.entries[0].info.bytes);
    }
    free(query.entries);
    return ret;
}
