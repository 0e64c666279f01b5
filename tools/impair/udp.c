// SPDX-License-Identifier: Apache-2.0
// Datagrams: a socket towards the server for every client address.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "impair.h"
#include "queue.h"

enum {
    MAX_DATAGRAM = 65536,
    MAX_FLOWS = 4096,
    BATCH = 64, // datagrams of one socket before the others' turn
    SOCKET_BUFFER_BYTES = 4 << 20,
};

// One client address. Owned by `flows`; lives until the program ends.
struct bc_flow {
    union bc_address client;
    struct bc_watch server;
    struct bc_path paths[BC_DIRECTIONS];
};

static struct bc_watch front; // clients send here
static struct bc_flow *flows[MAX_FLOWS];
static size_t flow_count;
static struct bc_queue queue;
static uint8_t datagram[MAX_DATAGRAM];

static int
open_socket(void)
{
    int size = SOCKET_BUFFER_BYTES;
    int fd =
        socket(bc_impair.to.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        bc_die("socket: %s", strerror(errno));
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    return fd;
}

static void
enter(struct bc_flow *flow, int direction, size_t len)
{
    int64_t due_us = bc_path_datagram(&flow->paths[direction],
        &bc_impair.settings[direction], len, bc_now_us(), &bc_impair.counters[direction]);
    if (due_us >= 0 && bc_queue_push(&queue, flow, direction, datagram, len, due_us)) {
        bc_impair.counters[direction].overflowed++;
    }
}

static void
on_server(struct bc_watch *w, uint32_t events)
{
    (void)events;
    for (int i = 0; i < BATCH; i++) {
        ssize_t n = recv(w->fd, datagram, sizeof(datagram), 0);
        if (n < 0) { // nothing left, or an ICMP error, which the client would not see
            return;
        }
        enter(w->userdata, BC_DOWN, (size_t)n);
    }
}

static void
connect_flow(struct bc_flow *flow)
{
    int fd = open_socket();
    if (connect(fd, &bc_impair.to.any, bc_impair.address_len)) {
        bc_die("connect: %s", strerror(errno));
    }
    bc_watch_open(&flow->server, fd, EPOLLIN, on_server, flow);
}

static struct bc_flow *
find_flow(const union bc_address *client)
{
    for (size_t i = 0; i < flow_count; i++) {
        if (!memcmp(&flows[i]->client, client, sizeof(*client))) {
            return flows[i];
        }
    }
    if (flow_count == MAX_FLOWS) {
        return NULL;
    }
    struct bc_flow *flow = calloc(1, sizeof(*flow));
    if (!flow) {
        return NULL;
    }
    flow->client = *client;
    for (uint32_t d = 0; d < BC_DIRECTIONS; d++) {
        bc_path_init(&flow->paths[d], bc_impair.seed, bc_impair.udp_flows, d);
    }
    connect_flow(flow);
    bc_impair.udp_flows++;
    flows[flow_count++] = flow;
    return flow;
}

static void
on_client(struct bc_watch *w, uint32_t events)
{
    (void)events;
    for (int i = 0; i < BATCH; i++) {
        union bc_address from;
        memset(&from, 0, sizeof(from));
        socklen_t len = sizeof(from);
        ssize_t n = recvfrom(w->fd, datagram, sizeof(datagram), 0, &from.any, &len);
        if (n < 0) {
            return;
        }
        struct bc_flow *flow = find_flow(&from);
        if (!flow) {
            bc_impair.counters[BC_UP].overflowed++;
            continue;
        }
        enter(flow, BC_UP, (size_t)n);
    }
}

static void
leave(const struct bc_packet *p)
{
    const struct bc_flow *flow = p->flow;
    ssize_t n = p->direction == BC_UP
        ? send(flow->server.fd, p->data, p->len, MSG_NOSIGNAL)
        : sendto(front.fd, p->data, p->len, MSG_NOSIGNAL, &flow->client.any,
            bc_impair.address_len);
    bc_impair.sent[p->direction] += n >= 0;
}

int64_t
bc_udp_step(int64_t now_us)
{
    struct bc_packet *p;
    while ((p = bc_queue_pop(&queue, now_us))) {
        leave(p);
        free(p);
    }
    return bc_queue_due_us(&queue);
}

void
bc_udp_rebind(void)
{
    for (size_t i = 0; i < flow_count; i++) {
        bc_watch_close(&flows[i]->server);
        connect_flow(flows[i]);
    }
    bc_impair.rebinds++;
}

void
bc_udp_init(void)
{
    int fd = open_socket();
    socklen_t len = sizeof(bc_impair.listen);
    if (bind(fd, &bc_impair.listen.any, bc_impair.address_len)
        || getsockname(fd, &bc_impair.listen.any, &len)) {
        bc_die("cannot listen: %s", strerror(errno));
    }
    bc_watch_open(&front, fd, EPOLLIN, on_client, NULL);
}

void
bc_udp_finish(void)
{
    bc_watch_close(&front);
    bc_queue_finish(&queue);
    while (flow_count) {
        struct bc_flow *flow = flows[--flow_count];
        bc_watch_close(&flow->server);
        free(flow);
    }
}
