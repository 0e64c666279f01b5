// SPDX-License-Identifier: Apache-2.0
// The relays, of the API and of the configuration: each lives on one worker, the table
// tells of all.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "relays.h"

#define LOOK_US 200000

// One relay. In the table until somebody stops it, which takes it out and has its worker
// free it.
struct entry {
    struct bc_list node; // the table's
    struct bc_server_relays *table;
    struct bc_server_worker *w;
    struct bc_control_relay shown; // status, since, enabled: guarded by the table's lock
    char token[BC_CONTROL_RELAY_TOKEN_MAX + 1]; // "": none
    int64_t wanted_us; // on demand: when it was last asked for; guarded as well
    bool look_posted;  // as well
    // The worker's.
    struct bc_relay_pull *pull;
    struct bc_relay_push *push;
    int64_t idle_since_us; // on demand; 0: somebody watches
    struct bc_timer look;
    struct bc_task start_task;
    struct bc_task look_task;
    struct bc_task stop_task;
};

// --- on the worker ---

static void
show(struct entry *e, const struct bc_relay_status *status)
{
    pthread_mutex_lock(&e->table->lock);
    if (status->state != e->shown.status.state) {
        e->shown.since_wall_us = bc_clock_wall_us();
    }
    e->shown.status = *status;
    pthread_mutex_unlock(&e->table->lock);
}

static void
run(struct entry *e)
{
    struct bc_server *s = e->table->server;
    struct bc_relay_params params = { .relay = e->table->relay, .webrtc = s->webrtc,
        .worker = e->w->worker, .hub = s->hub, .windows = e->w->rtp_windows,
        .viewers = e->w->windows, .srt = s->srt, .channel = e->shown.channel,
        .url = e->shown.url, .bearer = e->token[0] ? e->token : NULL,
        .loop = e->shown.loop, .trusted = e->shown.configured,
        .start_at_us = e->shown.start_at_s * 1000000 };
    if (e->shown.push) {
        e->push = bc_relay_push_start(&params);
    } else {
        e->pull = bc_relay_pull_start(&params);
    }
}

static void
rest(struct entry *e)
{
    bc_relay_pull_stop(e->pull);
    bc_relay_push_stop(e->push);
    e->pull = NULL;
    e->push = NULL;
}

// Whether a pull on demand has nobody to run for, and that for long enough.
static bool
is_idle(struct entry *e, int64_t wanted_us)
{
    struct bc_server *s = e->table->server;
    int64_t now = bc_clock_us();
    struct bc_config *config = bc_hub_config(s->hub);
    bool demand = bc_server_demand(s, config, e->shown.channel, true);
    bc_config_unref(&config);
    if (demand || e->idle_since_us == 0) {
        e->idle_since_us = demand ? 0 : now;
    }
    bool wanted = wanted_us != 0 && now - wanted_us < BC_SERVER_WANTED_US;
    bool lingers = e->pull && now - e->idle_since_us < e->shown.idle_s * 1000000;
    return !demand && !wanted && !lingers;
}

static void
tell(struct entry *e, bool enabled)
{
    struct bc_relay_status status = { .state = BC_RELAY_NONE, .error = "no memory" };
    if (e->push) {
        bc_relay_push_status(e->push, &status);
    } else if (e->pull) {
        bc_relay_pull_status(e->pull, &status);
    } else if (!enabled || e->shown.on_demand) {
        pthread_mutex_lock(&e->table->lock);
        status = e->shown.status; // what it was: attempts, the last error
        pthread_mutex_unlock(&e->table->lock);
        status.state = enabled ? BC_RELAY_IDLE : BC_RELAY_STOPPED;
    }
    show(e, &status);
}

// Lets it run or rest, as it should.
static void
look(struct entry *e)
{
    pthread_mutex_lock(&e->table->lock);
    bool enabled = e->shown.enabled;
    int64_t wanted_us = e->wanted_us;
    pthread_mutex_unlock(&e->table->lock);
    bool runs = enabled && !(e->shown.on_demand && is_idle(e, wanted_us));
    if (runs && !e->pull && !e->push) {
        run(e);
    } else if (!runs) {
        rest(e);
    }
    tell(e, enabled);
    bc_timer_set(&e->look, LOOK_US);
}

static void
on_look(struct bc_timer *timer)
{
    look(bc_container_of(timer, struct entry, look));
}

static void
run_look(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct entry *e = bc_container_of(task, struct entry, look_task);
    pthread_mutex_lock(&e->table->lock);
    e->look_posted = false;
    pthread_mutex_unlock(&e->table->lock);
    look(e);
}

static void
run_start(struct bc_task *task, struct bc_worker *worker)
{
    struct entry *e = bc_container_of(task, struct entry, start_task);
    bc_timer_init(&e->look, worker, on_look);
    look(e);
}

// It is out of the table.
static void
stop_entry(struct entry *e)
{
    bc_timer_cancel(&e->look);
    rest(e);
    free(e);
}

static void
run_stop(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    stop_entry(bc_container_of(task, struct entry, stop_task));
}

// --- the API, on any worker ---

static struct entry *
make_entry(struct bc_server_relays *t, const struct bc_control_relay *wanted,
    const char *token)
{
    struct entry *e = calloc(1, sizeof(*e));
    if (!e) {
        return NULL;
    }
    bc_list_init(&e->node);
    bc_list_init(&e->start_task.node);
    e->start_task.run = run_start;
    bc_list_init(&e->look_task.node);
    e->look_task.run = run_look;
    bc_list_init(&e->stop_task.node);
    e->stop_task.run = run_stop;
    e->table = t;
    e->shown = *wanted;
    e->shown.status = (struct bc_relay_status){ .state = BC_RELAY_WAITING };
    e->shown.since_wall_us = bc_clock_wall_us();
    if (token) {
        memcpy(e->token, token, strlen(token) + 1);
    }
    return e;
}

// With the lock held.
static bool
is_there(const struct bc_server_relays *t, const struct bc_control_relay *wanted)
{
    bc_list_for_each(node, tmp, &t->entries)
    {
        const struct entry *e = bc_container_of(node, struct entry, node);
        if (e->shown.push == wanted->push && strcmp(e->shown.url, wanted->url) == 0
            && strcmp(e->shown.channel, wanted->channel) == 0) {
            return true;
        }
    }
    return false;
}

// With the lock held, so that its stop comes after its start in the worker's inbox, and
// both before the drain.
static void
add_entry(struct bc_server_relays *t, struct entry *e)
{
    e->shown.id = ++t->last_id;
    e->w = &t->server->workers[t->last_id % t->server->worker_count];
    bc_list_append(&t->entries, &e->node);
    t->api_count += e->shown.configured ? 0 : 1;
    bc_worker_post(e->w->worker, &e->start_task);
}

// With the lock held. 0 or why not.
static int
check_room(const struct bc_server_relays *t, const struct bc_control_relay *wanted)
{
    if (t->closed) {
        return -ESHUTDOWN;
    }
    if (is_there(t, wanted)) {
        return -EEXIST;
    }
    return wanted->configured || t->api_count < BC_CONTROL_RELAYS_API_MAX ? 0 : -ENOSPC;
}

int
bc_server_relays_add(
    struct bc_server_relays *t, struct bc_control_relay *relay, const char *token)
{
    if (!bc_relay_knows(relay->url, relay->push)) {
        return -EPROTONOSUPPORT;
    }
    struct entry *e = make_entry(t, relay, token);
    if (!e) {
        return -ENOMEM;
    }
    pthread_mutex_lock(&t->lock);
    int ret = check_room(t, relay);
    if (ret == 0) {
        add_entry(t, e);
        *relay = e->shown;
    }
    pthread_mutex_unlock(&t->lock);
    if (ret != 0) {
        free(e);
    }
    return ret;
}

static int
start(void *user, struct bc_control_relay *relay, const char *token)
{
    relay->enabled = true;
    return bc_server_relays_add(((struct bc_server *)user)->relays, relay, token);
}

// With the lock held.
static void
take_out(struct entry *e)
{
    bc_list_remove(&e->node);
    e->table->api_count -= e->shown.configured ? 0 : 1;
}

static bool
stop(void *user, uint64_t id)
{
    struct bc_server_relays *t = ((struct bc_server *)user)->relays;
    bool found = false;
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        struct entry *e = bc_container_of(node, struct entry, node);
        if (e->shown.id == id) {
            found = true;
            take_out(e);
            bc_worker_post(e->w->worker, &e->stop_task);
            break;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

// With the lock held: before its stop, and before the drain, in the worker's inbox.
static void
post_look(struct entry *e)
{
    if (!e->look_posted && !e->table->closed) {
        e->look_posted = true;
        bc_worker_post(e->w->worker, &e->look_task);
    }
}

static bool
enable(void *user, uint64_t id, bool on)
{
    struct bc_server_relays *t = ((struct bc_server *)user)->relays;
    bool found = false;
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        struct entry *e = bc_container_of(node, struct entry, node);
        if (e->shown.id == id) {
            found = true;
            e->shown.enabled = on;
            post_look(e);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

static size_t
list(void *user, struct bc_control_relay *out)
{
    struct bc_server *s = user;
    struct bc_server_relays *t = s->relays;
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        if (n < BC_CONTROL_RELAYS_MAX) {
            out[n++] = bc_container_of(node, struct entry, node)->shown;
        }
    }
    pthread_mutex_unlock(&t->lock);
    return n + bc_server_edges_list(s->edges, out + n, BC_CONTROL_RELAYS_MAX - n);
}

const struct bc_control_relay_ops BC_SERVER_RELAY_OPS = { start, stop, enable, list };

// --- what the configuration and viewers want ---

void
bc_server_relays_stop_if(struct bc_server_relays *t,
    bool (*unwanted)(const struct bc_config *config, const struct bc_control_relay *shown),
    const struct bc_config *config)
{
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        struct entry *e = bc_container_of(node, struct entry, node);
        if (e->shown.configured && unwanted(config, &e->shown)) {
            take_out(e);
            bc_worker_post(e->w->worker, &e->stop_task);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

bool
bc_server_relays_want(struct bc_server_relays *t, const char *channel)
{
    bool wanted = false;
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        struct entry *e = bc_container_of(node, struct entry, node);
        if (e->shown.on_demand && e->shown.enabled
            && strcmp(e->shown.channel, channel) == 0) {
            bool idle = e->shown.status.state == BC_RELAY_IDLE;
            // One that has failed already and tries again gives no hope for now.
            wanted = wanted || idle || e->shown.status.state != BC_RELAY_WAITING
                || !e->shown.status.error[0];
            e->wanted_us = bc_clock_us();
            if (idle) {
                post_look(e);
            }
        }
    }
    pthread_mutex_unlock(&t->lock);
    return wanted;
}

bool
bc_server_relays_push(struct bc_server_relays *t, const char *channel)
{
    bool found = false;
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        const struct entry *e = bc_container_of(node, struct entry, node);
        found = found
            || (e->shown.push && e->shown.enabled
                && strcmp(e->shown.channel, channel) == 0);
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

// --- life ---

// Who listens for media on one address only sends from there, too.
static const char *
only_address(const struct bc_config_listen_list *listen)
{
    const char *host = listen->n > 0 ? listen->items[0].host : "";
    for (size_t i = 1; i < listen->n; i++) {
        if (strcmp(listen->items[i].host, host) != 0) {
            return NULL;
        }
    }
    bool any = strcmp(host, "") == 0 || strcmp(host, "0.0.0.0") == 0
        || strcmp(host, "::") == 0;
    return any ? NULL : host;
}

struct bc_server_relays *
bc_server_relays_create(struct bc_server *server)
{
    struct bc_server_relays *t = calloc(1, sizeof(*t));
    if (!t) {
        return NULL;
    }
    char media_dir[PATH_MAX];
    const struct bc_config *config = server->config;
    bool own = config->relay.media_dir[0] != '\0';
    snprintf(media_dir, sizeof(media_dir), "%s%s",
        own ? config->relay.media_dir : config->data.dir, own ? "" : "/media");
    struct bc_relay_options options = { .ice_servers = config->webrtc.ice_servers,
        .bind_address = only_address(&config->webrtc.listen),
        .media_dir = media_dir,
        .allow_private = config->relay.allow_private,
        .max_inputs = (unsigned)config->relay.max_inputs };
    t->server = server;
    t->relay = bc_relay_create(&options);
    if (!t->relay) {
        free(t);
        return NULL;
    }
    pthread_mutex_init(&t->lock, NULL);
    bc_list_init(&t->entries);
    return t;
}

void
bc_server_relays_close(struct bc_server_relays *t)
{
    pthread_mutex_lock(&t->lock);
    t->closed = true;
    pthread_mutex_unlock(&t->lock);
}

void
bc_server_relays_drain(struct bc_server_relays *t, const struct bc_server_worker *w)
{
    struct bc_list mine;
    bc_list_init(&mine);
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        struct entry *e = bc_container_of(node, struct entry, node);
        if (e->w == w) {
            take_out(e);
            bc_list_append(&mine, &e->node);
        }
    }
    pthread_mutex_unlock(&t->lock);
    bc_list_for_each(node, tmp, &mine)
    {
        bc_list_remove(node);
        stop_entry(bc_container_of(node, struct entry, node));
    }
}

struct bc_relay *
bc_server_relays_threads(struct bc_server_relays *t)
{
    return t->relay;
}

void
bc_server_relays_destroy(struct bc_server_relays *t)
{
    if (t) {
        bc_relay_destroy(t->relay);
        pthread_mutex_destroy(&t->lock);
        free(t);
    }
}
