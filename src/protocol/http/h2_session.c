// SPDX-License-Identifier: Apache-2.0
#include "h2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file_body.h"
#include "h2_impl.h"

#define OUTBOUND_ACKS_MAX 100
#define SETTINGS_ENTRIES_MAX 32

// --- life ---

static nghttp2_session *
make_session(struct bc_h2 *h2)
{
    nghttp2_session *session = NULL;
    nghttp2_option *option = NULL;
    nghttp2_session_callbacks *cbs = bc_h2_make_callbacks();
    if (!cbs || nghttp2_option_new(&option) != 0) {
        nghttp2_session_callbacks_del(cbs);
        return NULL;
    }
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, OUTBOUND_ACKS_MAX);
    nghttp2_option_set_max_settings(option, SETTINGS_ENTRIES_MAX);
    if (nghttp2_session_server_new2(&session, cbs, h2, option) != 0) {
        session = NULL;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(cbs);
    return session;
}

struct bc_h2 *
bc_h2_create(struct bc_http_conn *conn)
{
    const struct bc_http_limits *limits = &conn->server->limits;
    struct bc_h2 *h2 = calloc(1, sizeof(*h2));
    if (!h2) {
        return NULL;
    }
    h2->conn = conn;
    bc_list_init(&h2->streams);
    bc_list_init(&h2->ready);
    bc_list_init(&h2->ended);
    h2->session = make_session(h2);
    nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->h2_streams },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_bytes },
        { NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
    };
    if (!h2->session
        || nghttp2_submit_settings(h2->session, NGHTTP2_FLAG_NONE, settings,
               sizeof(settings) / sizeof(settings[0]))
            != 0) {
        bc_h2_destroy(h2);
        return NULL;
    }
    return h2;
}

void
bc_h2_destroy(struct bc_h2 *h2)
{
    if (!h2) {
        return;
    }
    nghttp2_session_del(h2->session);
    while (!bc_list_empty(&h2->streams)) {
        bc_h2_stream_destroy(
            bc_container_of(h2->streams.next, struct bc_h2_stream, node));
    }
    if (h2->spare) {
        bc_http_request_finish(&h2->spare->x.req);
        free(h2->spare);
    }
    free(h2);
}

void
bc_h2_closed(struct bc_h2 *h2, const char *reason)
{
    bc_list_for_each(it, tmp, &h2->streams) {
        bc_h2_stream_lost(bc_container_of(it, struct bc_h2_stream, node), reason);
    }
}

// Closes the connection and tells everybody on it.
static void
shut(struct bc_h2 *h2, enum bc_http_close how, const char *reason)
{
    if (h2->conn->state == BC_HTTP_CONN_H2) {
        bc_http_conn_close(h2->conn, how, reason);
        bc_h2_closed(h2, reason);
    }
}

// --- output and timers ---

static bool
is_owed(const struct bc_h2_stream *s)
{
    return s->state == BC_H2_STREAM_SINK && s->sink_full && !s->finishing
        && s->out_len <= BC_H2_SINK_LOW_BYTES;
}

// Calls the writers whose buffers have room again. They can't end a stream here: what
// they do is sent by the next round of bc_h2_run().
static void
wake_writers(struct bc_h2 *h2)
{
    bc_list_for_each(it, tmp, &h2->streams) {
        struct bc_h2_stream *s = bc_container_of(it, struct bc_h2_stream, node);
        if (is_owed(s)) {
            s->sink_full = false;
            if (s->sink.on_writable) {
                s->sink.on_writable(s->sink.user);
            }
        }
    }
}

// `*slow` becomes the oldest request that isn't complete, 0 when all are.
static enum bc_http_conn_timer
wanted_timer(const struct bc_h2 *h2, int32_t *slow)
{
    bool sending = false;
    *slow = 0;
    if (bc_list_empty(&h2->streams)) {
        return BC_HTTP_TIMER_IDLE;
    }
    bc_list_for_each(it, tmp, &h2->streams) {
        const struct bc_h2_stream *s = bc_container_of(it, struct bc_h2_stream, node);
        if (s->state == BC_H2_STREAM_REQUEST) {
            *slow = s->id;
            return BC_HTTP_TIMER_HEAD;
        }
        sending |= s->state == BC_H2_STREAM_BODY || s->state == BC_H2_STREAM_FILES;
    }
    return sending ? BC_HTTP_TIMER_SEND : BC_HTTP_TIMER_NONE;
}

static void
update_timer(struct bc_h2 *h2)
{
    int32_t slow;
    enum bc_http_conn_timer timer = wanted_timer(h2, &slow);
    if (timer != h2->conn->timer || timer == BC_HTTP_TIMER_IDLE
        || slow != h2->slow_stream) {
        h2->slow_stream = slow;
        h2->seen_sent_bytes = h2->sent_bytes;
        bc_http_conn_set_timer(h2->conn, timer);
    }
}

static bool
owes_writers(const struct bc_h2 *h2)
{
    bc_list_for_each(it, tmp, &h2->streams) {
        if (is_owed(bc_container_of(it, struct bc_h2_stream, node))) {
            return true;
        }
    }
    return false;
}

static bool
is_over(const struct bc_h2 *h2)
{
    bool drained = h2->conn->draining && bc_list_empty(&h2->streams);
    return drained
        || (!nghttp2_session_want_read(h2->session)
            && !nghttp2_session_want_write(h2->session));
}

// This is called by handlers and writers, so it calls none of them: what is left to do is
// done by bc_h2_run() at the end of the turn.
void
bc_h2_flush(struct bc_h2 *h2)
{
    if (h2->depth > 0 || h2->hold) {
        h2->flush_wanted = true;
        return;
    }
    h2->depth++;
    int err = bc_h2_output(h2);
    h2->depth--;
    update_timer(h2);
    if (err != 0 || is_over(h2) || owes_writers(h2)) {
        h2->conn->wire_ops->wake(h2->conn->wire);
    }
}

void
bc_h2_writable(struct bc_h2 *h2)
{
    h2->turn_bytes = 0;
    if (h2->turn_over) {
        h2->turn_over = false;
        bc_list_for_each(it, tmp, &h2->streams) {
            struct bc_h2_stream *s = bc_container_of(it, struct bc_h2_stream, node);
            if (s->state == BC_H2_STREAM_FILES) {
                nghttp2_session_resume_data(h2->session, s->id);
            }
        }
    }
    bc_h2_run(h2);
}

// A slow disk is not the peer's fault.
static bool
waits_for_disk(const struct bc_h2 *h2)
{
    bc_list_for_each(it, tmp, &h2->streams) {
        const struct bc_h2_stream *s = bc_container_of(it, struct bc_h2_stream, node);
        if (s->files && bc_http_file_body_waits(s->files)) {
            return true;
        }
    }
    return false;
}

void
bc_h2_run(struct bc_h2 *h2)
{
    if (h2->depth > 0 || h2->hold || h2->conn->state != BC_HTTP_CONN_H2) {
        return;
    }
    int err;
    h2->depth++;
    do {
        h2->flush_wanted = false;
        err = bc_h2_output(h2);
        wake_writers(h2);
    } while (err == 0 && h2->flush_wanted && !bc_h2_is_congested(h2));
    h2->depth--;
    if (h2->conn->state != BC_HTTP_CONN_H2) {
        return;
    }
    if (err != 0) {
        shut(h2, BC_HTTP_CLOSE_NOW, nghttp2_strerror(err));
    } else if (is_over(h2)) {
        shut(h2, BC_HTTP_CLOSE_LINGER, "HTTP/2 session ended");
    } else {
        update_timer(h2);
    }
}

void
bc_h2_timeout(struct bc_h2 *h2)
{
    bool moved = h2->sent_bytes != h2->seen_sent_bytes || waits_for_disk(h2);
    switch (h2->conn->timer) {
    case BC_HTTP_TIMER_NONE:
        break;
    case BC_HTTP_TIMER_HEAD:
        bc_http_conn_count_bad(h2->conn, "slow request");
        shut(h2, BC_HTTP_CLOSE_NOW, "slow request");
        break;
    case BC_HTTP_TIMER_IDLE:
        nghttp2_session_terminate_session(h2->session, NGHTTP2_NO_ERROR);
        bc_h2_run(h2);
        shut(h2, BC_HTTP_CLOSE_FLUSH, "idle");
        break;
    case BC_HTTP_TIMER_SEND:
        h2->seen_sent_bytes = h2->sent_bytes;
        if (moved) {
            bc_http_conn_set_timer(h2->conn, BC_HTTP_TIMER_SEND);
        } else {
            bc_http_conn_count_bad(h2->conn, "the client stopped reading");
            shut(h2, BC_HTTP_CLOSE_NOW, "the client stopped reading");
        }
        break;
    }
}

void
bc_h2_drain(struct bc_h2 *h2)
{
    nghttp2_submit_goaway(h2->session, NGHTTP2_FLAG_NONE,
        nghttp2_session_get_last_proc_stream_id(h2->session), NGHTTP2_NO_ERROR, NULL, 0);
    bc_h2_run(h2);
}

// --- input ---

static void
refuse(struct bc_h2 *h2, uint32_t code, const char *reason)
{
    bc_h2_count_bad(h2, reason);
    nghttp2_session_terminate_session(h2->session, code);
    bc_h2_run(h2);
    shut(h2, BC_HTTP_CLOSE_LINGER, reason);
}

void
bc_h2_input(struct bc_h2 *h2, const uint8_t *data, size_t len, int64_t now_us)
{
    h2->now_us = now_us;
    h2->hold = false;
    h2->depth++;
    ssize_t n = nghttp2_session_mem_recv(h2->session, data, len);
    bc_h2_dispatch_ready(h2);
    h2->depth--;
    if (h2->conn->state != BC_HTTP_CONN_H2) {
        return;
    }
    if (h2->abused) {
        refuse(h2, NGHTTP2_ENHANCE_YOUR_CALM, "HTTP/2 flood");
    } else if (n < 0) {
        refuse(h2, NGHTTP2_PROTOCOL_ERROR, nghttp2_strerror((int)n));
    } else {
        bc_h2_run(h2);
    }
}
