// SPDX-License-Identifier: Apache-2.0
#include "net/disk.h"

#include <stdatomic.h>
#include <stdlib.h>

#define THREADS_MAX 8

struct bc_disk {
    struct bc_worker *threads[THREADS_MAX]; // owned
    unsigned count;
    atomic_uint next; // thread that gets the next task
};

static bool
start_thread(struct bc_disk *disk, unsigned index)
{
    struct bc_worker *thread = bc_worker_create(index);
    if (!thread) {
        return false;
    }
    if (bc_worker_start(thread) != 0) {
        bc_worker_destroy(thread);
        return false;
    }
    disk->threads[disk->count++] = thread;
    return true;
}

struct bc_disk *
bc_disk_create(unsigned threads)
{
    struct bc_disk *disk = calloc(1, sizeof(*disk));
    if (!disk) {
        return NULL;
    }
    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    for (unsigned i = 0; i < threads; i++) {
        if (!start_thread(disk, i)) {
            bc_disk_destroy(disk);
            return NULL;
        }
    }
    return disk;
}

void
bc_disk_destroy(struct bc_disk *disk)
{
    if (!disk) {
        return;
    }
    for (unsigned i = 0; i < disk->count; i++) {
        bc_worker_stop(disk->threads[i]); // a message too: it comes after what is queued
    }
    for (unsigned i = 0; i < disk->count; i++) {
        bc_worker_join(disk->threads[i]);
    }
    bool any = true;
    while (any) {
        any = false;
        for (unsigned i = 0; i < disk->count; i++) {
            any = bc_worker_run_leftovers(disk->threads[i]) || any;
        }
    }
    for (unsigned i = 0; i < disk->count; i++) {
        bc_worker_destroy(disk->threads[i]);
    }
    free(disk);
}

void
bc_disk_post(struct bc_disk *disk, struct bc_task *task)
{
    unsigned turn = atomic_fetch_add_explicit(&disk->next, 1, memory_order_relaxed);
    bc_worker_post(disk->threads[turn % disk->count], task);
}
