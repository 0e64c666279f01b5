// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_H2_IMPL_H
#define HTTP_H2_IMPL_H

// Only the files h2_*.c include nghttp2.
#include <nghttp2/nghttp2.h>

#include "base/list.h"
#include "conn.h"
#include "h2.h"

#define BC_H2_INLINE_BUFS 2
// What a stream's endless body may hold back, and where the writer is called again.
#define BC_H2_SINK_BYTES (128 * 1024)
#define BC_H2_SINK_LOW_BYTES (64 * 1024)

// Frames queued beyond this wait inside nghttp2, where a playlist can still overtake a
// segment (RFC 9218).
#define BC_H2_OUT_HIGH (64 * 1024)

// Of a file, in memory for one stream.
#define BC_H2_CHUNK_BYTES (64 * 1024)

struct bc_h2_batch;
struct bc_http_file_body;

// Events in the current second; a peer beyond the limit is thrown out.
struct bc_h2_rate {
    int64_t since_us;
    unsigned count;
};

struct bc_h2 {
    struct bc_http_conn *conn; // borrowed; owns this
    nghttp2_session *session;  // owned
    struct bc_list streams;    // of struct bc_h2_stream, owned
    struct bc_list ready;      // requests to be handled, by ready_node
    struct bc_list ended;      // streams whose bytes the batch still points to
    struct bc_h2_stream *spare; // owned: the last ended stream, with its storage
    struct bc_h2_batch *batch; // while output is gathered
    unsigned depth; // calls of nghttp2 and of handlers: output waits for their end
    bool flush_wanted;
    bool abused;               // a rate was exceeded
    bool counted_bad;          // the session's error was counted
    bool hold;                 // after an upgrade: no output before the client's preface
    int64_t now_us;            // of the input that is being handled
    struct bc_h2_rate resets;
    struct bc_h2_rate controls;
    size_t body_bytes;         // request bodies held by all streams
    uint64_t sent_bytes;
    uint64_t seen_sent_bytes; // at the last look of the timer
    size_t turn_bytes;        // of files since the wire was last found writable
    bool turn_over;           // files wait for the next turn
    int32_t slow_stream;      // the oldest incomplete request when the timer was set
};

enum bc_h2_stream_state {
    BC_H2_STREAM_INVALID,
    BC_H2_STREAM_REQUEST, // not complete
    BC_H2_STREAM_READY,   // complete, or refused with `refuse`
    BC_H2_STREAM_WAIT,    // the handler has it
    BC_H2_STREAM_BODY,    // the response is on its way
    BC_H2_STREAM_FILES,   // the same with files in its body
    BC_H2_STREAM_SINK,    // a body without end
    BC_H2_STREAM_DONE,    // nothing more comes from us
};

// One request and response. Owned by the session's list; freed when nghttp2 closes the
// stream.
struct bc_h2_stream {
    struct bc_http_exchange x;
    struct bc_h2 *h2; // borrowed
    struct bc_list node;
    struct bc_list ready_node;
    int32_t id;
    enum bc_h2_stream_state state;
    bool request_ended; // END_STREAM came
    int refuse;         // status to refuse with; 0: none
    size_t target;      // :path in the request's text
    size_t target_len;
    struct bc_http_file_body *files; // FILES: owned
    // BODY: the bufs that are left. FILES: the piece that is being sent.
    struct bc_buf **bufs; // owned, with a reference each; or inline_bufs
    struct bc_buf *inline_bufs[BC_H2_INLINE_BUFS];
    size_t buf_count;
    size_t buf_index;
    size_t buf_offset;
    uint64_t left; // bytes that no frame was made of yet
    // SINK: out[out_start .. out_start + out_len) waits, the first `out_framed` of it are
    // in a frame that is being sent.
    struct bc_sink sink;
    uint8_t *out; // owned
    size_t out_cap;
    size_t out_start;
    size_t out_len;
    size_t out_framed;
    bool sink_full; // on_writable is owed
    bool finishing;
};

// --- h2_session.c ---

static inline bool
bc_h2_is_congested(const struct bc_h2 *h2)
{
    return h2->conn->wire_ops->queued(h2->conn->wire) > BC_H2_OUT_HIGH;
}

// Writes what there is to write, now or at the end of the call that is under way. Calls
// back nobody.
void
bc_h2_flush(struct bc_h2 *h2);

// --- h2_callbacks.c ---

// Owned by the caller; NULL without memory.
nghttp2_session_callbacks *
bc_h2_make_callbacks(void);

// As bc_http_conn_count_bad(), once per session.
void
bc_h2_count_bad(struct bc_h2 *h2, const char *reason);

// --- h2_request.c ---

int
bc_h2_on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user);

int
bc_h2_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user);

int
bc_h2_on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t stream_id,
    const uint8_t *data, size_t len, void *user);

// END_STREAM came.
void
bc_h2_request_end(struct bc_h2_stream *s);

// Hands complete requests to the handler.
void
bc_h2_dispatch_ready(struct bc_h2 *h2);

// --- h2_stream.c ---

struct bc_h2_stream *
bc_h2_stream_create(struct bc_h2 *h2, int32_t id);

// Frees it, or keeps it as the session's spare.
void
bc_h2_stream_destroy(struct bc_h2_stream *s);

// The peer or the connection ended it: tells the handler or the writer.
void
bc_h2_stream_lost(struct bc_h2_stream *s, const char *reason);

// --- h2_output.c ---

// Writes frames until nothing is left, windows are closed or the wire is full.
int
bc_h2_output(struct bc_h2 *h2);

ssize_t
bc_h2_on_send(nghttp2_session *session, const uint8_t *data, size_t len, int flags,
    void *user);

int
bc_h2_on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
    size_t len, nghttp2_data_source *source, void *user);

ssize_t
bc_h2_on_read_body(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t len,
    uint32_t *flags, nghttp2_data_source *source, void *user);

#endif
