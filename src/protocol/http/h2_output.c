// SPDX-License-Identifier: Apache-2.0
// From nghttp2's frames to the wire: small frames are gathered, bodies go by reference,
// and one pass makes one write.
#include <string.h>

#include "file_body.h"
#include "h2_impl.h"

#define BATCH_SLICES 64
#define BATCH_BYTES 8192
#define FRAME_HEAD_BYTES 9

// What one pass gathers. On the stack of bc_h2_output().
struct bc_h2_batch {
    struct bc_http_slice slices[BATCH_SLICES];
    int count;
    size_t used;
    uint8_t bytes[BATCH_BYTES];
};

static void
batch_send(struct bc_h2 *h2)
{
    struct bc_h2_batch *b = h2->batch;
    if (b->count > 0) {
        h2->conn->wire_ops->send(h2->conn->wire, b->slices, b->count);
    }
    b->count = 0;
    b->used = 0;
}

static void
batch_add(struct bc_h2 *h2, struct bc_http_slice slice)
{
    struct bc_h2_batch *b = h2->batch;
    if (b->count == BATCH_SLICES) {
        batch_send(h2);
    }
    b->slices[b->count++] = slice;
}

// Bytes that nghttp2 uses again afterwards.
static void
batch_copy(struct bc_h2 *h2, const uint8_t *data, size_t len)
{
    struct bc_h2_batch *b = h2->batch;
    if (len > BATCH_BYTES - b->used || b->count == BATCH_SLICES) {
        batch_send(h2);
    }
    if (len > BATCH_BYTES) {
        bc_http_conn_send(h2->conn, data, len);
        return;
    }
    uint8_t *copy = b->bytes + b->used;
    memcpy(copy, data, len);
    b->used += len;
    struct bc_http_slice *last = b->count > 0 ? &b->slices[b->count - 1] : NULL;
    if (last && !last->buf && (const uint8_t *)last->data + last->len == copy) {
        last->len += len;
    } else {
        batch_add(h2, (struct bc_http_slice){ copy, len, NULL });
    }
}

static size_t
batch_bytes(const struct bc_h2_batch *b)
{
    size_t n = 0;
    for (int i = 0; i < b->count; i++) {
        n += b->slices[i].len;
    }
    return n;
}

// The wire is full: what is gathered counts once it was offered.
static bool
is_full(struct bc_h2 *h2)
{
    if (batch_bytes(h2->batch) > BC_H2_OUT_HIGH) {
        batch_send(h2);
    }
    return bc_h2_is_congested(h2);
}

int
bc_h2_output(struct bc_h2 *h2)
{
    struct bc_h2_batch batch;
    batch.count = 0;
    batch.used = 0;
    h2->batch = &batch;
    int err = nghttp2_session_send(h2->session);
    batch_send(h2);
    h2->batch = NULL;
    while (!bc_list_empty(&h2->ended)) {
        bc_h2_stream_destroy(bc_container_of(h2->ended.next, struct bc_h2_stream, node));
    }
    return err;
}

ssize_t
bc_h2_on_send(
    nghttp2_session *session, const uint8_t *data, size_t len, int flags, void *user)
{
    (void)session;
    (void)flags;
    struct bc_h2 *h2 = user;
    if (is_full(h2)) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    batch_copy(h2, data, len);
    h2->sent_bytes += len;
    return (ssize_t)len;
}

static void
send_bufs(struct bc_h2_stream *s, size_t len)
{
    while (len > 0 && s->buf_index < s->buf_count) {
        struct bc_buf *buf = s->bufs[s->buf_index];
        size_t n = buf->len - s->buf_offset;
        n = n < len ? n : len;
        if (n > 0) {
            batch_add(s->h2, (struct bc_http_slice){ buf->data + s->buf_offset, n, buf });
        }
        s->buf_offset += n;
        len -= n;
        if (s->buf_offset == buf->len) {
            s->buf_index++;
            s->buf_offset = 0;
        }
    }
}

static void
send_sink(struct bc_h2_stream *s, size_t len)
{
    // Slices of `out` stay where they are until the pass ends: the writer isn't called
    // before.
    batch_add(s->h2, (struct bc_http_slice){ s->out + s->out_start, len, NULL });
    s->out_start += len;
    s->out_len -= len;
    s->out_framed -= len;
    if (s->out_len == 0) {
        s->out_start = 0;
    }
}

int
bc_h2_on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head,
    size_t len, nghttp2_data_source *source, void *user)
{
    (void)session;
    (void)frame; // never padded: there is no select_padding callback
    struct bc_h2 *h2 = user;
    struct bc_h2_stream *s = source->ptr;
    if (is_full(h2)) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    batch_copy(h2, head, FRAME_HEAD_BYTES);
    if (len > 0 && s->out) {
        send_sink(s, len);
    } else if (len > 0) {
        send_bufs(s, len);
    }
    h2->sent_bytes += FRAME_HEAD_BYTES + len;
    return 0;
}

// The next piece of a body with files takes the place of the one that was sent. 0,
// NGHTTP2_ERR_DEFERRED or what ends the stream.
static int
next_piece(struct bc_h2_stream *s)
{
    struct bc_h2 *h2 = s->h2;
    struct bc_http_piece piece;
    if (h2->turn_bytes >= BC_HTTP_TURN_BYTES) {
        h2->turn_over = true;
        h2->conn->wire_ops->want_write(h2->conn->wire);
        return NGHTTP2_ERR_DEFERRED;
    }
    if (h2->batch) {
        batch_send(h2); // it points into the piece before
    }
    switch (bc_http_file_body_next(s->files, true, BC_H2_CHUNK_BYTES, &piece)) {
    case BC_HTTP_STEP_BYTES:
        break;
    case BC_HTTP_STEP_WAIT:
        return NGHTTP2_ERR_DEFERRED;
    default:
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    bc_buf_ref(piece.buf);
    bc_buf_unref(&s->bufs[0]);
    s->bufs[0] = piece.buf;
    s->buf_count = 1;
    s->buf_index = 0;
    s->buf_offset = (size_t)piece.offset;
    s->left = piece.len;
    h2->turn_bytes += piece.len;
    bc_http_file_body_advance(s->files, piece.len);
    return 0;
}

static ssize_t
read_files(struct bc_h2_stream *s, size_t len, uint32_t *flags)
{
    int err = s->left == 0 ? next_piece(s) : 0;
    if (err != 0) {
        return err;
    }
    size_t n = s->left < len ? (size_t)s->left : len;
    s->left -= n;
    if (s->left == 0 && bc_http_file_body_left(s->files) == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

// Says how much the next DATA frame takes; bc_h2_on_send_data() takes it.
ssize_t
bc_h2_on_read_body(nghttp2_session *session, int32_t stream_id, uint8_t *out, size_t len,
    uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)session;
    (void)stream_id;
    (void)out;
    (void)user;
    struct bc_h2_stream *s = source->ptr;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (s->state == BC_H2_STREAM_BODY) {
        size_t n = s->left < len ? (size_t)s->left : len;
        s->left -= n;
        if (s->left == 0) {
            *flags |= NGHTTP2_DATA_FLAG_EOF;
        }
        return (ssize_t)n;
    }
    if (s->state == BC_H2_STREAM_FILES) {
        return read_files(s, len, flags);
    }
    size_t n = s->out_len - s->out_framed;
    if (n == 0 && !s->finishing) {
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > len) {
        n = len;
    } else if (s->finishing) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    s->out_framed += n;
    return (ssize_t)n;
}
