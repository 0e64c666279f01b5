// SPDX-License-Identifier: Apache-2.0
// The way to the peer: a sink on the worker, messages on the SRT thread.
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "conn.h"

#define MESSAGE_BYTES (7 * SRT_TS_PACKET)

// --- the worker ---

static void
gather(struct srt_batch *batch, const struct iovec *iov, int count)
{
    size_t have = 0;
    for (int i = 0; i < count && have < batch->len; i++) {
        size_t n =
            iov[i].iov_len < batch->len - have ? iov[i].iov_len : batch->len - have;
        if (n > 0) {
            memcpy(batch->data + have, iov[i].iov_base, n);
        }
        have += n;
    }
}

// on_closed follows, as the sink's contract wants.
static ssize_t
fail_write(struct bc_srt_conn *c)
{
    pthread_mutex_lock(&c->lock);
    if (!c->broken) {
        c->broken = true;
        strcpy(c->reason, "no memory");
        srt_conn_post(c);
    }
    pthread_mutex_unlock(&c->lock);
    return -ENOMEM;
}

static ssize_t
sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct bc_srt_conn *c = bc_container_of(sink, struct bc_srt_conn, sink);
    size_t wanted = 0;
    for (int i = 0; i < count; i++) {
        wanted += iov[i].iov_len;
    }
    pthread_mutex_lock(&c->lock);
    bool gone = c->broken || c->close_asked;
    size_t room = BC_SRT_SEND_QUEUE - c->unsent; // only this thread makes it smaller
    c->wants_write = wanted > room;
    pthread_mutex_unlock(&c->lock);
    if (gone) {
        return -EPIPE;
    }
    size_t n = wanted < room ? wanted : room;
    if (n == 0) {
        return 0;
    }
    struct srt_batch *batch = srt_batch_create(n);
    if (!batch) {
        return fail_write(c);
    }
    gather(batch, iov, count);
    pthread_mutex_lock(&c->lock);
    srt_queue_push(&c->out, batch);
    c->unsent += n;
    pthread_mutex_unlock(&c->lock);
    srt_service_notify(c->srt, c);
    return (ssize_t)n;
}

static void
sink_close(struct bc_sink *sink, const char *reason)
{
    struct bc_srt_conn *c = bc_container_of(sink, struct bc_srt_conn, sink);
    pthread_mutex_lock(&c->lock);
    c->unsent -= c->out.bytes;
    srt_queue_clear(&c->out);
    pthread_mutex_unlock(&c->lock);
    bc_srt_conn_close(c, reason);
}

static void
sink_finish(struct bc_sink *sink)
{
    bc_srt_conn_close(
        bc_container_of(sink, struct bc_srt_conn, sink), "the broadcast ended");
}

const struct bc_sink_ops SRT_SINK_OPS = { sink_writev, sink_close, sink_finish };

// --- the SRT thread ---

static void
report_sent(struct bc_srt_conn *c, size_t bytes)
{
    pthread_mutex_lock(&c->lock);
    c->unsent -= bytes;
    if (c->wants_write && c->unsent <= BC_SRT_SEND_QUEUE / 2) {
        c->wants_write = false;
        c->writable = true;
        srt_conn_post(c);
    }
    pthread_mutex_unlock(&c->lock);
}

bool
srt_conn_flush(struct bc_srt_conn *c, int64_t now_us)
{
    uint8_t room[MESSAGE_BYTES];
    size_t sent = 0;
    bool blocked = false;
    bool ok = true;
    // Short messages rather than late ones: what is there is sent, in whole packets.
    while (c->sending.bytes >= SRT_TS_PACKET && !blocked && ok) {
        size_t n = c->sending.bytes < MESSAGE_BYTES ? c->sending.bytes : MESSAGE_BYTES;
        n -= n % SRT_TS_PACKET;
        const uint8_t *data = srt_queue_peek(&c->sending, n, room);
        if (srt_sendmsg2(c->socket, (const char *)data, (int)n, NULL) != SRT_ERROR) {
            srt_queue_consume(&c->sending, n);
            sent += n;
        } else {
            blocked = srt_getlasterror(NULL) == SRT_EASYNCSND;
            ok = blocked;
        }
    }
    if (sent > 0) {
        c->sent_us = now_us;
        report_sent(c, sent);
    }
    if (ok) {
        srt_conn_watch(
            c, blocked ? c->events | SRT_EPOLL_OUT : c->events & ~SRT_EPOLL_OUT);
    }
    return ok;
}
