// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "library_impl.h"
#include "net/disk.h"
#include "recording_impl.h"

// How long a recording stays open that nobody asks for.
#define KEEP_US INT64_C(60000000)
// How long a deleted one is remembered, so that nobody opens it while its files go.
#define KEEP_GONE_US INT64_C(600000000)

// A recording that is open, is being opened or was deleted. Owned by the library, under
// its lock.
struct library_entry {
    UT_hash_handle hh;
    char key[LIBRARY_KEY_MAX];
    struct bc_library *lib; // borrowed
    struct bc_recording *r; // owned reference
    bool opening; // on a disk thread; the entry stays until it is done
    bool running; // it is being written: never closed here
    bool gone; // nobody may find it
    int64_t used_us;
    struct bc_list waiters; // while it is opened
    struct bc_task task;
};

struct bc_library *
bc_library_create(const char *data_dir, struct bc_disk *disk)
{
    struct bc_library *lib = calloc(1, sizeof(*lib));
    if (!lib) {
        return NULL;
    }
    static const char *const NAMES[2] = { "recordings", "clips" };
    for (int i = 0; i < 2; i++) {
        int len = snprintf(lib->roots[i], PATH_MAX, "%s/%s", data_dir, NAMES[i]);
        if (len < 0 || len + BC_RECORDING_ID_MAX + 2 > PATH_MAX) {
            free(lib);
            return NULL;
        }
    }
    lib->disk = disk;
    pthread_mutex_init(&lib->lock, NULL);
    return lib;
}

static void
remove_entry(struct bc_library *lib, struct library_entry *e)
{
    HASH_DEL(lib->entries, e);
    bc_recording_unref(&e->r);
    free(e);
}

void
bc_library_destroy(struct bc_library *lib)
{
    if (!lib) {
        return;
    }
    struct library_entry *e;
    struct library_entry *next;
    HASH_ITER(hh, lib->entries, e, next)
    {
        remove_entry(lib, e);
    }
    pthread_mutex_destroy(&lib->lock);
    free(lib);
}

const char *
bc_library_root(const struct bc_library *lib, enum bc_recording_kind kind)
{
    return lib->roots[kind == BC_RECORDING_CLIP];
}

static struct library_entry *
find(struct bc_library *lib, enum bc_recording_kind kind, const char *id)
{
    char key[LIBRARY_KEY_MAX];
    struct library_entry *e = NULL;
    if (strlen(id) <= BC_RECORDING_ID_MAX) {
        snprintf(key, sizeof(key), "%c%s", kind == BC_RECORDING_CLIP ? 'c' : 'r', id);
        HASH_FIND_STR(lib->entries, key, e);
    }
    return e;
}

static struct library_entry *
find_or_add(struct bc_library *lib, enum bc_recording_kind kind, const char *id)
{
    struct library_entry *e = find(lib, kind, id);
    if (e || strlen(id) > BC_RECORDING_ID_MAX) {
        return e;
    }
    e = calloc(1, sizeof(*e));
    if (e) {
        snprintf(
            e->key, sizeof(e->key), "%c%s", kind == BC_RECORDING_CLIP ? 'c' : 'r', id);
        e->lib = lib;
        bc_list_init(&e->waiters);
        HASH_ADD_STR(lib->entries, key, e);
    }
    return e;
}

void
bc_library_add(struct bc_library *lib, struct bc_recording *r)
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    pthread_mutex_lock(&lib->lock);
    struct library_entry *e = find_or_add(lib, info.kind, info.id);
    struct bc_recording *old = NULL;
    if (e) {
        old = e->r;
        e->r = bc_recording_ref(r);
        e->running = true;
        e->gone = false;
    }
    pthread_mutex_unlock(&lib->lock);
    bc_recording_unref(&old);
}

// The lock is held.
static void
drop(struct library_entry *e, bool gone)
{
    if (!gone && !e->running && !e->gone) {
        bc_recording_unref(&e->r); // if it is being opened just now, that is anew
    }
    e->running = false;
    e->gone = e->gone || gone;
    e->used_us = bc_clock_us();
}

void
bc_library_drop(struct bc_library *lib, const char *id, bool gone)
{
    pthread_mutex_lock(&lib->lock);
    for (int kind = 0; kind < 2; kind++) {
        enum bc_recording_kind k = kind ? BC_RECORDING_CLIP : BC_RECORDING_REPLAY;
        struct library_entry *e = gone ? find_or_add(lib, k, id) : find(lib, k, id);
        if (e) {
            drop(e, gone);
        }
    }
    pthread_mutex_unlock(&lib->lock);
}

struct bc_recording *
bc_library_peek(struct bc_library *lib, enum bc_recording_kind kind, const char *id)
{
    struct bc_recording *r = NULL;
    pthread_mutex_lock(&lib->lock);
    struct library_entry *e = find(lib, kind, id);
    if (e && e->r && !e->gone) {
        e->used_us = bc_clock_us();
        r = bc_recording_ref(e->r);
    }
    pthread_mutex_unlock(&lib->lock);
    return r;
}

// On a disk thread. The entry stays meanwhile, so its key may be read without the lock.
static void
open_recording(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct library_entry *e = bc_container_of(task, struct library_entry, task);
    struct bc_library *lib = e->lib;
    char path[PATH_MAX + LIBRARY_KEY_MAX];
    snprintf(path, sizeof(path), "%s/%s", lib->roots[e->key[0] == 'c'], e->key + 1);
    struct bc_recording *r = bc_recording_open(path);
    pthread_mutex_lock(&lib->lock);
    e->opening = false;
    e->used_us = bc_clock_us();
    if (!e->r && !e->gone) {
        e->r = r; // else it was begun or deleted meanwhile
        r = NULL;
    }
    while (!bc_list_empty(&e->waiters)) {
        struct bc_list *node = e->waiters.next;
        bc_list_remove(node);
        library_deliver(lib, bc_container_of(node, struct bc_library_waiter, node),
            e->gone ? NULL : e->r);
    }
    if (!e->r && !e->gone) {
        remove_entry(lib, e);
    }
    pthread_mutex_unlock(&lib->lock);
    bc_recording_unref(&r);
}

void
bc_library_get(struct bc_library *lib, enum bc_recording_kind kind, const char *id,
    struct bc_worker *worker, struct bc_library_waiter *waiter)
{
    waiter->worker = worker;
    waiter->found = NULL;
    bc_list_init(&waiter->node);
    pthread_mutex_lock(&lib->lock);
    struct library_entry *e =
        bc_recording_id_is_valid(id) ? find_or_add(lib, kind, id) : NULL;
    if (e) {
        e->used_us = e->gone ? e->used_us : bc_clock_us();
    }
    if (!e || e->gone || e->r) {
        library_deliver(lib, waiter, e && !e->gone ? e->r : NULL);
    } else {
        bc_list_append(&e->waiters, &waiter->node);
        if (!e->opening) {
            e->opening = true;
            e->task.run = open_recording;
            bc_disk_post(lib->disk, &e->task);
        }
    }
    pthread_mutex_unlock(&lib->lock);
}

unsigned
bc_library_users(struct bc_library *lib, const char *id)
{
    unsigned users = 0;
    pthread_mutex_lock(&lib->lock);
    for (int kind = 0; kind < 2; kind++) {
        const struct library_entry *e =
            find(lib, kind ? BC_RECORDING_CLIP : BC_RECORDING_REPLAY, id);
        users += e && e->r ? record_refs(e->r) - 1 + record_files_read(e->r) : 0;
        users += e && e->opening ? 1 : 0;
    }
    pthread_mutex_unlock(&lib->lock);
    return users;
}

void
bc_library_tick(struct bc_library *lib, int64_t now_us)
{
    struct library_entry *e;
    struct library_entry *next;
    pthread_mutex_lock(&lib->lock);
    HASH_ITER(hh, lib->entries, e, next)
    {
        bool in_use = e->opening || e->running
            || (e->r && (record_refs(e->r) > 1 || record_files_read(e->r) > 0));
        if (in_use) {
            continue;
        }
        if (e->gone) {
            bc_recording_unref(&e->r); // its files are closed before they are deleted
        }
        if (now_us - e->used_us > (e->gone ? KEEP_GONE_US : KEEP_US)) {
            remove_entry(lib, e);
        }
    }
    pthread_mutex_unlock(&lib->lock);
}
