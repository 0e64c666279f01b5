// SPDX-License-Identifier: Apache-2.0
#include "net/connect.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/timer.h"
#include "net/worker.h"

#define TIMEOUT_US 10000000

// One attempt. Frees itself once libuv has let go of it.
struct bc_connecting {
    uv_poll_t poll;
    struct bc_timer timer; // the patience, or a failure that is told later
    int fd;
    int failed; // errno of connect()
    void (*on_result)(void *user, int fd, const char *why);
    void *user;
};

static void
on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void
end(struct bc_connecting *c, bool keep_fd)
{
    bc_timer_cancel(&c->timer);
    // libuv tells epoll of the descriptor, so it has to be ours until then.
    uv_close((uv_handle_t *)&c->poll, on_poll_closed);
    if (!keep_fd) {
        close(c->fd);
    }
}

static void
fail(struct bc_connecting *c, int err)
{
    end(c, false);
    c->on_result(c->user, -1, err == ETIMEDOUT ? "no answer in time" : strerror(err));
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
    struct bc_connecting *c = poll->data;
    int err = status < 0 ? -status : 0;
    socklen_t len = sizeof(err);
    (void)events;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0) {
        err = errno;
    }
    if (err != 0 || status < 0) {
        fail(c, err != 0 ? err : -status);
        return;
    }
    end(c, true);
    c->on_result(c->user, c->fd, NULL);
}

static void
on_timer(struct bc_timer *timer)
{
    struct bc_connecting *c = bc_container_of(timer, struct bc_connecting, timer);
    fail(c, c->failed ? c->failed : ETIMEDOUT);
}

// 0 or errno, which is EINPROGRESS as a rule.
static int
begin(int fd, const struct sockaddr *address, uint16_t port)
{
    struct sockaddr_storage to;
    bool v6 = address->sa_family == AF_INET6;
    size_t len = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    memset(&to, 0, sizeof(to));
    memcpy(&to, address, len);
    if (v6) {
        ((struct sockaddr_in6 *)&to)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&to)->sin_port = htons(port);
    }
    return connect(fd, (struct sockaddr *)&to, (socklen_t)len) == 0 ? 0 : errno;
}

struct bc_connecting *
bc_connect(struct bc_worker *worker, const struct sockaddr *address, uint16_t port,
    void (*on_result)(void *user, int fd, const char *why), void *user)
{
    struct bc_connecting *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->on_result = on_result;
    c->user = user;
    c->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || uv_poll_init(&worker->loop, &c->poll, c->fd) != 0) {
        if (c->fd >= 0) {
            close(c->fd);
        }
        free(c);
        return NULL;
    }
    c->poll.data = c;
    bc_timer_init(&c->timer, worker, on_timer);
    int err = begin(c->fd, address, port);
    c->failed = err == EINPROGRESS ? 0 : err;
    bool later = c->failed != 0; // never from inside this call
    if (bc_timer_set(&c->timer, later ? 0 : TIMEOUT_US) != 0
        || (!later && uv_poll_start(&c->poll, UV_WRITABLE, on_event) != 0)) {
        end(c, false);
        return NULL;
    }
    return c;
}

void
bc_connect_cancel(struct bc_connecting *connecting)
{
    if (connecting) {
        end(connecting, false);
    }
}
