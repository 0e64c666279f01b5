// SPDX-License-Identifier: Apache-2.0
// TCP connections: bytes are delayed and held to the rate, never lost. What a blocked
// path holds stays in the sockets: the peers see silence, as behind a firewall that
// drops.
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "impair.h"

enum {
    MAX_CONNECTIONS = 1024,
    CHUNK_BYTES = 4096, // small, so that a slow link delivers smoothly
    PIPE_BYTES = 256 * 1024,
    READS_PER_EVENT = 16,
};

// Bytes that were read together and leave together.
struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t len; // 0: the end of the stream
    size_t sent;
    uint8_t data[];
};

// One direction of a connection: what was read from one side waits for the other.
struct pipe {
    struct chunk *first; // owned
    struct chunk **last;
    size_t bytes;
    bool ended; // read to its end
    bool closed; // and all of it delivered
    struct bc_path path;
};

// A client's connection and ours to the server. Owned by `connections`.
struct connection {
    struct bc_watch sides[BC_DIRECTIONS]; // [d]: where direction d is read from
    struct pipe pipes[BC_DIRECTIONS];
    bool connecting;
};

#define PORT_TRIES 50
static struct bc_watch front;
static struct connection *connections[MAX_CONNECTIONS];
static size_t connection_count;

static void
close_connection(struct connection *c)
{
    for (int d = 0; d < BC_DIRECTIONS; d++) {
        bc_watch_close(&c->sides[d]);
        while (c->pipes[d].first) {
            struct chunk *next = c->pipes[d].first->next;
            free(c->pipes[d].first);
            c->pipes[d].first = next;
        }
    }
    for (size_t i = 0; i < connection_count; i++) {
        if (connections[i] == c) {
            connections[i] = connections[--connection_count];
            break;
        }
    }
    bc_loop_defer_free(c);
}

static bool
add_chunk(struct connection *c, int d, const uint8_t *data, size_t len)
{
    struct pipe *p = &c->pipes[d];
    struct chunk *chunk = malloc(sizeof(*chunk) + len);
    if (!chunk) {
        return false;
    }
    chunk->next = NULL;
    chunk->len = len;
    chunk->sent = 0;
    chunk->due_us = bc_path_bytes(&p->path, &bc_impair.settings[d], len, bc_now_us());
    memcpy(chunk->data, data, len);
    *p->last = chunk;
    p->last = &chunk->next;
    p->bytes += len;
    p->ended = !len;
    bc_impair.tcp_bytes[d] += len;
    return true;
}

static bool
may_read(const struct connection *c, int d)
{
    return !c->pipes[d].ended && c->pipes[d].bytes < PIPE_BYTES && !c->connecting
        && !bc_impair.settings[d].block_tcp;
}

// False when the connection is over.
static bool
read_side(struct connection *c, int d)
{
    uint8_t data[CHUNK_BYTES];
    for (int i = 0; i < READS_PER_EVENT && may_read(c, d); i++) {
        ssize_t n = recv(c->sides[d].fd, data, sizeof(data), 0);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        if (!add_chunk(c, d, data, (size_t)n)) {
            return false;
        }
    }
    return true;
}

static void
pop(struct pipe *p)
{
    struct chunk *chunk = p->first;
    p->first = chunk->next;
    p->last = p->first ? p->last : &p->first;
    p->bytes -= chunk->len;
    free(chunk);
}

// Delivers what is due. False when the connection is over.
static bool
deliver(struct connection *c, int d, int64_t now_us)
{
    struct pipe *p = &c->pipes[d];
    int fd = c->sides[!d].fd;
    while (p->first && p->first->due_us <= now_us && !bc_impair.settings[d].block_tcp) {
        struct chunk *chunk = p->first;
        if (!chunk->len) {
            shutdown(fd, SHUT_WR);
            p->closed = true;
        } else {
            ssize_t n = send(
                fd, chunk->data + chunk->sent, chunk->len - chunk->sent, MSG_NOSIGNAL);
            if (n < 0) {
                return errno == EAGAIN || errno == EINTR;
            }
            chunk->sent += (size_t)n;
            if (chunk->sent < chunk->len) {
                return true;
            }
        }
        pop(p);
    }
    return true;
}

static bool
is_stuck(const struct connection *c, int d, int64_t now_us)
{
    const struct chunk *first = c->pipes[d].first;
    return first && first->due_us <= now_us && !bc_impair.settings[d].block_tcp;
}

// Asks for the events that can lead on, and returns when the next bytes are due.
static int64_t
plan(struct connection *c, int64_t now_us)
{
    int64_t next_us = -1;
    for (int d = 0; d < BC_DIRECTIONS; d++) {
        bool out = is_stuck(c, !d, now_us) || (c->connecting && d == BC_DOWN);
        bc_watch_set(&c->sides[d],
            (may_read(c, d) ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0));
        const struct chunk *first = c->pipes[d].first;
        if (first && first->due_us > now_us && (next_us < 0 || first->due_us < next_us)) {
            next_us = first->due_us;
        }
    }
    return next_us;
}

static void
on_side(struct bc_watch *w, uint32_t events)
{
    struct connection *c = w->userdata;
    int d = w == &c->sides[BC_DOWN];
    if (c->connecting && d == BC_DOWN && events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
        int error = 0;
        socklen_t len = sizeof(error);
        getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error) {
            close_connection(c);
            return;
        }
        c->connecting = false;
    }
    if (events & EPOLLERR || (events & (EPOLLIN | EPOLLHUP) && !read_side(c, d))) {
        close_connection(c);
    }
    // The rest is done by bc_tcp_step(), which follows.
}

static int
connect_server(void)
{
    int one = 1;
    int fd =
        socket(bc_impair.to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    if (fd >= 0 && connect(fd, &bc_impair.to.any, bc_impair.address_len)
        && errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void
on_accept(struct bc_watch *w, uint32_t events)
{
    int one = 1;
    (void)events;
    int client = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) {
        return;
    }
    int server = connect_server();
    struct connection *c = calloc(1, sizeof(*c));
    if (server < 0 || !c || connection_count == MAX_CONNECTIONS) {
        close(client);
        if (server >= 0) {
            close(server);
        }
        free(c);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    for (uint32_t d = 0; d < BC_DIRECTIONS; d++) {
        c->pipes[d].last = &c->pipes[d].first;
        bc_path_init(&c->pipes[d].path, bc_impair.seed, bc_impair.tcp_flows, d);
    }
    c->connecting = true;
    connections[connection_count++] = c;
    bc_impair.tcp_flows++;
    bc_watch_open(&c->sides[BC_UP], client, 0, on_side, c);
    bc_watch_open(&c->sides[BC_DOWN], server, EPOLLOUT, on_side, c);
}

int64_t
bc_tcp_step(int64_t now_us)
{
    int64_t next_us = -1;
    bool blocked = bc_impair.settings[BC_UP].block_tcp;
    bc_watch_set(&front, blocked ? 0 : (uint32_t)EPOLLIN);
    for (size_t i = connection_count; i-- > 0;) { // from the end: closing moves the last
        struct connection *c = connections[i];
        bool ok =
            c->connecting || (deliver(c, BC_UP, now_us) && deliver(c, BC_DOWN, now_us));
        if (!ok || (c->pipes[BC_UP].closed && c->pipes[BC_DOWN].closed)) {
            close_connection(c);
            continue;
        }
        int64_t due_us = plan(c, now_us);
        if (due_us >= 0 && (next_us < 0 || due_us < next_us)) {
            next_us = due_us;
        }
    }
    return next_us;
}

void
bc_tcp_reset(void)
{
    while (connection_count) {
        close_connection(connections[0]);
    }
}

static int
open_front(void)
{
    int one = 1;
    int fd = socket(
        bc_impair.listen.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        bc_die("socket: %s", strerror(errno));
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, &bc_impair.listen.any, bc_impair.address_len) || listen(fd, SOMAXCONN)) {
        bc_die("cannot listen: %s", strerror(errno));
    }
    return fd;
}

// Port 0 is whatever is free, but the same for UDP.
static bool
is_free_for_udp(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    getsockname(fd, (struct sockaddr *)&address, &len);
    int udp = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool free = udp >= 0 && bind(udp, (struct sockaddr *)&address, len) == 0;
    if (udp >= 0) {
        close(udp);
    }
    return free;
}

void
bc_tcp_init(void)
{
    int fd = open_front();
    for (int i = 0; i < PORT_TRIES && !is_free_for_udp(fd); i++) {
        close(fd);
        fd = open_front();
    }
    socklen_t len = sizeof(bc_impair.listen);
    getsockname(fd, &bc_impair.listen.any, &len);
    bc_watch_open(&front, fd, EPOLLIN, on_accept, NULL);
}

void
bc_tcp_finish(void)
{
    bc_tcp_reset();
    bc_watch_close(&front);
}
