// SPDX-License-Identifier: Apache-2.0
#include "pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

// --- the wire ---

struct wire {
    struct bc_task task;
    struct pair_end *to;
    size_t len;
    uint8_t data[];
};

static void
run_wire(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct wire *w = bc_container_of(task, struct wire, task);
    if (w->to->association) {
        bc_sctp_input(w->to->association, w->data, w->len);
    }
    free(w);
}

static void
put_on_wire(struct pair_end *to, const uint8_t *data, size_t len)
{
    struct wire *w = malloc(sizeof(*w) + len);
    assert_non_null(w);
    bc_list_init(&w->task.node);
    w->task.run = run_wire;
    w->to = to;
    w->len = len;
    memcpy(w->data, data, len);
    bc_worker_post(to->worker, &w->task);
}

// --- callbacks ---

static void
on_send(void *user, const uint8_t *data, size_t len)
{
    struct pair_end *end = user;
    pthread_mutex_lock(&end->pair->lock);
    end->sent++;
    end->largest = len > end->largest ? len : end->largest;
    bool lost = end->mute || (end->drop_every && end->sent % end->drop_every == 0);
    pthread_cond_broadcast(&end->pair->changed);
    pthread_mutex_unlock(&end->pair->lock);
    if (!lost) {
        put_on_wire(end->other, data, len);
    }
}

static void
on_channel_open(void *user, uint16_t stream, const char *label)
{
    struct pair_end *end = user;
    pthread_mutex_lock(&end->pair->lock);
    end->opened++;
    end->stream = stream;
    snprintf(end->label, sizeof(end->label), "%s", label);
    pthread_cond_broadcast(&end->pair->changed);
    pthread_mutex_unlock(&end->pair->lock);
}

static void
on_message(
    void *user, uint16_t stream, bool binary, const uint8_t *data, size_t len)
{
    struct pair_end *end = user;
    pthread_mutex_lock(&end->pair->lock);
    assert_true(end->message_count < PAIR_MESSAGES);
    end->messages[end->message_count++] = (struct pair_message){ stream, binary, len,
        len ? data[0] : 0, len ? data[len - 1] : 0 };
    bool echo = end->echo;
    pthread_cond_broadcast(&end->pair->changed);
    pthread_mutex_unlock(&end->pair->lock);
    if (echo) {
        bc_sctp_send(end->association, stream, binary, data, len);
    }
}

static void
on_channel_closed(void *user, uint16_t stream)
{
    struct pair_end *end = user;
    pthread_mutex_lock(&end->pair->lock);
    end->closed++;
    end->stream = stream;
    pthread_cond_broadcast(&end->pair->changed);
    pthread_mutex_unlock(&end->pair->lock);
}

static void
on_closed(void *user, const char *reason)
{
    struct pair_end *end = user;
    if (end->destroy_on_close) {
        bc_sctp_association_destroy(end->association);
        end->association = NULL;
    }
    pthread_mutex_lock(&end->pair->lock);
    end->over++;
    snprintf(end->reason, sizeof(end->reason), "%s", reason);
    pthread_cond_broadcast(&end->pair->changed);
    pthread_mutex_unlock(&end->pair->lock);
}

static const struct bc_sctp_ops OPS = { on_send, on_channel_open, on_message,
    on_channel_closed, on_closed };

// --- calls on the end's worker ---

struct call {
    struct bc_task task;
    struct pair_end *end;
    void (*run)(struct call *call);
    const void *data;
    size_t len;
    uint16_t stream;
    bool binary;
    int result;
    bool done;
};

static void
run_call(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct call *c = bc_container_of(task, struct call, task);
    struct pair *p = c->end->pair;
    c->run(c);
    pthread_mutex_lock(&p->lock);
    c->done = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

static int
call(struct call *c)
{
    bc_list_init(&c->task.node);
    c->task.run = run_call;
    bc_worker_post(c->end->worker, &c->task);
    PAIR_UNTIL(c->end->pair, c->done);
    return c->result;
}

static void
do_connect(struct call *c)
{
    struct pair *p = c->end->pair;
    bool first = c->end == &p->a;
    struct bc_sctp_params params = { .service = p->service, .worker = c->end->worker,
        .local_port = 5000, .remote_port = 5000, .dtls_client = first,
        .limits = p->limits[first ? 0 : 1], .ops = &OPS, .user = c->end };
    c->end->association = bc_sctp_association_create(&params);
    assert_non_null(c->end->association);
}

void
pair_connect(struct pair_end *end)
{
    call(&(struct call){ .end = end, .run = do_connect });
}

static void
do_destroy(struct call *c)
{
    bc_sctp_association_destroy(c->end->association);
    c->end->association = NULL;
}

void
pair_destroy(struct pair_end *end)
{
    call(&(struct call){ .end = end, .run = do_destroy });
}

static void
do_channel(struct call *c)
{
    c->result = bc_sctp_open(c->end->association, c->data);
}

int
pair_channel(struct pair_end *end, const char *label)
{
    return call(&(struct call){ .end = end, .run = do_channel, .data = label });
}

static void
do_close_channel(struct call *c)
{
    bc_sctp_close_channel(c->end->association, c->stream);
}

void
pair_close_channel(struct pair_end *end, uint16_t stream)
{
    call(&(struct call){ .end = end, .run = do_close_channel, .stream = stream });
}

static void
do_send(struct call *c)
{
    c->result
        = bc_sctp_send(c->end->association, c->stream, c->binary, c->data, c->len);
}

int
pair_send(
    struct pair_end *end, uint16_t stream, bool binary, const void *data, size_t len)
{
    return call(&(struct call){ .end = end, .run = do_send, .stream = stream,
        .binary = binary, .data = data, .len = len });
}

static void
do_input(struct call *c)
{
    bc_sctp_input(c->end->association, c->data, c->len);
}

void
pair_input(struct pair_end *end, const void *data, size_t len)
{
    call(&(struct call){ .end = end, .run = do_input, .data = data, .len = len });
}

// --- life ---

static void
open_end(struct pair *p, struct pair_end *end, unsigned index)
{
    end->pair = p;
    end->other = end == &p->a ? &p->b : &p->a;
    end->worker = bc_worker_create(index);
    assert_non_null(end->worker);
    assert_int_equal(bc_worker_start(end->worker), 0);
}

void
pair_open(struct pair *p)
{
    memset(p, 0, sizeof(*p));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->service = bc_sctp_service_create();
    assert_non_null(p->service);
    open_end(p, &p->a, 0);
    open_end(p, &p->b, 1);
}

void
pair_close(struct pair *p)
{
    struct bc_worker *workers[] = { p->a.worker, p->b.worker };
    pair_destroy(&p->a);
    pair_destroy(&p->b);
    for (int i = 0; i < 2; i++) {
        bc_worker_stop(workers[i]);
        bc_worker_join(workers[i]);
    }
    bc_sctp_service_destroy(p->service);
    while (bc_worker_run_leftovers(workers[0]) | bc_worker_run_leftovers(workers[1])) {
    }
    bc_worker_destroy(workers[0]);
    bc_worker_destroy(workers[1]);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
}

void
pair_wait(struct pair *p, const char *what)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PAIR_DEADLINE_S;
    if (pthread_cond_timedwait(&p->changed, &p->lock, &until) != 0) {
        pthread_mutex_unlock(&p->lock);
        fail_msg("waited too long for %s (a: %u opened, %u closed, %u messages, over %u "
                 "%s; b: %u, %u, %u, %u %s)",
            what, p->a.opened, p->a.closed, p->a.message_count, p->a.over, p->a.reason,
            p->b.opened, p->b.closed, p->b.message_count, p->b.over, p->b.reason);
    }
}
