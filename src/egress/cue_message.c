// SPDX-License-Identifier: Apache-2.0
#include "base/writer.h"
#include "cues.h"
#include "protocol/http/websocket.h"

#define RETRY "retry: 2000\n\n" // ms until a browser comes again

enum cue_form
cue_form_of(enum bc_http_framing framing)
{
    switch (framing) {
    case BC_HTTP_FRAMING_CHUNKED:
        return CUE_FORM_CHUNKED;
    case BC_HTTP_FRAMING_WEBSOCKET:
        return CUE_FORM_SOCKET;
    case BC_HTTP_FRAMING_RAW:
        break;
    }
    return CUE_FORM_EVENTS;
}

static struct bc_buf *
finish(struct bc_writer *w)
{
    struct bc_buf *buf = bc_buf_from_writer(w);
    bc_writer_finish(w);
    return buf;
}

static struct bc_buf *
make_frame(const void *json, size_t len)
{
    struct bc_writer w = { 0 };
    uint8_t head[BC_WEBSOCKET_HEAD_MAX];
    bc_write_bytes(&w, head, bc_websocket_frame_head(head, BC_WEBSOCKET_TEXT, len));
    bc_write_bytes(&w, json, len);
    return finish(&w);
}

// `text` as it is, or as a chunk (RFC 9112 7.1).
static struct bc_buf *
make_piece(enum cue_form form, const void *text, size_t len)
{
    struct bc_writer w = { 0 };
    if (form == CUE_FORM_CHUNKED) {
        bc_write_fmt(&w, "%zx\r\n", len);
    }
    bc_write_bytes(&w, text, len);
    if (form == CUE_FORM_CHUNKED) {
        bc_write_str(&w, "\r\n");
    }
    return finish(&w);
}

struct bc_buf *
cue_message(enum cue_form form, const char *event, const void *json, size_t len)
{
    if (form == CUE_FORM_SOCKET) {
        return make_frame(json, len);
    }
    struct bc_writer w = { 0 };
    bc_write_fmt(&w, "event: %s\ndata: ", event);
    bc_write_bytes(&w, json, len);
    bc_write_str(&w, "\n\n");
    struct bc_buf *buf = w.failed ? NULL : make_piece(form, w.data, w.len);
    bc_writer_finish(&w);
    return buf;
}

struct bc_buf *
cue_preamble(enum cue_form form)
{
    return form == CUE_FORM_SOCKET ? NULL : make_piece(form, RETRY, sizeof(RETRY) - 1);
}
