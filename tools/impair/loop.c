// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "impair.h"

enum { EVENTS = 64, MAX_DEFERRED = 4096 };

static int set = -1;
static int timer = -1;
static volatile sig_atomic_t stopped;
static void *deferred[MAX_DEFERRED];
static size_t deferred_count;

void
bc_loop_init(void)
{
    set = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = NULL };
    if (set < 0 || timer < 0 || epoll_ctl(set, EPOLL_CTL_ADD, timer, &e)) {
        bc_die("epoll: %s", strerror(errno));
    }
}

void
bc_loop_stop(void)
{
    stopped = 1;
}

static void
control(struct bc_watch *w, int op)
{
    struct epoll_event e = { .events = w->events, .data.ptr = w };
    if (epoll_ctl(set, op, w->fd, &e)) {
        bc_die("epoll_ctl: %s", strerror(errno));
    }
}

void
bc_watch_open(struct bc_watch *w, int fd, uint32_t events,
    void (*on_event)(struct bc_watch *, uint32_t), void *userdata)
{
    w->fd = fd;
    w->events = events;
    w->on_event = on_event;
    w->userdata = userdata;
    if (events) {
        control(w, EPOLL_CTL_ADD);
    }
}

void
bc_watch_set(struct bc_watch *w, uint32_t events)
{
    if (w->fd >= 0 && w->events != events) {
        // With no events it leaves the set, which would report a hang-up again and again.
        int op = !w->events ? EPOLL_CTL_ADD : !events ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
        w->events = events;
        control(w, op);
    }
}

void
bc_watch_close(struct bc_watch *w)
{
    if (w->fd >= 0) {
        close(w->fd);
        w->fd = -1;
    }
}

static void
free_deferred(void)
{
    while (deferred_count) {
        free(deferred[--deferred_count]);
    }
}

void
bc_loop_defer_free(void *memory)
{
    if (deferred_count == MAX_DEFERRED) {
        bc_die("too much ends at once");
    }
    deferred[deferred_count++] = memory;
}

static void
arm(int64_t due_us)
{
    struct itimerspec at = { 0 };
    if (due_us >= 0) {
        due_us = due_us > 0 ? due_us : 1; // zero would disarm it
        at.it_value.tv_sec = due_us / 1000000;
        at.it_value.tv_nsec = due_us % 1000000 * 1000;
    }
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void
bc_loop_run(int64_t (*step)(int64_t now_us))
{
    struct epoll_event events[EVENTS];
    while (!stopped) {
        arm(step(bc_now_us()));
        free_deferred();
        int n = epoll_wait(set, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct bc_watch *w = events[i].data.ptr;
            uint64_t expirations;
            if (!w) {
                (void)!read(timer, &expirations, sizeof(expirations));
            } else if (w->fd >= 0) {
                w->on_event(w, events[i].events);
            }
        }
    }
    free_deferred();
    close(timer);
    close(set);
}
