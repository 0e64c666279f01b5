// SPDX-License-Identifier: Apache-2.0
#include "library_impl.h"

#include <assert.h>

static void
call_waiters(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct library_box *box = bc_container_of(task, struct library_box, task);
    struct bc_library *lib = box->lib;
    struct bc_list now; // those that ask from within come in the next turn
    bc_list_init(&now);
    pthread_mutex_lock(&lib->lock);
    box->posted = false;
    bc_list_splice(&now, &box->waiters);
    while (!bc_list_empty(&now)) {
        struct bc_library_waiter *w =
            bc_container_of(now.next, struct bc_library_waiter, node);
        struct bc_recording *r = w->found;
        w->found = NULL;
        bc_list_remove(&w->node);
        pthread_mutex_unlock(&lib->lock);
        w->ready(w, r);
        bc_recording_unref(&r);
        pthread_mutex_lock(&lib->lock);
    }
    pthread_mutex_unlock(&lib->lock);
}

static struct library_box *
box_of(struct bc_library *lib, struct bc_worker *worker)
{
    size_t i = 0;
    while (i < BC_WORKER_MAX && lib->boxes[i].worker && lib->boxes[i].worker != worker) {
        i++;
    }
    assert(i < BC_WORKER_MAX); // there are no more workers
    struct library_box *box = &lib->boxes[i];
    if (!box->worker) {
        box->worker = worker;
        box->lib = lib;
        box->task.run = call_waiters;
        bc_list_init(&box->waiters);
    }
    return box;
}

void
library_deliver(
    struct bc_library *lib, struct bc_library_waiter *waiter, struct bc_recording *r)
{
    struct library_box *box = box_of(lib, waiter->worker);
    waiter->found = r ? bc_recording_ref(r) : NULL;
    bc_list_append(&box->waiters, &waiter->node);
    if (!box->posted) {
        box->posted = true;
        bc_worker_post(box->worker, &box->task);
    }
}

void
bc_library_cancel(struct bc_library *lib, struct bc_library_waiter *waiter)
{
    pthread_mutex_lock(&lib->lock);
    struct bc_recording *r = waiter->found;
    waiter->found = NULL;
    if (waiter->node.next) {
        bc_list_remove(&waiter->node);
    }
    pthread_mutex_unlock(&lib->lock);
    bc_recording_unref(&r);
}
