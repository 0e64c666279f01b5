// SPDX-License-Identifier: Apache-2.0
// The SRT thread.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn.h"
#include "library.h"

#define WAIT_MS 200
#define TURN_MS 10 // while something has its time to wait
#define IDLE_MS 1000
#define TICK_US 1000000

// --- waking it ---

void
srt_service_wake(struct bc_srt *srt)
{
    uint64_t one = 1;
    ssize_t n = write(srt->wakeup, &one, sizeof(one));
    (void)n; // full means that it is awake
}

void
srt_service_notify(struct bc_srt *srt, struct bc_srt_conn *c)
{
    bool sleeps = false;
    pthread_mutex_lock(&srt->inbox_lock);
    if (!srt->closed && bc_list_empty(&c->notice)) {
        srt_conn_ref(c);
        bc_list_append(&srt->inbox, &c->notice);
        sleeps = !srt->awake;
        srt->awake = true;
    }
    pthread_mutex_unlock(&srt->inbox_lock);
    if (sleeps) {
        srt_service_wake(srt);
    }
}

static struct bc_srt_conn *
next_notice(struct bc_srt *srt)
{
    struct bc_srt_conn *c = NULL;
    pthread_mutex_lock(&srt->inbox_lock);
    if (!bc_list_empty(&srt->inbox)) {
        c = bc_container_of(srt->inbox.next, struct bc_srt_conn, notice);
        bc_list_remove(&c->notice);
    } else {
        srt->awake = false;
    }
    pthread_mutex_unlock(&srt->inbox_lock);
    return c;
}

static void
read_inbox(struct bc_srt *srt)
{
    uint64_t count;
    ssize_t n = read(srt->wakeup, &count, sizeof(count));
    (void)n; // empty is fine
    struct bc_srt_conn *c;
    while ((c = next_notice(srt)) != NULL) {
        srt_conn_attend(c, bc_clock_us());
        srt_conn_unref(c);
    }
}

// --- a turn ---

static struct bc_srt_conn *
find(struct bc_srt *srt, SRTSOCKET socket)
{
    struct bc_srt_conn *c = NULL;
    HASH_FIND(hh, srt->conns, &socket, sizeof(socket), c);
    return c;
}

// The library notes an error in both lists; the first to see it may have ended the
// connection.
static void
handle(struct bc_srt *srt, int readable, int writable)
{
    int64_t now = bc_clock_us();
    for (int i = 0; i < readable; i++) {
        struct bc_srt_conn *c = find(srt, srt->readable[i]);
        if (c) {
            srt_conn_on_readable(c, now);
        } else if (srt_listener_is(srt, srt->readable[i])) {
            srt_listener_accept(srt, srt->readable[i]);
        }
    }
    for (int i = 0; i < writable; i++) {
        struct bc_srt_conn *c = find(srt, srt->writable[i]);
        if (c) {
            srt_conn_on_writable(c, now);
        }
    }
    bc_list_for_each(it, tmp, &srt->attention)
    {
        srt_conn_on_turn(bc_container_of(it, struct bc_srt_conn, attention), now);
    }
    if (now >= srt->next_tick_us) {
        srt->next_tick_us = now + TICK_US;
        srt_listener_review(srt, now);
        struct bc_srt_conn *c;
        struct bc_srt_conn *tmp;
        HASH_ITER(hh, srt->conns, c, tmp)
        {
            srt_conn_on_tick(c);
        }
    }
}

// Waiting in the library costs 100 looks a second, which a server without SRT should not pay:
// while there is nobody, the thread waits for a caller or a notice outside of it.
static int
rest(struct bc_srt *srt)
{
    if (!bc_list_empty(&srt->attention)) {
        return TURN_MS;
    }
    if (srt->conns || srt_listener_expects(srt)) {
        srt_listener_answer_all(srt);
        return WAIT_MS;
    }
    srt_listener_rest(srt, IDLE_MS);
    return 0;
}

static void
turn(struct bc_srt *srt)
{
    int wait_ms = rest(srt);
    int readable = SRT_SOCKETS_MAX + SRT_LISTENERS_MAX;
    int writable = SRT_SOCKETS_MAX + SRT_LISTENERS_MAX;
    SYSSOCKET system;
    int systems = 1;
    // The library looks at the eventfd every 10 ms, so that is how late a notice may be.
    int n = srt_epoll_wait(srt->epoll, srt->readable, &readable, srt->writable, &writable,
        wait_ms, &system, &systems, NULL, NULL);
    if (n == SRT_ERROR) {
        readable = writable = 0;
    }
    read_inbox(srt);
    handle(srt, readable, writable);
}

// --- life ---

static void
let_go(struct bc_srt *srt)
{
    struct bc_srt_conn *c;
    struct bc_srt_conn *tmp;
    pthread_mutex_lock(&srt->inbox_lock);
    srt->closed = true;
    pthread_mutex_unlock(&srt->inbox_lock);
    while ((c = next_notice(srt)) != NULL) {
        srt_conn_unref(c);
    }
    HASH_ITER(hh, srt->conns, c, tmp)
    {
        srt_conn_end(c, NULL);
    }
}

static void *
run(void *arg)
{
    struct bc_srt *srt = arg;
    while (!atomic_load(&srt->stopping)) {
        turn(srt);
    }
    let_go(srt);
    return NULL;
}

static bool
open_epoll(struct bc_srt *srt)
{
    int events = SRT_EPOLL_IN;
    srt->epoll = srt_epoll_create();
    srt->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (srt->epoll < 0 || srt->wakeup < 0
        || srt_epoll_add_ssock(srt->epoll, srt->wakeup, &events) == SRT_ERROR) {
        bc_error(&srt->log, "cannot wait for SRT: %s", srt_getlasterror_str());
        return false;
    }
    return true;
}

struct bc_srt *
bc_srt_create(const struct bc_srt_params *params)
{
    struct bc_srt *srt = calloc(1, sizeof(*srt));
    if (!srt) {
        bc_error(NULL, "no memory for SRT");
        return NULL;
    }
    srt->params = *params;
    srt->epoll = -1;
    srt->wakeup = -1;
    bc_logger_init(&srt->log, NULL, "srt");
    pthread_mutex_init(&srt->inbox_lock, NULL);
    pthread_mutex_init(&srt->listen_lock, NULL);
    bc_list_init(&srt->inbox);
    bc_list_init(&srt->attention);
    if (!srt_library_start()) {
        pthread_mutex_destroy(&srt->listen_lock);
        pthread_mutex_destroy(&srt->inbox_lock);
        free(srt);
        return NULL;
    }
    if (!open_epoll(srt)) {
        bc_srt_destroy(srt);
        return NULL;
    }
    int err = pthread_create(&srt->thread, NULL, run, srt);
    srt->running = err == 0;
    if (err != 0) {
        bc_error(&srt->log, "cannot start the thread: %s", strerror(err));
        bc_srt_destroy(srt);
        return NULL;
    }
    return srt;
}

void
bc_srt_stop(struct bc_srt *srt)
{
    if (atomic_exchange(&srt->stopped, true)) {
        return;
    }
    bc_srt_close_listeners(srt);
    atomic_store(&srt->stopping, true);
    if (srt->running) {
        srt_service_wake(srt);
        pthread_join(srt->thread, NULL);
        srt->running = false;
    }
}

void
bc_srt_destroy(struct bc_srt *srt)
{
    if (!srt) {
        return;
    }
    bc_srt_stop(srt);
    if (srt->epoll >= 0) {
        srt_epoll_release(srt->epoll);
    }
    if (srt->wakeup >= 0) {
        close(srt->wakeup);
    }
    srt_library_end();
    pthread_mutex_destroy(&srt->listen_lock);
    pthread_mutex_destroy(&srt->inbox_lock);
    free(srt);
}

void
bc_srt_totals(const struct bc_srt *srt, struct bc_srt_totals *out)
{
    *out = (struct bc_srt_totals){
        .accepted = atomic_load(&srt->accepted),
        .refused = atomic_load(&srt->refused),
        .failed = atomic_load(&srt->failed),
        .open = atomic_load(&srt->open),
    };
}
