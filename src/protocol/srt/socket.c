// SPDX-License-Identifier: Apache-2.0
// The SRT thread's side of a connection.
#include <stdio.h>
#include <string.h>

#include "conn.h"

// How long what waits may be sent after the owner closed.
#define CLOSE_US 1000000
// The library delivers by its own clock, some milliseconds after the latency.
#define LATENCY_MARGIN_US 50000

bool
srt_conn_attach(struct bc_srt_conn *c, enum srt_phase phase, int events)
{
    struct bc_srt *srt = c->srt;
    c->events = events;
    if (HASH_COUNT(srt->conns) >= SRT_SOCKETS_MAX
        || srt_epoll_add_usock(srt->epoll, c->socket, &events) == SRT_ERROR) {
        return false;
    }
    c->phase = phase;
    HASH_ADD(hh, srt->conns, socket, sizeof(c->socket), c);
    srt_conn_ref(c);
    return true;
}

void
srt_conn_opened(struct bc_srt_conn *c)
{
    int receive_ms = srt_glue_get_int(c->socket, SRTO_RCVLATENCY);
    int send_ms = srt_glue_get_int(c->socket, SRTO_PEERLATENCY);
    c->latency_us = (receive_ms > send_ms ? receive_ms : send_ms) * INT64_C(1000);
    c->phase = SRT_PHASE_OPEN;
    atomic_fetch_add(&c->srt->open, 1);
    srt_conn_refresh_stats(c);
}

void
srt_conn_watch(struct bc_srt_conn *c, int events)
{
    if (events != c->events && c->phase != SRT_PHASE_LOST) {
        c->events = events;
        srt_epoll_update_usock(c->srt->epoll, c->socket, &events);
    }
}

void
srt_conn_end(struct bc_srt_conn *c, const char *reason)
{
    struct bc_srt *srt = c->srt;
    if (c->phase >= SRT_PHASE_OPEN) {
        atomic_fetch_sub(&srt->open, 1);
    }
    c->phase = SRT_PHASE_OVER;
    srt_epoll_remove_usock(srt->epoll, c->socket);
    srt_close(c->socket);
    HASH_DELETE(hh, srt->conns, c);
    bc_list_remove(&c->attention);
    srt_queue_clear(&c->sending);
    if (reason) {
        pthread_mutex_lock(&c->lock);
        c->broken = true;
        snprintf(c->reason, sizeof(c->reason), "%s", reason);
        srt_conn_post(c);
        pthread_mutex_unlock(&c->lock);
    }
    srt_conn_unref(c);
}

// --- receiving ---

enum outcome { NOTHING_MORE, MORE, PEER_GONE };

// Reads a row of messages into the scratch room.
static enum outcome
read_row(struct bc_srt_conn *c, size_t *len, unsigned *messages)
{
    struct bc_srt *srt = c->srt;
    *len = 0;
    *messages = 0;
    while (*len + SRT_MESSAGE_MAX <= sizeof(srt->scratch)) {
        int n = srt_recvmsg2(c->socket, srt->scratch + *len, SRT_MESSAGE_MAX, NULL);
        if (n == SRT_ERROR) {
            return srt_getlasterror(NULL) == SRT_EASYNCRCV ? NOTHING_MORE : PEER_GONE;
        }
        *len += (size_t)n;
        *messages += 1;
    }
    return MORE;
}

static void
hand_over(struct bc_srt_conn *c, size_t len, unsigned messages)
{
    struct srt_batch *batch = srt_batch_create(len);
    pthread_mutex_lock(&c->lock);
    if (batch) {
        memcpy(batch->data, c->srt->scratch, len);
        batch->messages = messages;
        srt_queue_push(&c->in, batch);
    } else {
        c->dropped += messages;
    }
    // The worker is slow. What is oldest is worth least.
    while (c->in.bytes > SRT_RECEIVE_QUEUE) {
        c->dropped += srt_queue_first(&c->in)->messages;
        srt_queue_drop_first(&c->in);
    }
    srt_conn_post(c);
    pthread_mutex_unlock(&c->lock);
}

static enum outcome
receive(struct bc_srt_conn *c)
{
    size_t len;
    unsigned messages;
    enum outcome outcome = read_row(c, &len, &messages);
    if (len > 0) {
        hand_over(c, len, messages);
    }
    return outcome;
}

// The peer went away. What came before may not be due yet; the library keeps it.
static void
lose(struct bc_srt_conn *c, int64_t now_us)
{
    srt_epoll_remove_usock(c->srt->epoll, c->socket);
    c->phase = SRT_PHASE_LOST;
    c->deadline_us = now_us + c->latency_us + LATENCY_MARGIN_US;
    bc_list_append(&c->srt->attention, &c->attention);
    srt_conn_on_turn(c, now_us);
}

void
srt_conn_on_readable(struct bc_srt_conn *c, int64_t now_us)
{
    if (c->phase == SRT_PHASE_OPEN) {
        if (receive(c) == PEER_GONE) {
            lose(c, now_us);
        }
    } else if (c->phase == SRT_PHASE_CALLING) {
        srt_call_proceed(c);
    } else if (c->phase == SRT_PHASE_CLOSING
        && srt_getsockstate(c->socket) != SRTS_CONNECTED) {
        srt_conn_end(c, NULL);
    }
}

// --- sending and closing ---

void
srt_conn_on_writable(struct bc_srt_conn *c, int64_t now_us)
{
    if (c->phase == SRT_PHASE_CALLING) {
        srt_call_proceed(c);
    } else if (c->phase == SRT_PHASE_OPEN && !srt_conn_flush(c, now_us)) {
        lose(c, now_us);
    }
}

// The peer has everything, and it was due there too: what is not is lost with the
// goodbye.
static bool
is_drained(const struct bc_srt_conn *c, int64_t now_us)
{
    size_t blocks = 0;
    if (c->sent_us == 0) {
        return true;
    }
    return srt_getsndbuffer(c->socket, &blocks, NULL) == SRT_ERROR
        || (blocks == 0 && now_us >= c->sent_us + c->latency_us + LATENCY_MARGIN_US);
}

void
srt_conn_on_turn(struct bc_srt_conn *c, int64_t now_us)
{
    if (c->phase == SRT_PHASE_CLOSING) {
        if (!srt_conn_flush(c, now_us) || now_us >= c->deadline_us
            || (c->sending.bytes < SRT_TS_PACKET && is_drained(c, now_us))) {
            srt_conn_end(c, NULL);
        }
    } else if (c->phase == SRT_PHASE_LOST) {
        enum outcome outcome = receive(c);
        if (now_us >= c->deadline_us
            || (outcome == PEER_GONE && srt_glue_get_int(c->socket, SRTO_RCVDATA) == 0)) {
            srt_conn_end(c, "the peer closed the connection or was lost");
        }
    }
}

static void
begin_closing(struct bc_srt_conn *c, int64_t now_us)
{
    c->phase = SRT_PHASE_CLOSING;
    c->deadline_us = now_us + CLOSE_US;
    srt_conn_watch(c, SRT_EPOLL_ERR);
    bc_list_append(&c->srt->attention, &c->attention);
    srt_conn_on_turn(c, now_us);
}

void
srt_conn_attend(struct bc_srt_conn *c, int64_t now_us)
{
    pthread_mutex_lock(&c->lock);
    srt_queue_move(&c->sending, &c->out);
    bool close_asked = c->close_asked;
    pthread_mutex_unlock(&c->lock);
    switch (c->phase) {
    case SRT_PHASE_NEW:
        if (!close_asked) {
            srt_call_begin(c);
        }
        break;
    case SRT_PHASE_OPEN:
        if (close_asked) {
            begin_closing(c, now_us);
        } else if (!srt_conn_flush(c, now_us)) {
            lose(c, now_us);
        }
        break;
    case SRT_PHASE_CALLING:
    case SRT_PHASE_LOST:
        if (close_asked) {
            srt_conn_end(c, NULL);
        }
        break;
    default:
        break;
    }
}

void
srt_conn_on_tick(struct bc_srt_conn *c)
{
    if (c->phase == SRT_PHASE_OPEN) {
        srt_conn_refresh_stats(c);
    }
}
