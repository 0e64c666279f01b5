// SPDX-License-Identifier: Apache-2.0
// A response of HTTP/1 with files in its body: as much as fits, at most so much in a turn.
#include <errno.h>

#include "conn.h"
#include "file_body.h"

static void
on_ready(void *user)
{
    struct bc_http_conn *conn = user;
    if (conn->state == BC_HTTP_CONN_FILES) {
        bc_http1_files_go_on(conn);
    }
}

void
bc_http1_files_begin(struct bc_http_conn *conn, struct bc_http_file_body *body)
{
    conn->files = body;
    conn->files_sent = 0;
    conn->files_taken = 0;
    conn->x.gone = NULL;
    conn->state = BC_HTTP_CONN_FILES;
    bc_http_file_body_on_ready(body, on_ready, conn);
    bc_http_conn_set_timer(conn, BC_HTTP_TIMER_SEND);
    bc_http1_files_go_on(conn);
}

static void
end(struct bc_http_conn *conn)
{
    bc_http_file_body_destroy(conn->files);
    conn->files = NULL;
    bc_http1_end_exchange(conn, false);
}

static void
break_off(struct bc_http_conn *conn)
{
    bc_http_conn_close(conn, BC_HTTP_CLOSE_NOW, "a file of the answer cannot be read");
}

// Hands a piece to the wire. False when the wire is full or done for, or the file is.
static bool
send_piece(struct bc_http_conn *conn, enum bc_http_body_step step,
    const struct bc_http_piece *piece)
{
    size_t taken = piece->len;
    if (step == BC_HTTP_STEP_BYTES) {
        struct bc_http_slice slice = { piece->buf->data + piece->offset, piece->len,
            piece->buf };
        conn->wire_ops->send(conn->wire, &slice, 1);
    } else {
        ssize_t n = conn->wire_ops->sendfile(
            conn->wire, piece->fd, piece->offset, piece->len);
        if (n == -ENODATA) {
            break_off(conn);
        }
        if (n <= 0) {
            return false;
        }
        taken = (size_t)n;
    }
    bc_http_file_body_advance(conn->files, taken);
    conn->files_sent += taken;
    return taken == piece->len;
}

void
bc_http1_files_go_on(struct bc_http_conn *conn)
{
    const struct bc_http_wire_ops *ops = conn->wire_ops;
    uint64_t turn_end = conn->files_sent + BC_HTTP_TURN_BYTES;
    struct bc_http_piece piece;
    while (ops->queued(conn->wire) == 0) { // else it tells when that is out
        if (bc_http_file_body_left(conn->files) == 0) {
            end(conn);
            return;
        }
        if (conn->files_sent == turn_end) {
            ops->want_write(conn->wire);
            return;
        }
        enum bc_http_body_step step = bc_http_file_body_next(
            conn->files, conn->tls, (size_t)(turn_end - conn->files_sent), &piece);
        if (step == BC_HTTP_STEP_FAILED) {
            break_off(conn);
            return;
        }
        if (step == BC_HTTP_STEP_WAIT || !send_piece(conn, step, &piece)) {
            return;
        }
    }
}

bool
bc_http1_files_moved(struct bc_http_conn *conn)
{
    // The head may be queued too, so this is less than what was sent by it, or wraps: only
    // that it changes matters.
    uint64_t taken = conn->files_sent - conn->wire_ops->queued(conn->wire);
    bool moved = taken != conn->files_taken || bc_http_file_body_waits(conn->files);
    conn->files_taken = taken;
    return moved;
}
