// SPDX-License-Identifier: Apache-2.0
#include "outlet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "outlet_internal.h"

#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 5000

// --- the queue ---

struct bc_packet *
compose_outlet_take(struct compose_outlet *o)
{
    struct bc_packet *p = NULL;
    pthread_mutex_lock(&o->lock);
    if (o->count > 0) {
        p = o->queue[o->first];
        o->first = (o->first + 1) % COMPOSE_OUTLET_QUEUE;
        o->count--;
    }
    pthread_mutex_unlock(&o->lock);
    return p;
}

static void
empty(struct compose_outlet *o)
{
    for (struct bc_packet *p = compose_outlet_take(o); p; p = compose_outlet_take(o)) {
        bc_packet_unref(&p);
    }
}

void
compose_outlet_send(struct compose_outlet *o, struct bc_packet *packet)
{
    pthread_mutex_lock(&o->lock);
    bool fits = o->live && o->count < COMPOSE_OUTLET_QUEUE;
    if (fits) {
        o->queue[(o->first + o->count++) % COMPOSE_OUTLET_QUEUE] = packet;
    } else if (o->live) {
        // The server does not keep up: what is left out breaks what refers to it.
        o->wants_key = true;
    }
    pthread_mutex_unlock(&o->lock);
    if (!fits) {
        bc_packet_unref(&packet);
        return;
    }
    uint64_t one = 1;
    ssize_t n = write(o->wakeup, &one, sizeof(one));
    (void)n; // full: it is awake
}

bool
compose_outlet_wants_key(struct compose_outlet *o)
{
    pthread_mutex_lock(&o->lock);
    bool wants = o->wants_key;
    o->wants_key = false;
    pthread_mutex_unlock(&o->lock);
    return wants;
}

void
compose_outlet_set_url(struct compose_outlet *o, const char *url)
{
    uint64_t one = 1;
    pthread_mutex_lock(&o->lock);
    if (strcmp(o->url, url) != 0) {
        snprintf(o->url, sizeof(o->url), "%s", url);
        o->url_serial++;
    }
    pthread_mutex_unlock(&o->lock);
    ssize_t n = write(o->wakeup, &one, sizeof(one));
    (void)n;
}

// Whether this connection is to be left by our own will.
bool
compose_outlet_is_over(struct compose_outlet *o)
{
    pthread_mutex_lock(&o->lock);
    bool over = o->stop || o->serial != o->url_serial;
    pthread_mutex_unlock(&o->lock);
    return over;
}

static bool
next_url(struct compose_outlet *o, char out[COMPOSE_URL_MAX])
{
    pthread_mutex_lock(&o->lock);
    bool any = !o->stop && o->url[0];
    memcpy(out, o->url, COMPOSE_URL_MAX);
    o->serial = o->url_serial;
    pthread_mutex_unlock(&o->lock);
    return any;
}

static void
pause_before_retry(struct compose_outlet *o, int ms)
{
    int64_t until_us = bc_clock_us() + (int64_t)ms * 1000;
    while (!compose_outlet_is_over(o) && bc_clock_us() < until_us) {
        compose_outlet_wait(o, (int)((until_us - bc_clock_us()) / 1000) + 1);
    }
}

static void *
run(void *user)
{
    struct compose_outlet *o = user;
    char url[COMPOSE_URL_MAX];
    int wait_ms = RETRY_MIN_MS;
    for (;;) {
        bool any = next_url(o, url);
        if (any) {
            compose_outlet_publish(o, url);
            wait_ms = o->started ? RETRY_MIN_MS : wait_ms * 2;
            wait_ms = wait_ms > RETRY_MAX_MS ? RETRY_MAX_MS : wait_ms;
            compose_outlet_forget(o);
        }
        pthread_mutex_lock(&o->lock);
        bool stop = o->stop;
        pthread_mutex_unlock(&o->lock);
        if (stop) {
            return NULL;
        }
        if (any && o->failed) {
            bc_warn(&o->log, "not publishing: %s", o->why);
        }
        pause_before_retry(o, any ? wait_ms : RETRY_MAX_MS);
    }
}

// --- life ---

struct compose_outlet *
compose_outlet_create(void)
{
    struct compose_outlet *o = calloc(1, sizeof(*o));
    if (!o) {
        return NULL;
    }
    bc_logger_init(&o->log, NULL, "output");
    pthread_mutex_init(&o->lock, NULL);
    o->fd = -1;
    o->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (o->wakeup < 0 || pthread_create(&o->thread, NULL, run, o) != 0) {
        if (o->wakeup >= 0) {
            close(o->wakeup);
        }
        pthread_mutex_destroy(&o->lock);
        free(o);
        return NULL;
    }
    return o;
}

void
compose_outlet_destroy(struct compose_outlet *o)
{
    uint64_t one = 1;
    if (!o) {
        return;
    }
    pthread_mutex_lock(&o->lock);
    o->stop = true;
    pthread_mutex_unlock(&o->lock);
    ssize_t n = write(o->wakeup, &one, sizeof(one));
    (void)n;
    pthread_join(o->thread, NULL);
    empty(o);
    close(o->wakeup);
    pthread_mutex_destroy(&o->lock);
    free(o);
}
