// SPDX-License-Identifier: Apache-2.0
#include "fake_wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void
wire_send(void *wire, const struct bc_http_slice *slices, int count)
{
    struct fake_wire *w = wire;
    for (int i = 0; i < count; i++) {
        bc_write_bytes(&w->out, slices[i].data, slices[i].len);
    }
}

static ssize_t
wire_writev(void *wire, const struct iovec *iov, int count)
{
    struct fake_wire *w = wire;
    ssize_t taken = 0;
    for (int i = 0; i < count; i++) {
        size_t n = iov[i].iov_len < w->room ? iov[i].iov_len : w->room;
        bc_write_bytes(&w->out, iov[i].iov_base, n);
        w->room -= w->room == SIZE_MAX ? 0 : n;
        taken += (ssize_t)n;
    }
    return taken;
}

static ssize_t
wire_sendfile(void *wire, int fd, uint64_t offset, size_t len)
{
    struct fake_wire *w = wire;
    uint8_t bytes[4096];
    size_t taken = 0;
    while (taken < len && w->room > 0) {
        size_t n = len - taken < sizeof(bytes) ? len - taken : sizeof(bytes);
        n = n < w->room ? n : w->room;
        ssize_t got = pread(fd, bytes, n, (off_t)(offset + taken));
        if (got <= 0) {
            break;
        }
        bc_write_bytes(&w->out, bytes, (size_t)got);
        w->room -= w->room == SIZE_MAX ? 0 : (size_t)got;
        taken += (size_t)got;
    }
    w->sendfiles++;
    return taken == 0 && w->room > 0 ? -ENODATA : (ssize_t)taken;
}

static void
wire_want_write(void *wire)
{
    ((struct fake_wire *)wire)->wants_write = true;
}

static size_t
wire_queued(void *wire)
{
    return ((struct fake_wire *)wire)->queued;
}

static void
wire_set_reading(void *wire, bool on)
{
    ((struct fake_wire *)wire)->reading = on;
}

static void
wire_set_timeout(void *wire, int64_t delay_us)
{
    ((struct fake_wire *)wire)->timeout_us = delay_us;
}

static void
wire_wake(void *wire)
{
    ((struct fake_wire *)wire)->woken = true;
}

static void
wire_close(void *wire, enum bc_http_close how, const char *reason)
{
    (void)reason;
    struct fake_wire *w = wire;
    w->closed = true;
    w->how = how;
}

static const struct bc_http_wire_ops OPS = {
    .send = wire_send,
    .writev = wire_writev,
    .sendfile = wire_sendfile,
    .want_write = wire_want_write,
    .queued = wire_queued,
    .set_reading = wire_set_reading,
    .set_timeout = wire_set_timeout,
    .wake = wire_wake,
    .close = wire_close,
};

void
fake_wire_init(struct fake_wire *w,
    void (*handle)(void *user, struct bc_http_exchange *x), void *user)
{
    *w = (struct fake_wire){
        .server = {
            .limits = {
                .header_bytes = 8192,
                .body_bytes = 4096,
                .upload_path = "/large",
                .upload_bytes = 8000,
                .header_timeout_us = 10000000,
                .idle_timeout_us = 60000000,
                .h2_streams = 16,
            },
            .cors_origin = "*",
            .handle = handle,
            .user = user,
        },
        .room = SIZE_MAX,
        .reading = true,
        .now_us = 1000000,
    };
    bc_http_conn_init(&w->conn, &w->server, &OPS, w);
    w->conn.peer = "192.0.2.1:5000";
    w->conn.peer_ip = "192.0.2.1";
}

void
fake_wire_finish(struct fake_wire *w)
{
    bc_http_conn_finish(&w->conn);
    bc_writer_finish(&w->out);
}

void
fake_wire_input(struct fake_wire *w, const void *data, size_t len)
{
    if (w->closed) {
        return;
    }
    bc_http_conn_input(&w->conn, data, len, w->now_us);
    while (w->woken && !w->closed) {
        w->woken = false;
        bc_http_conn_resume(&w->conn, w->now_us);
    }
}

void
fake_wire_input_text(struct fake_wire *w, const char *text)
{
    fake_wire_input(w, text, strlen(text));
}

const char *
fake_wire_text(struct fake_wire *w)
{
    bc_write_u8(&w->out, 0);
    w->out.len--;
    return w->out.failed ? "" : (const char *)w->out.data;
}

void
fake_wire_clear(struct fake_wire *w)
{
    bc_writer_reset(&w->out);
}
