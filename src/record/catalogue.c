// SPDX-License-Identifier: Apache-2.0
// The catalogue's thread: changes wait in a list until the database has taken them, questions
// are answered in between.
#include "record/catalogue.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "catalogue_db.h"
#include "catalogue_scan.h"
#include "net/timer.h"

#define RETRY_US 2000000
#define HEAL_INTERVAL_US 60000000
#define COMPLAIN_INTERVAL_US 60000000
#define CHANGES_MAX 4096 // some megabytes; beyond, the folders are looked through later
#define REMOVED_MAX 256
#define PAGE 500 // entries looked at at a time

struct bc_catalogue {
    char *data_dir; // owned
    char *path;     // owned; of the database
    struct bc_worker *worker;

    // The worker's thread only, from open to close.
    struct bc_catalogue_db db;
    struct bc_list changes; // not written yet, oldest first
    size_t change_count;
    struct bc_task flush;   // deferred while there are changes, so that they share a write
    struct bc_timer retry;
    struct bc_log_limit complaint;
    int64_t heal_after_us;
    char removed[REMOVED_MAX][BC_RECORDING_ID_MAX + 1]; // the last ones, a ring
    size_t removed_next;
    bool scanning;
    bool scan_again;

    pthread_t scanner; // looks through the folders; joined before the next one starts
    bool scanner_started;
    size_t found; // the scanner's
    atomic_bool stop;
    struct bc_task scan_over;
};

// Something to be written; owned by the catalogue from when it is posted.
struct change {
    struct bc_task task; // its node is in `changes` later
    struct bc_catalogue *catalogue;
    enum bc_catalogue_statement how;
    bool if_folder; // found in the folders: true only while the folder is there, or is not
    struct bc_catalogue_entry entry;
};

static void
flush(struct bc_catalogue *c);
static void
start_scan(struct bc_catalogue *c);

// --- the database file ---

static void
complain(struct bc_catalogue *c, const char *what, int error)
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
        complain(c, "cannot be opened", ret);
    }
    return ret;
}

// Tells whether it makes sense to go on at once.
static bool
heal(struct bc_catalogue *c, int error)
{
    if (error == -EBADMSG && bc_clock_us() >= c->heal_after_us) {
        bc_catalogue_db_close(&c->db);
        if (open_database(c) == 0) {
            start_scan(c);
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
        start_scan(c);
    }
    if (c->db.handle) {
        flush(c);
    } else {
        bc_timer_set(timer, RETRY_US);
    }
}

// --- changes ---

static bool
was_removed(const struct bc_catalogue *c, const char *id)
{
    for (size_t i = 0; i < REMOVED_MAX; i++) {
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

static void
flush(struct bc_catalogue *c)
{
    if (bc_list_empty(&c->changes) || !c->db.handle) {
        return;
    }
    int ret = write_changes(c);
    if (ret != 0 && heal(c, ret)) {
        ret = write_changes(c);
    }
    if (ret != 0) {
        complain(c, "cannot be written", ret);
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
        flush(c);
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
        char *slot = c->removed[c->removed_next++ % REMOVED_MAX];
        memcpy(slot, change->entry.info.id, BC_RECORDING_ID_MAX + 1);
    }
    bc_list_append(&c->changes, &change->task.node);
    c->change_count++;
    bc_worker_defer(worker, &c->flush);
}

static void
post_change(struct bc_catalogue *c, enum bc_catalogue_statement how, bool if_folder,
    const struct bc_catalogue_entry *entry)
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
    post_change(catalogue, BC_CATALOGUE_PUT, false, entry);
}

void
bc_catalogue_remove(struct bc_catalogue *catalogue, const char *id)
{
    struct bc_catalogue_entry entry = { 0 };
    snprintf(entry.info.id, sizeof(entry.info.id), "%s", id);
    post_change(catalogue, BC_CATALOGUE_REMOVE, false, &entry);
}

// --- questions ---

static bool
file_exists(const struct bc_catalogue *c, const struct bc_recording_info *info,
    const char *name)
{
    char path[PATH_MAX + 16];
    int n = snprintf(path, sizeof(path), "%s/%s/%s/%s", c->data_dir,
        bc_catalogue_folder_name(info->kind), info->id, name);
    return (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

// Afterwards the query is not touched any more.
static void
answer(struct bc_catalogue *c, struct bc_catalogue_query *query)
{
    flush(c);
    int ret = c->db.handle ? bc_catalogue_db_list(&c->db, query) : -EIO;
    if (ret != 0 && heal(c, ret)) {
        ret = bc_catalogue_db_list(&c->db, query);
    }
    if (ret != 0) {
        complain(c, "cannot be read", ret);
    }
    query->failed = ret != 0;
    for (size_t i = 0; i < query->count; i++) {
        struct bc_catalogue_entry *e = &query->entries[i];
        bool clip = e->info.kind == BC_RECORDING_CLIP;
        e->has_classic = file_exists(c, &e->info, clip ? "clip.mp4" : "replay.mp4");
        e->has_poster = file_exists(c, &e->info, "pictures/poster.jpg");
    }
}

// A question on its way here, freed here. The query's own task carries the answer back.
struct question {
    struct bc_task task;
    struct bc_catalogue *catalogue;
    struct bc_catalogue_query *query; // borrowed
};

static void
run_done(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_catalogue_query *query = bc_container_of(task, struct bc_catalogue_query,
        task);
    query->done(query);
}

static void
send_back(struct bc_catalogue_query *query)
{
    query->task.run = run_done;
    bc_list_init(&query->task.node);
    bc_worker_post(query->worker, &query->task);
}

static void
run_question(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct question *question = bc_container_of(task, struct question, task);
    struct bc_catalogue_query *query = question->query;
    answer(question->catalogue, query);
    free(question);
    send_back(query);
}

static void
clear_answer(struct bc_catalogue_query *query)
{
    query->entries = NULL;
    query->count = 0;
    query->more = false;
    query->failed = true;
}

void
bc_catalogue_ask(struct bc_catalogue *catalogue, struct bc_catalogue_query *query)
{
    struct question *question = malloc(sizeof(*question));
    clear_answer(query);
    if (!question) {
        send_back(query);
        return;
    }
    question->catalogue = catalogue;
    question->query = query;
    bc_list_init(&question->task.node);
    question->task.run = run_question;
    bc_worker_post(catalogue->worker, &question->task);
}

// Somebody who waits for the answer; on its stack.
struct waiting {
    struct bc_task task;
    struct bc_catalogue *catalogue;
    struct bc_catalogue_query *query;
    pthread_mutex_t lock; // guards the next
    bool done;
    pthread_cond_t changed;
};

static void
run_waiting(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct waiting *w = bc_container_of(task, struct waiting, task);
    answer(w->catalogue, w->query);
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void
bc_catalogue_ask_now(struct bc_catalogue *catalogue, struct bc_catalogue_query *query)
{
    struct waiting w = { .task.run = run_waiting, .catalogue = catalogue, .query = query };
    clear_answer(query);
    bc_list_init(&w.task.node);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.changed, NULL);
    bc_worker_post(catalogue->worker, &w.task);
    pthread_mutex_lock(&w.lock);
    while (!w.done) {
        pthread_cond_wait(&w.changed, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    pthread_cond_destroy(&w.changed);
    pthread_mutex_destroy(&w.lock);
}

// --- looking through the folders, on a thread of its own ---

static bool
is_unknown(void *user, enum bc_recording_kind kind, const char *id)
{
    struct bc_catalogue *c = user;
    struct bc_catalogue_query query = { .filter = { .kind = kind, .limit = 1 } };
    snprintf(query.filter.id, sizeof(query.filter.id), "%s", id);
    bc_catalogue_ask_now(c, &query);
    free(query.entries);
    return !query.failed && query.count == 0;
}

static bool
add_found(void *user, const struct bc_catalogue_entry *entry)
{
    struct bc_catalogue *c = user;
    bc_debug(NULL, "catalogue: %s of %s was not in the list", entry->info.id,
        entry->info.channel);
    c->found++;
    post_change(c, BC_CATALOGUE_ADD, true, entry);
    return true;
}

// Who is written now may not have its folder yet; a failed clip has none.
static void
remove_lost(struct bc_catalogue *c, enum bc_recording_kind kind)
{
    struct bc_catalogue_query query = { .filter = { .kind = kind, .limit = PAGE } };
    bool more = true;
    while (more && !atomic_load(&c->stop)) {
        bc_catalogue_ask_now(c, &query);
        more = query.more && query.count > 0;
        for (size_t i = 0; i < query.count; i++) {
            const struct bc_catalogue_entry *e = &query.entries[i];
            if (e->state == BC_CATALOGUE_READY
                && !bc_catalogue_folder_exists(c->data_dir, kind, e->info.id)) {
                bc_warn(NULL, "catalogue: the folder of %s is gone", e->info.id);
                post_change(c, BC_CATALOGUE_REMOVE, true, e);
            }
        }
        if (more) {
            const char *last = query.entries[query.count - 1].info.id;
            memcpy(query.filter.cursor, last, sizeof(query.filter.cursor));
        }
        free(query.entries);
    }
}

static void
run_scan_over(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_catalogue *c = bc_container_of(task, struct bc_catalogue, scan_over);
    c->scanning = false;
    if (c->scan_again && !atomic_load(&c->stop)) {
        start_scan(c);
    }
}

static void
post_scan_over(struct bc_catalogue *c)
{
    bc_list_init(&c->scan_over.node);
    c->scan_over.run = run_scan_over;
    bc_worker_post(c->worker, &c->scan_over);
}

static void *
scan_main(void *arg)
{
    struct bc_catalogue *c = arg;
    struct bc_catalogue_scan scan = { .data_dir = c->data_dir, .stop = &c->stop,
        .wanted = is_unknown, .found = add_found, .user = c };
    c->found = 0;
    int ret = bc_catalogue_scan_run(&scan);
    if (c->found > 0) {
        bc_info(NULL, "catalogue: %zu recordings were not in the list and are now",
            c->found);
    }
    if (ret == 0) {
        remove_lost(c, BC_RECORDING_REPLAY);
        remove_lost(c, BC_RECORDING_CLIP);
    } else if (ret != -ECANCELED) {
        bc_error(NULL, "catalogue: the folders under %s cannot be read: %s", c->data_dir,
            strerror(-ret));
    }
    post_scan_over(c);
    return NULL;
}

static void
start_scan(struct bc_catalogue *c)
{
    c->scan_again = c->scanning;
    if (c->scanning || atomic_load(&c->stop)) {
        return;
    }
    if (c->scanner_started) {
        pthread_join(c->scanner, NULL); // it is over
    }
    c->scanning = c->scanner_started =
        pthread_create(&c->scanner, NULL, scan_main, c) == 0;
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
        complain(c, "cannot be written", ret);
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
    post_scan_over(c);
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
    flush(c);
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
