// SPDX-License-Identifier: Apache-2.0
// The channels that this server has from its origins while somebody watches them. The table
// tells of all; each lives on one worker.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "net/timer.h"
#include "relay/relay.h"
#include "parts.h"
#include "stream/via.h"

#define LOOK_US 100000
#define LOOK_TRYING_US 5000
// Names asked for, whether origins have them or not; who asks for more has to come again.
#define NAMES_MAX 1024
// Names of which it is not known yet whether an origin has them, and how many are begun in
// a second: made-up names must not become a flood at the origins.
#define TRYING_MAX 16
#define TRIES_PER_S 50
// So long a name that no origin has is not asked for again.
#define REFUSED_US 1500000

// See server.h.
struct bc_server_edges {
    struct bc_server *server; // borrowed
    pthread_mutex_t lock;     // guards the rest
    struct edge *edges;
    unsigned trying;
    unsigned tries;           // in the second that began at
    int64_t second_us;
    unsigned next_worker;
    uint64_t last_id;
    bool closed;
};

// One name. In the table until nobody wants it; refused ones until their place is needed.
struct edge {
    UT_hash_handle hh;
    struct bc_server_edges *table;
    char name[BC_CHANNEL_NAME_MAX + 1];
    // Guarded by the table's lock.
    bool active; // its worker has it
    bool trying;
    int64_t refused_until_us;
    int64_t wanted_us; // when somebody last asked for it
    char via[BC_VIA_TEXT];
    struct bc_server_worker *w;
    struct bc_control_relay shown;
    // The worker's.
    struct bc_relay_pull *pull;
    struct bc_timer look;
    int64_t idle_since_us; // 0: somebody watches
    struct bc_task start_task;
};

// --- on the worker ---

// With the lock held.
static void
end_trying(struct edge *e)
{
    if (e->trying) {
        e->trying = false;
        e->table->trying--;
    }
}

static void
stop_pull(struct edge *e)
{
    bc_timer_cancel(&e->look);
    bc_relay_pull_stop(e->pull);
    e->pull = NULL;
}

// No origin has it (any more); that is remembered for a moment.
static void
refuse(struct edge *e)
{
    stop_pull(e);
    pthread_mutex_lock(&e->table->lock);
    end_trying(e);
    e->active = false;
    e->refused_until_us = bc_clock_us() + REFUSED_US;
    pthread_mutex_unlock(&e->table->lock);
}

static void
forget(struct edge *e)
{
    struct bc_server_edges *t = e->table;
    stop_pull(e);
    pthread_mutex_lock(&t->lock);
    end_trying(e);
    HASH_DEL(t->edges, e);
    pthread_mutex_unlock(&t->lock);
    free(e);
}

static bool
is_idle(struct edge *e, const struct bc_config *config, int64_t now)
{
    pthread_mutex_lock(&e->table->lock);
    int64_t wanted_us = e->wanted_us;
    pthread_mutex_unlock(&e->table->lock);
    if (bc_server_demand(e->table->server, config, e->name, false)) {
        e->idle_since_us = 0;
    } else if (e->idle_since_us == 0) {
        e->idle_since_us = now;
    }
    return e->idle_since_us && now - wanted_us > BC_SERVER_WANTED_US
        && now - e->idle_since_us > config->relay.edge_grace_s * 1000000;
}

static void
show(struct edge *e, const struct bc_relay_status *status)
{
    pthread_mutex_lock(&e->table->lock);
    if (status->state != e->shown.status.state) {
        e->shown.since_wall_us = bc_clock_wall_us();
    }
    e->shown.status = *status;
    if (status->state == BC_RELAY_CONNECTED) {
        end_trying(e);
    }
    pthread_mutex_unlock(&e->table->lock);
}

static void
on_look(struct bc_timer *timer)
{
    struct edge *e = bc_container_of(timer, struct edge, look);
    struct bc_relay_status status;
    bc_relay_pull_status(e->pull, &status);
    show(e, &status);
    if (status.state == BC_RELAY_ENDED) {
        refuse(e);
        return;
    }
    struct bc_config *config = bc_hub_config(e->table->server->hub);
    bool stop = is_idle(e, config, bc_clock_us()) || config->relay.origins.n == 0
        || bc_config_channel(config, e->name);
    bc_config_unref(&config);
    if (stop) {
        forget(e);
    } else {
        bool trying = status.state == BC_RELAY_CONNECTING;
        bc_timer_set(&e->look, trying ? LOOK_TRYING_US : LOOK_US);
    }
}

static void
run_start(struct bc_task *task, struct bc_worker *worker)
{
    struct edge *e = bc_container_of(task, struct edge, start_task);
    struct bc_server *s = e->table->server;
    struct bc_config *config = bc_hub_config(s->hub);
    struct bc_relay_params params = { .relay = bc_server_relays_threads(s->relays),
        .worker = worker, .hub = s->hub, .channel = e->name,
        .origins = &config->relay.origins, .via = e->via };
    bc_timer_init(&e->look, worker, on_look);
    e->idle_since_us = 0;
    e->pull = bc_hub_is_draining(s->hub) ? NULL : bc_relay_pull_start(&params);
    bc_config_unref(&config);
    if (!e->pull || bc_timer_set(&e->look, LOOK_TRYING_US) != 0) {
        refuse(e);
    }
}

// --- who wants what, on any thread ---

// With the lock held.
static bool
may_try(struct bc_server_edges *t, int64_t now)
{
    if (now - t->second_us > 1000000) {
        t->second_us = now;
        t->tries = 0;
    }
    return !t->closed && t->trying < TRYING_MAX && t->tries < TRIES_PER_S;
}

// With the lock held. Makes room where a refusal is forgotten.
static bool
make_room(struct bc_server_edges *t, int64_t now)
{
    if (HASH_COUNT(t->edges) < NAMES_MAX) {
        return true;
    }
    struct edge *e;
    struct edge *tmp;
    HASH_ITER(hh, t->edges, e, tmp)
    {
        if (!e->active && e->refused_until_us < now) {
            HASH_DEL(t->edges, e);
            free(e);
            return true;
        }
    }
    return false;
}

// With the lock held.
static struct edge *
add(struct bc_server_edges *t, const char *name, int64_t now)
{
    struct edge *e = make_room(t, now) ? calloc(1, sizeof(*e)) : NULL;
    if (!e) {
        return NULL;
    }
    e->table = t;
    snprintf(e->name, sizeof(e->name), "%s", name);
    bc_list_init(&e->start_task.node);
    e->start_task.run = run_start;
    HASH_ADD_STR(t->edges, name, e);
    return e;
}

// With the lock held.
static void
begin(struct edge *e, const char *via)
{
    struct bc_server_edges *t = e->table;
    e->active = true;
    e->trying = true;
    t->trying++;
    t->tries++;
    snprintf(e->via, sizeof(e->via), "%s", via);
    e->w = &t->server->workers[t->next_worker++ % t->server->worker_count];
    e->shown = (struct bc_control_relay){ .id = BC_SERVER_EDGE_IDS + ++t->last_id,
        .configured = true, .edge = true,
        .status = { .state = BC_RELAY_CONNECTING }, .since_wall_us = bc_clock_wall_us() };
    snprintf(e->shown.channel, sizeof(e->shown.channel), "%s", e->name);
    bc_worker_post(e->w->worker, &e->start_task);
}

bool
bc_server_edges_want(struct bc_server_edges *t, const char *name, const char *via)
{
    int64_t now = bc_clock_us();
    pthread_mutex_lock(&t->lock);
    struct edge *e;
    HASH_FIND_STR(t->edges, name, e);
    bool refused = e && !e->active && now < e->refused_until_us;
    if (!refused && (!e || !e->active)) {
        e = !may_try(t, now) ? NULL : e ? e : add(t, name, now);
        if (e) {
            begin(e, via);
        }
    }
    if (e) {
        e->wanted_us = now;
    }
    pthread_mutex_unlock(&t->lock);
    return e && !refused;
}

size_t
bc_server_edges_list(
    struct bc_server_edges *t, struct bc_control_relay *out, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    for (struct edge *e = t->edges; e && n < max; e = e->hh.next) {
        if (e->active && !e->trying) {
            out[n++] = e->shown;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}

// --- life ---

struct bc_server_edges *
bc_server_edges_create(struct bc_server *server)
{
    struct bc_server_edges *t = calloc(1, sizeof(*t));
    if (t) {
        t->server = server;
        pthread_mutex_init(&t->lock, NULL);
    }
    return t;
}

void
bc_server_edges_close(struct bc_server_edges *t)
{
    pthread_mutex_lock(&t->lock);
    t->closed = true;
    pthread_mutex_unlock(&t->lock);
}

void
bc_server_edges_drain(struct bc_server_edges *t, const struct bc_server_worker *w)
{
    struct edge *mine[NAMES_MAX];
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    for (struct edge *e = t->edges; e; e = e->hh.next) {
        if (e->active && e->w == w) {
            mine[n++] = e;
        }
    }
    pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < n; i++) {
        refuse(mine[i]); // it may still have its start to come
    }
}

void
bc_server_edges_destroy(struct bc_server_edges *t)
{
    if (!t) {
        return;
    }
    struct edge *e;
    struct edge *tmp;
    HASH_ITER(hh, t->edges, e, tmp)
    {
        HASH_DEL(t->edges, e);
        free(e);
    }
    pthread_mutex_destroy(&t->lock);
    free(t);
}
