// SPDX-License-Identifier: Apache-2.0
// Handing over to the process that comes next: the old one's side of the talk that
// handover/handover.h describes. takeover.c is the other one.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "handover/handover.h"
#include "net/listener.h"
#include "scenes/scenes.h"
#include "parts.h"
#include "handover.h"

#define ROUND_MS 3000
#define SUCCESSOR_US 60000000 // from our letting go until it must be ready

struct bc_server_handover *
bc_server_handover_create(void)
{
    struct bc_server_handover *h = calloc(1, sizeof(*h));
    if (h) {
        h->before = -1;
        h->listener = -1;
        h->after = -1;
    }
    return h;
}

void
bc_server_close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void
bc_server_handover_destroy(struct bc_server_handover *h)
{
    if (!h) {
        return;
    }
    bc_server_close_fd(&h->before);
    bc_server_close_fd(&h->listener);
    bc_server_close_fd(&h->after);
    for (size_t i = 0; i < h->inherited_count; i++) {
        bc_server_close_fd(&h->inherited[i].fd);
    }
    free(h->inherited);
    free(h);
}

int
bc_server_say(int socket, enum bc_handover_kind kind, const char *text)
{
    struct bc_handover_message m = { .kind = kind, .version = BC_HANDOVER_VERSION,
        .fd = -1 };
    snprintf(m.text, sizeof(m.text), "%s", text);
    return bc_handover_send(socket, &m);
}

// --- the old process: a round through the workers ---

// One task for each worker, and how many have yet to run it.
struct round {
    atomic_uint left;
    struct round_task {
        struct bc_task task;
        struct bc_server_worker *w;
        struct round *round;
    } tasks[];
};

static void
run_let_go(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct round_task *t = bc_container_of(task, struct round_task, task);
    bc_server_worker_let_go(t->w);
    atomic_fetch_sub(&t->round->left, 1);
}

static void
run_nothing(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct round_task *t = bc_container_of(task, struct round_task, task);
    atomic_fetch_sub(&t->round->left, 1);
}

static bool
go_round(struct bc_server *s, void (*run)(struct bc_task *, struct bc_worker *))
{
    struct round *r = calloc(1, sizeof(*r) + s->worker_count * sizeof(r->tasks[0]));
    if (!r) {
        return false;
    }
    atomic_init(&r->left, s->worker_count);
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_list_init(&r->tasks[i].task.node);
        r->tasks[i].task.run = run;
        r->tasks[i].w = &s->workers[i];
        r->tasks[i].round = r;
        bc_worker_post(s->workers[i].worker, &r->tasks[i].task);
    }
    for (int i = 0; atomic_load(&r->left) > 0 && i < ROUND_MS; i++) {
        poll(NULL, 0, 1);
    }
    bool ok = atomic_load(&r->left) == 0;
    if (ok) {
        free(r); // else a worker hangs, and will find it when it goes on
    }
    return ok;
}

// --- the old process: the talk ---

int
bc_server_offer(struct bc_server *s, int socket)
{
    int ret = 0;
    for (unsigned i = 0; i < s->worker_count; i++) {
        const struct bc_server_worker *w = &s->workers[i];
        for (size_t k = 0; k < w->port_count && ret == 0; k++) {
            struct bc_handover_message m = { .kind = BC_HANDOVER_LISTENER,
                .fd = bc_listener_fd(w->ports[k].listener) };
            snprintf(m.text, sizeof(m.text), "%s", w->ports[k].address);
            ret = bc_handover_send(socket, &m);
        }
    }
    return ret == 0 ? bc_server_say(socket, BC_HANDOVER_OFFERED, "") : ret;
}

static void
forget_after(struct bc_server_handover *h)
{
    bc_server_close_fd(&h->after);
    h->state = SERVING;
}

// The first word of who connected; waited for, as it comes at once.
static void
meet(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    int fd = bc_handover_accept(h->listener);
    if (fd < 0) {
        return;
    }
    const struct timeval patience = { .tv_sec = 2 };
    const int bytes = BC_SERVER_HANDOVER_SEND_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    struct bc_handover_message m;
    int ret = bc_handover_receive(fd, 500, &m);
    if (ret == 0 && m.fd >= 0) {
        close(m.fd);
    }
    if (ret != 0 || m.kind != BC_HANDOVER_TAKE_OVER) {
        close(fd);
        return;
    }
    const char *why = m.version != BC_HANDOVER_VERSION ? "it speaks another version"
        : h->state != SERVING                          ? "another one takes over"
                                                       : NULL;
    if (why) {
        bc_server_say(fd, BC_HANDOVER_REFUSED, why);
        close(fd);
        return;
    }
    h->after = fd;
    h->state = OFFERED;
    h->deadline_us = bc_clock_us() + SUCCESSOR_US;
    bc_info(NULL, "a new process wants to take over");
    if (bc_server_offer(s, fd) != 0) {
        bc_warn(NULL, "the new process does not listen; nothing changes");
        forget_after(h);
    }
}

static void
let_go(struct bc_server *s)
{
    bc_info(NULL, "letting go of the hosts and the data directory");
    atomic_store(&s->ready, false);
    bc_scenes_let_go(s->scenes);
    bc_server_relays_close(s->relays);
    bc_server_edges_close(s->edges);
    bc_srt_close_listeners(s->srt);
    // Nobody is accepted from now on; then nobody is told that the server goes down.
    bool ok = go_round(s, run_let_go);
    bc_hub_drain(s->hub);
    // Takes end on their homes, their last parts are on the way, sockets are closed.
    ok = go_round(s, run_nothing) && ok;
    ok = go_round(s, run_nothing) && ok;
    if (!ok) {
        bc_warn(NULL, "a worker does not answer");
    }
    bc_server_record_let_go(s);
    bc_server_state_close(s);
    bc_server_cues_save(s);
}

static enum bc_server_turn
on_word(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    struct bc_handover_message m;
    int ret = bc_handover_receive(h->after, 0, &m);
    if (ret == 0 && m.fd >= 0) {
        close(m.fd);
    }
    if (ret == 0 && h->state == OFFERED && m.kind == BC_HANDOVER_RELEASE) {
        let_go(s);
        h->state = RELEASED;
        h->deadline_us = bc_clock_us() + SUCCESSOR_US;
        bc_server_say(h->after, BC_HANDOVER_RELEASED, "");
        return BC_SERVER_GO_ON;
    }
    if (ret == 0 && h->state == RELEASED && m.kind == BC_HANDOVER_READY) {
        bc_info(NULL, "the new process serves");
        return BC_SERVER_LEAVE;
    }
    if (h->state == RELEASED) {
        bc_error(NULL, "the new process failed before it was ready");
        return BC_SERVER_RESTART;
    }
    bc_warn(NULL, "the new process gave up; nothing changes");
    forget_after(h);
    return BC_SERVER_GO_ON;
}

size_t
bc_server_handover_watch(struct bc_server *s, struct pollfd *fds)
{
    const struct bc_server_handover *h = s->handover;
    // Negative descriptors are passed over.
    fds[0] = (struct pollfd){ .fd = h->listener, .events = POLLIN };
    fds[1] = (struct pollfd){ .fd = h->after, .events = POLLIN };
    return BC_SERVER_HANDOVER_FDS;
}

static bool
has_news(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return fd >= 0 && poll(&p, 1, 0) > 0;
}

enum bc_server_turn
bc_server_handover_turn(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    if (h->successor > 0 && waitpid(h->successor, NULL, WNOHANG) == h->successor) {
        h->successor = 0;
    }
    if (has_news(h->listener)) {
        meet(s);
    }
    if (has_news(h->after)) {
        return on_word(s);
    }
    if (h->after >= 0 && bc_clock_us() > h->deadline_us) {
        bc_warn(NULL, "the new process takes too long");
        if (h->state == RELEASED) {
            return BC_SERVER_RESTART;
        }
        forget_after(h);
    }
    return BC_SERVER_GO_ON;
}
