// SPDX-License-Identifier: Apache-2.0
// The catalogue's thread: changes wait in a list until the database has taken them;
// questions (catalogue_ask.c) are answered in between.
#include "record/catalogue.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "catalogue_impl.h"
#include "catalogue_scan.h"

#define RETRY_US 2000000
#define HEAL_INTERVAL_US 60000000
#define COMPLAIN_INTERVAL_US 60000000
#define CHANGES_MAX 4096 // some megabytes; beyond, the folders are looked through later

// Something to be written; owned by the catalogue from when it is posted.
struct change {
    struct bc_task task; // its node is in `changes` later
    struct bc_catalogue *catalogue;
    enum bc_catalogue_statement how;
    bool if_folder; // found in the folders: true only while the folder is there, or is not
    struct bc_catalogue_entry entry;
};

// --- the database file ---

void
bc_catalogue_complain(struct bc_catalogue *c, const char *what, int error)
{
    unsigned suppressed;
    int64_t now_us = bc_clock_us();
    if (bc_log_limit_pass(&c->complaint, now_us, &suppressed)) {
        c->complaint.next_us = now_us + COMPLAIN_INTERVAL_US;
        bc_error(NULL, "catalogue: %s %s: %s (%zu changes wait)", c->path, what,
            error == -EBADMSG ? "it is damaged" : strerror(-error), c->change_count);
    }
}

static void
move_aside(struct bc_catalogue *c)
{
    static const char *const SUFFIXES[] = { "", "-wal", "-shm" };
    char stamp[32];
    time_t now = (time_t)(bc_clock_wall_us() / 1000000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
    for (size_t i = 0; i < sizeof(SUFFIXES) / sizeof(SUFFIXES[0]); i++) {
        char from[PATH_MAX + 16];
        char to[PATH_MAX + 64];
        snprintf(from, sizeof(from), "%s%s", c->path, SUFFIXES[i]);
        snprintf(to, sizeof(to), "%s.damaged-%s%s", c->path, stamp, SUFFIXES[i]);
        if (rename(from, to) == 0 && i == 0) {
            bc_warn(NULL, "catalogue: %s is damaged: kept as %s, made anew from the folders",
                from, to);
        }
    }
}

static int
open_database(struct bc_catalogue *c)
{
    bool fresh = false;
    int ret = bc_catalogue_db_open(&c->db, c->path, &fresh);
    int64_t now_us = bc_clock_us();
    if (ret == -EBADMSG && now_us >= c->heal_after_us) {
        c->heal_after_us = now_us + HEAL_INTERVAL_US;
        move_aside(c);
        ret = bc_catalogue_db_open(&c->db, c->path, &fresh);
    }
    if (ret != 0) {
        bc_catalogue_complain(c, "cannot be opened", ret);
    }
    return ret;
}

bool
bc_catalogue_heal(struct bc_catalogue *c, int error)
{
    if (error == -EBADMSG && bc_clock_us() >= c->heal_after_us) {
        bc_catalogue_db_close(&c->db);
        if (open_database(c) == 0) {
            bc_catalogue_start_compare(c);
            return true;
        }
    }
    return false;
}

static void
on_retry(struct bc_timer *timer)
{
    struct bc_catalogue *c = bc_container_of(timer, struct bc_catalogue, retry);
    if (!c->db.handle && open_database(c) == 0) {
        bc_catalogue_start_compare(c);
    }
    if (c->db.handle) {
        bc_catalogue_flush(c);
    } else {
        bc_timer_set(timer, RETRY_US);
    }
}

// --- changes ---

static bool
was_removed(const struct bc_catalogue *c, const char *id)
{
    for (size_t i = 0; i < BC_CATALOGUE_REMOVED_MAX; i++) {
        if (strcmp(c->removed[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static int
write_change(struct bc_catalogue *c, const struct change *change)
{
    const struct bc_recording_info *info = &change->entry.info;
    bool remove = change->how == BC_CATALOGUE_REMOVE;
    if (change->if_folder
        && bc_catalogue_folder_exists(c->data_dir, info->kind, info->id) == remove) {
        return 0; // it has come or gone since the scan
    }
    if (remove) {
        return bc_catalogue_db_remove(&c->db, info->id);
    }
    return was_removed(c, info->id)
        ? 0
        : bc_catalogue_db_put(&c->db, change->how, &change->entry);
}

static int
write_changes(struct bc_catalogue *c)
{
    int ret = bc_catalogue_db_begin(&c->db);
    bc_list_for_each(it, tmp, &c->changes)
    {
        if (ret != 0) {
            break;
        }
        ret = write_change(c, bc_container_of(it, struct change, task.node));
    }
    if (ret == 0) {
        ret = bc_catalogue_db_commit(&c->db);
    }
    if (ret != 0 && c->db.handle) {
        bc_catalogue_db_rollback(&c->db);
    }
    return ret;
}

static void
drop_change(struct bc_catalogue *c, struct bc_list *node)
{
    bc_list_remove(node);
    free(bc_container_of(node, struct change, task.node));
    c->change_count--;
}

void
bc_catalogue_flush(struct bc_catalogue *c)
{
    if (bc_list_empty(&c->changes) || !c->db.handle) {
        return;
    }
    int ret = write_changes(c);
    if (ret != 0 && bc_catalogue_heal(c, ret)) {
        ret = write_changes(c);
    }
    if (ret != 0) {
        bc_catalogue_complain(c, "cannot be written", ret);
        bc_timer_set(&c->retry, RETRY_US);
        return;
    }
    bc_list_for_each(it, tmp, &c->changes)
    {
        drop_change(c, it);
    }
}

static void
run_flush(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_catalogue *c = bc_container_of(task, struct bc_catalogue, flush);
    if (!bc_timer_is_set(&c->retry)) {
        bc_catalogue_flush(c);
    }
}

static void
run_change(struct bc_task *task, struct bc_worker *worker)
{
    struct change *change = bc_container_of(task, struct change, task);
    struct bc_catalogue *c = change->catalogue;
    if (c->change_count == CHANGES_MAX) {
        drop_change(c, c->changes.next);
        c->scan_again = true;
    }
    if (change->how == BC_CATALOGUE_REMOVE && !change->if_folder) {
        char *slot = c->removed[c->removed_next++ % BC_CATALOGUE_REMOVED_MAX];
        memcpy(slot, change->entry.info.id, BC_RECORDING_ID_MAX + 1);
    }
    bc_list_append(&c->changes, &change->task.node);
    c->change_count++;
    bc_worker_defer(worker, &c->flush);
}

void
bc_catalogue_post_change(struct bc_catalogue *c, enum bc_catalogue_statement how,
    bool if_folder, const struct bc_catalogue_entry *entry)
{
    struct change *change = malloc(sizeof(*change));
    if (!change) {
        bc_error(NULL, "catalogue: no memory to note %s", entry->info.id);
        return;
    }
    change->catalogue = c;
    change->how = how;
    change->if_folder = if_folder;
    change->entry = *entry;
    bc_list_init(&change->task.node);
    change->task.run = run_change;
    bc_worker_post(c->worker, &change->task);
}

void
bc_catalogue_put(struct bc_catalogue *catalogue, const struct bc_catalogue_entry *entry)
{
    bc_catalogue_post_change(catalogue, BC_CATALOGUE_PUT, false, entry);
}

void
bc_catalogue_remove(struct bc_catalogue *catalogue, const char *id)
{
    struct bc_catalogue_entry entry = { 0 };
    snprintf(entry.info.id, sizeof(entry.info.id), "%s", id);
    bc_catalogue_post_change(catalogue, BC_CATALOGUE_REMOVE, false, &entry);
}

// --- life ---

// On the caller's thread: the worker does not run yet.
static bool
prepare(struct bc_catalogue *c, const char *data_dir)
{
    size_t len = strlen(data_dir) + sizeof("/catalogue.db");
    c->data_dir = strdup(data_dir);
    c->path = malloc(len);
    if (!c->data_dir || !c->path || len > PATH_MAX - 64) {
        return false;
    }
    snprintf(c->path, len, "%s/catalogue.db", data_dir);
    if (open_database(c) != 0) {
        return false;
    }
    int ret = bc_catalogue_db_fail_clips(&c->db, "the server ended while it was made");
    if (ret != 0) {
        bc_catalogue_complain(c, "cannot be written", ret);
    }
    return true;
}

struct bc_catalogue *
bc_catalogue_open(const char *data_dir)
{
    struct bc_catalogue *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    bc_list_init(&c->changes);
    bc_list_init(&c->flush.node);
    c->flush.run = run_flush;
    c->worker = bc_worker_create(BC_WORKER_MAX);
    if (!c->worker || !prepare(c, data_dir)) {
        goto close;
    }
    bc_timer_init(&c->retry, c->worker, on_retry);
    if (bc_worker_start(c->worker) != 0) {
        goto close;
    }
    c->scanning = c->scan_again = true; // the first one begins as if one were over
    bc_catalogue_post_compared(c);
    return c;

close:
    bc_error(NULL, "catalogue: %s/catalogue.db could not be opened", data_dir);
    bc_catalogue_close(c);
    return NULL;
}

void
bc_catalogue_close(struct bc_catalogue *c)
{
    if (!c) {
        return;
    }
    atomic_store(&c->stop, true);
    if (c->worker && c->worker->running) {
        // Once this is answered the worker starts no scan any more.
        struct bc_catalogue_query last = { .filter.limit = 1 };
        bc_catalogue_ask_now(c, &last);
        free(last.entries);
        if (c->scanner_started) {
            pthread_join(c->scanner, NULL);
        }
        bc_worker_stop(c->worker);
        bc_worker_join(c->worker);
    }
    while (c->worker && bc_worker_run_leftovers(c->worker)) {
    }
    bc_catalogue_flush(c);
    bc_list_for_each(it, tmp, &c->changes)
    {
        drop_change(c, it);
    }
    bc_catalogue_db_close(&c->db);
    bc_worker_destroy(c->worker);
    free(c->path);
    free(c->data_dir);
    free(c);
}
