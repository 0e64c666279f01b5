// SPDX-License-Identifier: Apache-2.0
// The worker's side of a connection.
#include "conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static void
run(struct bc_task *task, struct bc_worker *worker);

// --- life ---

struct bc_srt_conn *
srt_conn_create(struct bc_srt *srt, struct bc_worker *worker)
{
    struct bc_srt_conn *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->srt = srt;
    c->worker = worker;
    c->refs = 1;
    pthread_mutex_init(&c->lock, NULL);
    srt_queue_init(&c->in);
    srt_queue_init(&c->out);
    srt_queue_init(&c->sending);
    bc_list_init(&c->task.node);
    c->task.run = run;
    c->sink.ops = &SRT_SINK_OPS;
    c->socket = SRT_INVALID_SOCK;
    bc_list_init(&c->attention);
    bc_list_init(&c->notice);
    return c;
}

void
srt_conn_ref(struct bc_srt_conn *c)
{
    atomic_fetch_add(&c->refs, 1);
}

void
srt_conn_unref(struct bc_srt_conn *c)
{
    if (atomic_fetch_sub(&c->refs, 1) > 1) {
        return;
    }
    srt_queue_clear(&c->in);
    srt_queue_clear(&c->out);
    srt_queue_clear(&c->sending);
    pthread_mutex_destroy(&c->lock);
    free(c->dial);
    free(c);
}

// --- what the SRT thread says ---

void
srt_conn_post(struct bc_srt_conn *c)
{
    if (!c->task_posted) {
        c->task_posted = true;
        srt_conn_ref(c);
        bc_worker_post(c->worker, &c->task);
    }
}

// What was said since the last turn.
struct news {
    struct srt_queue in;
    bool connected;
    bool writable;
    bool broken;
    char reason[SRT_REASON_MAX];
};

static void
take_news(struct bc_srt_conn *c, struct news *news)
{
    srt_queue_init(&news->in);
    pthread_mutex_lock(&c->lock);
    c->task_posted = false;
    srt_queue_move(&news->in, &c->in);
    news->connected = c->connected;
    news->writable = c->writable;
    c->writable = false;
    news->broken = c->broken;
    snprintf(news->reason, sizeof(news->reason), "%s", c->reason);
    pthread_mutex_unlock(&c->lock);
}

// The first time; the callee closes what it does not want.
static void
introduce(struct bc_srt_conn *c, const struct news *news)
{
    struct bc_srt_calling *calling = c->calling;
    bool stopped = atomic_load(&c->srt->stopped);
    if (calling && (stopped || (!news->connected && !news->broken))) {
        return; // there is no result; who called still has the handle
    }
    c->introduced = true;
    c->calling = NULL;
    if (stopped) {
        bc_srt_conn_close(c, "the server stops");
    } else if (!calling) {
        c->srt->params.ops->on_conn(c->srt->params.user, c);
    } else if (news->connected) {
        calling->on_result(calling->user, c, NULL);
    } else {
        calling->on_result(calling->user, NULL, news->reason);
        bc_srt_conn_close(c, news->reason);
    }
    free(calling);
}

static void
tell_closed(struct bc_srt_conn *c, const char *reason)
{
    c->told = true;
    if (c->sink.on_closed) {
        c->sink.on_closed(c->sink.user, reason);
    }
    if (!c->closed && c->ops) {
        c->ops->on_closed(c->user, reason);
    }
}

static void
run(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_srt_conn *c = bc_container_of(task, struct bc_srt_conn, task);
    struct news news;
    take_news(c, &news);
    if (!c->introduced && !c->closed) {
        introduce(c, &news);
    }
    bool stopped = atomic_load(&c->srt->stopped);
    struct srt_batch *batch;
    while ((batch = srt_queue_first(&news.in)) != NULL) {
        if (!c->closed && c->ops && !stopped) {
            c->ops->on_data(c->user, batch->data, batch->len, bc_clock_us());
        }
        srt_queue_drop_first(&news.in);
    }
    if (news.writable && !c->closed && !stopped && c->sink.on_writable) {
        c->sink.on_writable(c->sink.user);
    }
    if (news.broken && !c->closed && !c->told && !stopped) {
        tell_closed(c, news.reason);
    }
    srt_conn_unref(c);
}

// --- what the owner asks ---

const struct bc_srt_streamid *
bc_srt_conn_id(const struct bc_srt_conn *conn)
{
    return &conn->id;
}

const char *
bc_srt_conn_peer(const struct bc_srt_conn *conn)
{
    return conn->peer;
}

const char *
bc_srt_conn_peer_ip(const struct bc_srt_conn *conn)
{
    return conn->peer_ip;
}

void
bc_srt_conn_open(struct bc_srt_conn *conn, const struct bc_srt_conn_ops *ops, void *user)
{
    conn->ops = ops;
    conn->user = user;
}

struct bc_sink *
bc_srt_conn_sink(struct bc_srt_conn *conn)
{
    return &conn->sink;
}

void
bc_srt_conn_close(struct bc_srt_conn *conn, const char *reason)
{
    if (conn->closed) {
        return;
    }
    conn->closed = true;
    bc_debug(&conn->srt->log, "%s: closed: %s", conn->peer, reason);
    pthread_mutex_lock(&conn->lock);
    conn->close_asked = true;
    pthread_mutex_unlock(&conn->lock);
    srt_service_notify(conn->srt, conn);
    srt_conn_unref(conn);
}
