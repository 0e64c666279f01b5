// SPDX-License-Identifier: Apache-2.0
// The relays that were started by the API: each lives on one worker, the table tells of
// all.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "server.h"

#define LOOK_US 200000

// See server.h.
struct bc_server_relays {
    struct bc_server *server; // borrowed
    struct bc_relay *relay;   // owned
    pthread_mutex_t lock;     // guards the rest
    struct bc_list entries;   // in the order of ids
    size_t count;
    uint64_t last_id;
    bool closed; // no more are started
};

// One relay. In the table until somebody stops it, which takes it out and has its worker
// free it.
struct entry {
    struct bc_list node; // the table's
    struct bc_server_relays *table;
    struct bc_server_worker *w;
    struct bc_control_relay shown; // status and since: guarded by the table's lock
    char token[BC_CONTROL_RELAY_TOKEN_MAX + 1]; // "": none
    // The worker's.
    struct bc_relay_pull *pull;
    struct bc_relay_push *push;
    struct bc_timer look;
    struct bc_task start_task;
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
on_look(struct bc_timer *timer)
{
    struct entry *e = bc_container_of(timer, struct entry, look);
    struct bc_relay_status status;
    if (e->push) {
        bc_relay_push_status(e->push, &status);
    } else {
        bc_relay_pull_status(e->pull, &status);
    }
    show(e, &status);
    bc_timer_set(&e->look, LOOK_US);
}

static void
run_start(struct bc_task *task, struct bc_worker *worker)
{
    struct entry *e = bc_container_of(task, struct entry, start_task);
    struct bc_relay_params params = { .relay = e->table->relay,
        .webrtc = e->table->server->webrtc, .worker = worker,
        .hub = e->table->server->hub, .windows = e->w->rtp_windows,
        .viewers = e->w->windows, .srt = e->table->server->srt,
        .channel = e->shown.channel, .url = e->shown.url,
        .bearer = e->token[0] ? e->token : NULL, .loop = e->shown.loop,
        .start_at_us = e->shown.start_at_s * 1000000 };
    bc_timer_init(&e->look, worker, on_look);
    if (e->shown.push) {
        e->push = bc_relay_push_start(&params);
    } else {
        e->pull = bc_relay_pull_start(&params);
    }
    if ((!e->push && !e->pull) || bc_timer_set(&e->look, LOOK_US) != 0) {
        struct bc_relay_status status = { .state = BC_RELAY_NONE, .error = "no memory" };
        show(e, &status);
    }
}

// It is out of the table.
static void
stop_entry(struct entry *e)
{
    bc_timer_cancel(&e->look);
    bc_relay_pull_stop(e->pull);
    bc_relay_push_stop(e->push);
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
    t->count++;
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
    return t->count < BC_CONTROL_RELAYS_MAX ? 0 : -ENOSPC;
}

static int
start(void *user, struct bc_control_relay *relay, const char *token)
{
    struct bc_server_relays *t = ((struct bc_server *)user)->relays;
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

// With the lock held.
static void
take_out(struct entry *e)
{
    bc_list_remove(&e->node);
    e->table->count--;
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

static size_t
list(void *user, struct bc_control_relay *out)
{
    struct bc_server_relays *t = ((struct bc_server *)user)->relays;
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        out[n++] = bc_container_of(node, struct entry, node)->shown;
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}

const struct bc_control_relay_ops BC_SERVER_RELAY_OPS = { start, stop, list };

// --- the configuration's sources ---

// The first source of the channel that an input can read; NULL: none. The order among
// several has no meaning yet.
static const struct bc_config_source *
source_of(const struct bc_config_channel *channel)
{
    for (size_t i = 0; i < channel->sources.n; i++) {
        const struct bc_config_source *s = &channel->sources.items[i];
        if (s->kind == BC_SOURCE_PULL || s->kind == BC_SOURCE_FILE) {
            return s;
        }
    }
    return NULL;
}

// False: it has no such source, or one that is too long.
static bool
wanted_by(const struct bc_config_channel *channel, struct bc_control_relay *out)
{
    const struct bc_config_source *s = source_of(channel);
    if (!s) {
        return false;
    }
    *out = (struct bc_control_relay){ .configured = true, .loop = s->loop,
        .start_at_s = s->start_at_s };
    int n = snprintf(out->url, sizeof(out->url), "%s%s",
        s->kind == BC_SOURCE_FILE ? "file:" : "", s->value);
    snprintf(out->channel, sizeof(out->channel), "%s", channel->name);
    if ((size_t)n >= sizeof(out->url) || !bc_relay_knows(out->url, false)) {
        bc_warn(NULL, "channels.%s.sources: nothing can be pulled from %.100s",
            channel->name, s->value);
        return false;
    }
    return true;
}

static bool
is_wanted(const struct bc_config *config, const struct bc_control_relay *shown)
{
    struct bc_control_relay wanted;
    const struct bc_config_channel *channel = bc_config_channel(config, shown->channel);
    return channel && wanted_by(channel, &wanted) && wanted.loop == shown->loop
        && wanted.start_at_s == shown->start_at_s && strcmp(wanted.url, shown->url) == 0;
}

static void
stop_unwanted(struct bc_server_relays *t, const struct bc_config *config)
{
    pthread_mutex_lock(&t->lock);
    bc_list_for_each(node, tmp, &t->entries)
    {
        struct entry *e = bc_container_of(node, struct entry, node);
        if (e->shown.configured && !is_wanted(config, &e->shown)) {
            take_out(e);
            bc_worker_post(e->w->worker, &e->stop_task);
        }
    }
    pthread_mutex_unlock(&t->lock);
}

void
bc_server_relays_follow(struct bc_server_relays *t, const struct bc_config *config)
{
    stop_unwanted(t, config);
    for (size_t i = 0; i < config->n_channels; i++) {
        struct bc_control_relay wanted;
        int ret = wanted_by(&config->channels[i], &wanted)
            ? start(t->server, &wanted, NULL)
            : 0;
        if (ret != 0 && ret != -EEXIST) {
            bc_error(NULL, "the source of %s cannot be started: %s",
                config->channels[i].name, strerror(-ret));
        }
    }
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

void
bc_server_relays_destroy(struct bc_server_relays *t)
{
    if (t) {
        bc_relay_destroy(t->relay);
        pthread_mutex_destroy(&t->lock);
        free(t);
    }
}
