// SPDX-License-Identifier: Apache-2.0
// What nghttp2 tells of frames and streams, and the bounds on what a peer may make it do.
#include "h2_impl.h"

// A peer that resets its streams faster (CVE-2023-44487), or sends more frames that ask
// for work and carry nothing, is thrown out.
#define RESETS_PER_SECOND 100
#define CONTROLS_PER_SECOND 500
#define SECOND_US 1000000

static void
count_event(struct bc_h2 *h2, struct bc_h2_rate *rate, unsigned limit)
{
    if (h2->now_us - rate->since_us >= SECOND_US) {
        rate->since_us = h2->now_us;
        rate->count = 0;
    }
    if (++rate->count > limit) {
        h2->abused = true;
    }
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct bc_h2 *h2 = user;
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_DATA: {
        struct bc_h2_stream *s =
            nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
        if (s && ends) {
            bc_h2_request_end(s);
        } else if (frame->hd.type == NGHTTP2_DATA && frame->hd.length == 0) {
            count_event(h2, &h2->controls, CONTROLS_PER_SECOND);
        }
        break;
    }
    case NGHTTP2_RST_STREAM:
        count_event(h2, &h2->resets, RESETS_PER_SECOND);
        break;
    case NGHTTP2_WINDOW_UPDATE:
        break;
    default:
        count_event(h2, &h2->controls, CONTROLS_PER_SECOND);
        break;
    }
    // Stops nghttp2 inside a large read; the session is ended by bc_h2_input().
    return h2->abused ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int
on_invalid_frame(
    nghttp2_session *session, const nghttp2_frame *frame, int err, void *user)
{
    (void)session;
    (void)frame;
    struct bc_h2 *h2 = user;
    bc_http_conn_count_bad(h2->conn, nghttp2_strerror(err));
    count_event(h2, &h2->resets, RESETS_PER_SECOND); // each costs a reset of ours
    return h2->abused ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

void
bc_h2_count_bad(struct bc_h2 *h2, const char *reason)
{
    if (!h2->counted_bad) {
        h2->counted_bad = true;
        bc_http_conn_count_bad(h2->conn, reason);
    }
}

static int
on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    if (frame->hd.type == NGHTTP2_GOAWAY
        && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        bc_h2_count_bad(user, nghttp2_http2_strerror(frame->goaway.error_code));
    }
    // A response that is complete while the request is not ends the request too (RFC 9113
    // 8.1).
    bool carries_end = frame->hd.type == NGHTTP2_HEADERS
        || frame->hd.type == NGHTTP2_DATA;
    if (!carries_end || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        return 0;
    }
    struct bc_h2_stream *s =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s && !s->request_ended) {
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
            NGHTTP2_NO_ERROR);
    }
    return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user)
{
    struct bc_h2 *h2 = user;
    (void)error_code;
    struct bc_h2_stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (s) {
        nghttp2_session_set_stream_user_data(session, id, NULL);
        bc_h2_stream_lost(s, "the client closed the stream");
        if (h2->batch) {
            bc_list_remove(&s->ready_node);
            bc_list_remove(&s->node);
            bc_list_append(&h2->ended, &s->node);
        } else {
            bc_h2_stream_destroy(s);
        }
    }
    return 0;
}

nghttp2_session_callbacks *
bc_h2_make_callbacks(void)
{
    nghttp2_session_callbacks *cbs = NULL;
    if (nghttp2_session_callbacks_new(&cbs) != 0) {
        return NULL;
    }
    nghttp2_session_callbacks_set_send_callback(cbs, bc_h2_on_send);
    nghttp2_session_callbacks_set_send_data_callback(cbs, bc_h2_on_send_data);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cbs, bc_h2_on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cbs, bc_h2_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cbs, bc_h2_on_data_chunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cbs, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cbs, on_invalid_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(cbs, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(cbs, on_stream_close);
    return cbs;
}
