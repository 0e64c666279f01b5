// SPDX-License-Identifier: Apache-2.0
#include "errand.h"

#include <stdio.h>
#include <stdlib.h>

#include "control_internal.h"

static void
on_gone(void *user)
{
    struct bc_errand *e = user;
    e->x = NULL;
    if (e->waits) {
        bc_library_cancel(e->control->params.library, &e->waiter);
        bc_errand_end(e);
    }
}

struct bc_errand *
bc_errand_begin(struct bc_control *control, struct bc_http_exchange *x)
{
    if (!control->params.catalogue || !control->params.library) {
        bc_control_respond_error(x, 503, "no_recordings",
            "this server keeps no recordings", NULL);
        return NULL;
    }
    struct bc_errand *e = calloc(1, sizeof(*e));
    if (!e) {
        bc_control_respond_json(x, 200, NULL);
        return NULL;
    }
    e->control = control;
    e->x = x;
    e->query.filter.limit = 1;
    e->query.worker = bc_http_worker(x);
    bc_list_init(&e->waiter.node);
    return e;
}

void
bc_errand_open_one(struct bc_errand *e, enum bc_recording_kind kind, const char *id,
    bool (*then)(struct bc_errand *e, struct bc_recording *r))
{
    e->query.filter.kind = kind;
    snprintf(e->query.filter.id, sizeof(e->query.filter.id), "%s", id);
    e->one = true;
    e->open = true;
    e->answer = then;
}

void
bc_errand_end(struct bc_errand *e)
{
    free(e->query.entries);
    free(e);
}

static void
answer(struct bc_errand *e, struct bc_recording *r)
{
    if (!e->x || e->answer(e, r)) {
        bc_errand_end(e);
    }
}

static void
on_opened(struct bc_library_waiter *waiter, struct bc_recording *r)
{
    struct bc_errand *e = bc_container_of(waiter, struct bc_errand, waiter);
    e->waits = false;
    answer(e, r);
}

static void
respond_none(struct bc_errand *e)
{
    bool clip = e->query.filter.kind == BC_RECORDING_CLIP;
    bool of_channel = e->query.filter.channel[0] != '\0';
    bc_control_respond_error(e->x, 404,
        of_channel ? "no_recording" : clip ? "no_such_clip" : "no_such_replay",
        of_channel ? "nothing of this channel is recorded"
            : clip ? "there is no clip of this id"
                   : "there is no replay of this id",
        NULL);
}

static void
on_listed(struct bc_catalogue_query *query)
{
    struct bc_errand *e = bc_container_of(query, struct bc_errand, query);
    if (!e->x) {
        bc_errand_end(e);
        return;
    }
    if (query->failed) {
        bc_control_respond_error(e->x, 503, "catalogue_unreadable",
            "the catalogue cannot be read; the log says why", NULL);
        bc_errand_end(e);
        return;
    }
    if (e->one && query->count == 0) {
        respond_none(e);
        bc_errand_end(e);
        return;
    }
    const struct bc_catalogue_entry *first = query->entries;
    bool clip = e->query.filter.kind == BC_RECORDING_CLIP;
    if (!e->open || (clip && first->state != BC_CATALOGUE_READY)) {
        answer(e, NULL);
        return;
    }
    e->waits = true;
    e->waiter.worker = query->worker;
    e->waiter.ready = on_opened;
    bc_library_get(e->control->params.library, first->info.kind, first->info.id,
        query->worker, &e->waiter);
}

void
bc_errand_watch(struct bc_errand *e)
{
    bc_http_on_gone(e->x, on_gone, e);
}

void
bc_errand_ask(struct bc_errand *e)
{
    e->query.done = on_listed;
    bc_errand_watch(e);
    bc_catalogue_ask(e->control->params.catalogue, &e->query);
}
