// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "usrsctp_glue.h"

#define TICK_US 10000
// The library frees what is left of a closed socket by timers.
#define LINGER_US 2000000
#define FINISH_TICKS 100
#define FINISH_TICK_MS 1000

// The library has one state per process and knows its users by numbers, so this is where
// its callbacks find them. Set while a service lives.
static _Atomic(struct bc_sctp_service *) the_service;

// --- the library ---

static int
on_output(void *address, void *data, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)tos;
    (void)set_df;
    struct bc_sctp_association *a = dc_service_find(address);
    if (a) {
        dc_endpoint_output(a, data, len);
    }
    return 0;
}

static void
start_library(void)
{
    usrsctp_init_nothreads(0, on_output, NULL);
    usrsctp_sysctl_set_sctp_blackhole(2); // says nothing to packets that are nobody's
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_asconf_enable(0);
    usrsctp_sysctl_set_sctp_auto_asconf(0);
    usrsctp_sysctl_set_sctp_auth_enable(0);
    usrsctp_sysctl_set_sctp_nrsack_enable(0);
    usrsctp_sysctl_set_sctp_pr_enable(1);
    usrsctp_sysctl_set_sctp_reconfig_enable(1);
    // What a peer may make the library hold beside the receive buffer.
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(256);
    usrsctp_sysctl_set_sctp_delayed_sack_time_default(20);
    usrsctp_sysctl_set_sctp_rto_initial_default(500);
    usrsctp_sysctl_set_sctp_rto_min_default(200);
    usrsctp_sysctl_set_sctp_rto_max_default(5000);
    usrsctp_sysctl_set_sctp_init_rto_max_default(5000);
}

// --- timers ---

static bool
is_idle(struct bc_sctp_service *s, int64_t now_us)
{
    return s->idle_since_us != 0 && now_us - s->idle_since_us > LINGER_US;
}

static void
on_tick(struct bc_timer *timer)
{
    struct bc_sctp_service *s = bc_container_of(timer, struct bc_sctp_service, timer);
    int64_t now = bc_clock_us();
    int64_t elapsed_ms = (now - s->ticked_us) / 1000;
    s->ticked_us += elapsed_ms * 1000;
    usrsctp_handle_timers((uint32_t)elapsed_ms);
    struct bc_list due;
    bc_list_init(&due);
    bc_list_splice(&due, &s->attention);
    while (!bc_list_empty(&due)) {
        struct dc_endpoint *e = bc_container_of(due.next, struct dc_endpoint, attention);
        dc_endpoint_settle(bc_container_of(e, struct bc_sctp_association, endpoint));
    }
    if (!is_idle(s, now)) {
        bc_timer_set(timer, TICK_US);
    }
}

// --- associations ---

void
dc_service_add(struct bc_sctp_service *s, struct bc_sctp_association *a)
{
    if (!s->library_ready) {
        start_library();
        bc_timer_init(&s->timer, s->worker, on_tick);
        s->library_ready = true;
    }
    a->endpoint.id = ++s->last_id;
    HASH_ADD(endpoint.hh, s->associations, endpoint.id, sizeof(a->endpoint.id), a);
    s->idle_since_us = 0;
    if (!bc_timer_is_set(&s->timer)) {
        s->ticked_us = bc_clock_us();
        bc_timer_set(&s->timer, TICK_US);
    }
}

void
dc_service_remove(struct bc_sctp_service *s, struct bc_sctp_association *a)
{
    HASH_DELETE(endpoint.hh, s->associations, a);
    bc_list_remove(&a->endpoint.attention);
    if (!s->associations) {
        s->idle_since_us = bc_clock_us();
    }
}

struct bc_sctp_association *
dc_service_find(void *address)
{
    struct bc_sctp_service *s = the_service;
    struct bc_sctp_association *a = NULL;
    uint64_t id = (uintptr_t)address;
    if (s) {
        HASH_FIND(endpoint.hh, s->associations, &id, sizeof(id), a);
    }
    return a;
}

// --- life ---

struct bc_worker *
dc_service_worker(struct bc_sctp_service *s)
{
    pthread_mutex_lock(&s->start_lock);
    if (!s->worker) {
        // The last index: no worker of the server has it.
        struct bc_worker *worker = bc_worker_create(BC_WORKER_MAX - 1);
        if (worker && bc_worker_start(worker) != 0) {
            bc_worker_destroy(worker);
            worker = NULL;
        }
        if (!worker) {
            bc_error(NULL, "cannot start the thread of data channels");
        }
        s->worker = worker;
    }
    struct bc_worker *found = s->worker;
    pthread_mutex_unlock(&s->start_lock);
    return found;
}

struct bc_sctp_service *
bc_sctp_service_create(void)
{
    struct bc_sctp_service *s = calloc(1, sizeof(*s));
    struct bc_sctp_service *nobody = NULL;
    if (!s || !atomic_compare_exchange_strong(&the_service, &nobody, s)) {
        free(s);
        return NULL;
    }
    pthread_mutex_init(&s->start_lock, NULL);
    bc_list_init(&s->attention);
    return s;
}

static void
stop_library(void)
{
    for (int i = 0; i < FINISH_TICKS && usrsctp_finish() != 0; i++) {
        usrsctp_handle_timers(FINISH_TICK_MS);
    }
}

void
bc_sctp_service_destroy(struct bc_sctp_service *s)
{
    if (!s) {
        return;
    }
    if (s->worker) {
        bc_worker_stop(s->worker);
        bc_worker_join(s->worker);
        bc_worker_run_leftovers(s->worker);
        if (s->library_ready) {
            stop_library();
        }
        bc_worker_destroy(s->worker);
    }
    pthread_mutex_destroy(&s->start_lock);
    the_service = NULL;
    free(s);
}
