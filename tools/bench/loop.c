// SPDX-License-Identifier: Apache-2.0
#include "loop.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FAST_EVENTS = 64,
    BULK_EVENTS = 32, // a probe never waits for more viewers than these
    COMPACT_BYTES = 1 << 20,
};

uint8_t bc_read_buffer[BC_READ_BUFFER_BYTES];

static int fast_set = -1;
static int bulk_set = -1;
static int bulk_count;
static int64_t tick_ns;
static bc_lag_fn *lag_callback;
static volatile sig_atomic_t stopped;

void
bc_loop_init(int64_t tick)
{
    tick_ns = tick;
    fast_set = epoll_create1(EPOLL_CLOEXEC);
    bulk_set = epoll_create1(EPOLL_CLOEXEC);
    if (fast_set < 0 || bulk_set < 0) {
        bc_die("epoll_create1: %s", strerror(errno));
    }
}

void
bc_loop_stop(void)
{
    stopped = 1;
}

void
bc_loop_set_lag_callback(bc_lag_fn *on_lag)
{
    lag_callback = on_lag;
}

static void
control(struct bc_io *io, int op)
{
    struct epoll_event e = {.events = io->events, .data.ptr = io};
    if (epoll_ctl(io->bulk ? bulk_set : fast_set, op, io->fd, &e)) {
        bc_die("epoll_ctl: %s", strerror(errno));
    }
}

void
bc_io_init(struct bc_io *io)
{
    memset(io, 0, sizeof(*io));
    io->fd = -1;
}

static void
add(struct bc_io *io, int fd, uint32_t events, bc_io_fn *on_event, void *userdata)
{
    io->fd = fd;
    io->on_event = on_event;
    io->userdata = userdata;
    io->bulk = false;
    io->connecting = false;
    io->out.len = 0;
    io->sent_bytes = 0;
    io->events = events;
    control(io, EPOLL_CTL_ADD);
}

int
bc_io_connect(struct bc_io *io, const struct sockaddr_in *to, bc_io_fn *on_event,
              void *userdata)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) && errno != EINPROGRESS) {
        int error = -errno;
        close(fd);
        return error;
    }
    add(io, fd, EPOLLIN | EPOLLOUT, on_event, userdata);
    io->connecting = true;
    return 0;
}

void
bc_io_attach(struct bc_io *io, int fd, bc_io_fn *on_event, void *userdata)
{
    add(io, fd, EPOLLIN, on_event, userdata);
}

void
bc_io_move_to_bulk(struct bc_io *io)
{
    if (!tick_ns || io->fd < 0 || io->bulk) {
        return;
    }
    control(io, EPOLL_CTL_DEL);
    io->bulk = true;
    bulk_count++;
    control(io, EPOLL_CTL_ADD);
}

static int
flush(struct bc_io *io)
{
    while (io->sent_bytes < io->out.len) {
        ssize_t n = send(io->fd, io->out.data + io->sent_bytes,
                         io->out.len - io->sent_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) {
            break;
        }
        if (n < 0) {
            return -errno;
        }
        io->sent_bytes += (size_t)n;
    }
    if (io->sent_bytes == io->out.len) {
        io->sent_bytes = io->out.len = 0;
    }
    uint32_t events = EPOLLIN | (io->out.len || io->connecting ? EPOLLOUT : 0);
    if (events != io->events) {
        io->events = events;
        control(io, EPOLL_CTL_MOD);
    }
    return 0;
}

int
bc_io_send(struct bc_io *io, const void *p, size_t n)
{
    if (io->fd < 0) {
        return -ENOTCONN;
    }
    if (io->sent_bytes > COMPACT_BYTES) { // a long backlog must not grow at its tail only
        memmove(io->out.data, io->out.data + io->sent_bytes,
                io->out.len - io->sent_bytes);
        io->out.len -= io->sent_bytes;
        io->sent_bytes = 0;
    }
    bc_buf_add(&io->out, p, n);
    return io->connecting ? 0 : flush(io);
}

int
bc_io_on_writable(struct bc_io *io)
{
    if (io->connecting) {
        int error = 0;
        socklen_t len = sizeof(error);
        if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error) {
            return error ? -error : -EIO;
        }
        io->connecting = false;
    }
    return flush(io);
}

void
bc_io_close(struct bc_io *io)
{
    if (io->fd >= 0) {
        close(io->fd);
        bulk_count -= io->bulk;
    }
    io->fd = -1;
    io->bulk = false;
    io->sent_bytes = 0;
    bc_buf_finish(&io->out);
}

size_t
bc_io_backlog_bytes(const struct bc_io *io)
{
    return io->out.len - io->sent_bytes;
}

int64_t
bc_io_read(struct bc_io *io)
{
    ssize_t n = recv(io->fd, bc_read_buffer, sizeof(bc_read_buffer), MSG_DONTWAIT);
    if (n >= 0) {
        return n;
    }
    return errno == EINTR ? -EAGAIN : -errno;
}

static int
dispatch(int set, int max, int64_t wait_ns)
{
    struct epoll_event events[FAST_EVENTS];
    int wait_ms = (int)((bc_max64(0, wait_ns) + BC_NS_PER_MS - 1) / BC_NS_PER_MS);
    int n = epoll_wait(set, events, max, wait_ms);
    for (int i = 0; i < n; i++) {
        struct bc_io *io = events[i].data.ptr;
        if (io->fd >= 0) {
            io->on_event(io, events[i].events);
        }
    }
    return n;
}

static void
drain_bulk(void)
{
    int rounds = bulk_count / BULK_EVENTS + 1;
    while (rounds-- > 0 && dispatch(bulk_set, BULK_EVENTS, 0) == BULK_EVENTS) {
        dispatch(fast_set, FAST_EVENTS, 0);
    }
}

void
bc_loop_run(int64_t (*step)(int64_t now_ns))
{
    int64_t due = bc_now_ns();
    int64_t last_drain = 0;
    while (!stopped) {
        int64_t next = step(bc_now_ns());
        if (stopped) {
            return;
        }
        if (bulk_count) {
            next = bc_min64(next, due);
        }
        dispatch(fast_set, FAST_EVENTS, next - bc_now_ns());
        int64_t now = bc_now_ns();
        if (!bulk_count) {
            last_drain = 0;
            due = now;
        } else if (now >= due) {
            if (last_drain && lag_callback) {
                lag_callback((double)bc_max64(0, now - last_drain - tick_ns) /
                             BC_NS_PER_MS);
            }
            last_drain = now;
            due = now + tick_ns;
            drain_bulk();
        }
    }
}
