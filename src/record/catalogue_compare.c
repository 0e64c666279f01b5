// SPDX-License-Identifier: Apache-2.0
// The catalogue compared with the folders, on a thread of its own: what it lacks is added,
// what is gone is removed.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue_impl.h"
#include "catalogue_scan.h"

#define PAGE 500 // entries looked at at a time

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
    bc_catalogue_post_change(c, BC_CATALOGUE_ADD, true, entry);
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
                bc_catalogue_post_change(c, BC_CATALOGUE_REMOVE, true, e);
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
        bc_catalogue_start_compare(c);
    }
}

void
bc_catalogue_post_compared(struct bc_catalogue *c)
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
    bc_catalogue_post_compared(c);
    return NULL;
}

void
bc_catalogue_start_compare(struct bc_catalogue *c)
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
