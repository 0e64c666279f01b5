// SPDX-License-Identifier: Apache-2.0
// The worker's half of an ICE agent, and what goes between the threads.
#include "nice_agent_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What may wait for the other thread: as much as a socket's buffer would take.
#define QUEUE_BYTES (1024 * 1024)

void
relay_agent_unref(struct relay_agent *agent)
{
    if (atomic_fetch_sub(&agent->refs, 1) != 1) {
        return;
    }
    relay_datagrams_clear(&agent->outgoing);
    relay_datagrams_clear(&agent->incoming);
    free(agent->reserved);
    relay_local_finish(&agent->local);
    relay_remote_finish(agent->remote);
    pthread_mutex_destroy(&agent->lock);
    free(agent);
}

// --- datagrams ---

void
relay_datagrams_clear(struct relay_datagrams *q)
{
    bc_list_for_each(node, tmp, &q->list)
    {
        bc_list_remove(node);
        free(bc_container_of(node, struct relay_datagram, node));
    }
    q->bytes = 0;
}

static void
move_all(struct relay_datagrams *to, struct relay_datagrams *from)
{
    bc_list_init(&to->list);
    bc_list_splice(&to->list, &from->list);
    to->bytes = from->bytes;
    from->bytes = 0;
}

static bool
push(struct relay_datagrams *q, struct relay_datagram *d)
{
    if (q->bytes + sizeof(*d) + d->len > QUEUE_BYTES) {
        return false;
    }
    q->bytes += sizeof(*d) + d->len;
    bc_list_append(&q->list, &d->node);
    return true;
}

// --- to the worker ---

// With the lock held.
static void
post_to_worker(struct relay_agent *agent)
{
    if (!agent->gone && !agent->worker_posted) {
        agent->worker_posted = true;
        atomic_fetch_add(&agent->refs, 1);
        bc_worker_post(agent->worker, &agent->worker_task);
    }
}

void
relay_agent_tell(
    struct relay_agent *agent, enum relay_agent_news news, const char *reason)
{
    pthread_mutex_lock(&agent->lock);
    agent->news |= news;
    if (reason && !agent->reason[0]) {
        snprintf(agent->reason, sizeof(agent->reason), "%s", reason);
    }
    post_to_worker(agent);
    pthread_mutex_unlock(&agent->lock);
}

void
relay_agent_receive(struct relay_agent *agent, const void *data, size_t len)
{
    struct relay_datagram *d = malloc(sizeof(*d) + len);
    if (!d) {
        return; // lost, as on the way
    }
    bc_list_init(&d->node);
    d->len = len;
    memcpy(d->data, data, len);
    pthread_mutex_lock(&agent->lock);
    bool taken = !agent->gone && push(&agent->incoming, d);
    if (taken) {
        post_to_worker(agent);
    }
    pthread_mutex_unlock(&agent->lock);
    if (!taken) {
        free(d);
    }
}

static void
deliver(struct relay_agent *agent, struct relay_datagrams *datagrams)
{
    bool any = false;
    bc_list_for_each(node, tmp, &datagrams->list)
    {
        if (agent->destroyed) {
            return;
        }
        struct relay_datagram *d = bc_container_of(node, struct relay_datagram, node);
        agent->ops->on_data(agent->user, d->data, d->len);
        any = true;
    }
    if (any && !agent->destroyed) {
        agent->ops->on_batch_end(agent->user);
    }
}

static void
run_worker(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct relay_agent *agent = bc_container_of(task, struct relay_agent, worker_task);
    struct relay_datagrams datagrams;
    pthread_mutex_lock(&agent->lock);
    agent->worker_posted = false;
    move_all(&datagrams, &agent->incoming);
    unsigned news = agent->news;
    agent->news = 0;
    pthread_mutex_unlock(&agent->lock);
    if (!agent->destroyed && news & RELAY_AGENT_GATHERED) {
        agent->ops->on_gathered(agent->user, &agent->local);
    }
    if (!agent->destroyed && news & RELAY_AGENT_READY) {
        agent->ops->on_ready(agent->user);
    }
    deliver(agent, &datagrams);
    if (!agent->destroyed && news & RELAY_AGENT_WRITABLE) {
        agent->ops->on_writable(agent->user);
    }
    if (!agent->destroyed && news & RELAY_AGENT_FAILED) {
        agent->ops->on_failed(agent->user, agent->reason);
    }
    relay_datagrams_clear(&datagrams);
    relay_agent_unref(agent);
}

// --- to libnice's thread ---

static void
run_nice(struct relay_nice_task *task)
{
    struct relay_agent *agent = bc_container_of(task, struct relay_agent, nice_task);
    struct relay_datagrams datagrams;
    pthread_mutex_lock(&agent->lock);
    agent->nice_posted = false;
    move_all(&datagrams, &agent->outgoing);
    bool gone = agent->gone;
    struct relay_remote *remote = agent->remote;
    agent->remote = NULL;
    if (agent->starved) {
        agent->starved = false;
        agent->news |= RELAY_AGENT_WRITABLE;
        post_to_worker(agent);
    }
    pthread_mutex_unlock(&agent->lock);
    if (gone) {
        relay_agent_send_all(agent, &datagrams); // the farewell
        relay_agent_close(agent);
    } else {
        relay_agent_open(agent);
        if (remote) {
            relay_agent_connect(agent, remote);
        }
        relay_agent_send_all(agent, &datagrams);
    }
    relay_remote_finish(remote);
    relay_datagrams_clear(&datagrams);
    relay_agent_unref(agent);
}

// With the lock held.
static void
post_to_nice(struct relay_agent *agent)
{
    if (!agent->nice_posted) {
        agent->nice_posted = true;
        atomic_fetch_add(&agent->refs, 1);
        relay_nice_post(agent->nice, &agent->nice_task);
    }
}

// --- the worker's calls ---

static void
copy_params(struct relay_agent *agent, const struct relay_agent_params *p)
{
    agent->nice = p->nice;
    agent->worker = p->worker;
    agent->ops = p->ops;
    agent->user = p->user;
    agent->controlling = p->controlling;
    agent->relay_only = p->relay_only;
    agent->port_min = p->port_min;
    agent->port_max = p->port_max;
    agent->server_count = p->server_count < RELAY_ICE_SERVERS_MAX ? p->server_count
                                                                  : RELAY_ICE_SERVERS_MAX;
    if (agent->server_count > 0) {
        memcpy(agent->servers, p->servers, agent->server_count * sizeof(*p->servers));
    }
    snprintf(agent->local_address, sizeof(agent->local_address), "%s",
        p->local_address ? p->local_address : "");
}

struct relay_agent *
relay_agent_create(const struct relay_agent_params *params)
{
    struct relay_agent *agent = calloc(1, sizeof(*agent));
    if (!agent) {
        return NULL;
    }
    copy_params(agent, params);
    agent->refs = 2;
    pthread_mutex_init(&agent->lock, NULL);
    bc_list_init(&agent->outgoing.list);
    bc_list_init(&agent->incoming.list);
    bc_list_init(&agent->worker_task.node);
    agent->worker_task.run = run_worker;
    bc_list_init(&agent->nice_task.node);
    agent->nice_task.run = run_nice;
    pthread_mutex_lock(&agent->lock);
    post_to_nice(agent); // gathers
    pthread_mutex_unlock(&agent->lock);
    return agent;
}

void
relay_agent_destroy(struct relay_agent *agent)
{
    if (!agent) {
        return;
    }
    agent->destroyed = true;
    pthread_mutex_lock(&agent->lock);
    agent->gone = true;
    post_to_nice(agent);
    pthread_mutex_unlock(&agent->lock);
    relay_agent_unref(agent);
}

void
relay_remote_finish(struct relay_remote *remote)
{
    if (!remote) {
        return;
    }
    for (unsigned i = 0; i < remote->candidate_count; i++) {
        free(remote->candidates[i]);
    }
    free(remote);
}

int
relay_agent_set_remote(struct relay_agent *agent, const struct relay_agent_remote *from)
{
    struct relay_remote *remote = calloc(1, sizeof(*remote));
    if (!remote) {
        return -ENOMEM;
    }
    snprintf(remote->ufrag, sizeof(remote->ufrag), "%s", from->ufrag);
    snprintf(remote->pwd, sizeof(remote->pwd), "%s", from->pwd);
    for (unsigned i = 0; i < from->candidate_count && i < RELAY_CANDIDATES_MAX; i++) {
        remote->candidates[i] = strdup(from->candidates[i]);
        if (!remote->candidates[i]) {
            relay_remote_finish(remote);
            return -ENOMEM;
        }
        remote->candidate_count++;
    }
    pthread_mutex_lock(&agent->lock);
    struct relay_remote *old = agent->remote;
    agent->remote = remote;
    post_to_nice(agent);
    pthread_mutex_unlock(&agent->lock);
    relay_remote_finish(old);
    return 0;
}

uint8_t *
relay_agent_reserve(struct relay_agent *agent, size_t len)
{
    pthread_mutex_lock(&agent->lock);
    bool full
        = agent->outgoing.bytes + sizeof(struct relay_datagram) + len > QUEUE_BYTES;
    agent->starved |= full;
    pthread_mutex_unlock(&agent->lock);
    free(agent->reserved);
    agent->reserved = full ? NULL : malloc(sizeof(struct relay_datagram) + len);
    return agent->reserved ? agent->reserved->data : NULL;
}

void
relay_agent_commit(struct relay_agent *agent, size_t len)
{
    struct relay_datagram *d = agent->reserved;
    agent->reserved = NULL;
    bc_list_init(&d->node);
    d->len = len;
    pthread_mutex_lock(&agent->lock);
    bool taken = push(&agent->outgoing, d);
    if (taken) {
        post_to_nice(agent);
    }
    pthread_mutex_unlock(&agent->lock);
    if (!taken) {
        free(d);
    }
}
