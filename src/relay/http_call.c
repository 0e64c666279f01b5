// SPDX-License-Identifier: Apache-2.0
// A request between who waits for it and the thread that sends it.
#include <stdlib.h>
#include <string.h>

#include "http_internal.h"

#define TIMEOUT_MS 10000

static void
free_call(struct relay_http_call *c)
{
    free(c->method);
    free(c->bearer);
    free(c->content_type);
    free(c->if_match);
    free(c->payload);
    bc_writer_finish(&c->body);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void
relay_http_call_unref(struct relay_http_call *c)
{
    if (atomic_fetch_sub(&c->refs, 1) == 1) {
        free_call(c);
    }
}

// --- the reply ---

static void
run_reply(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct relay_http_call *c = bc_container_of(task, struct relay_http_call, task);
    if (!c->gone) {
        c->gone = true;
        c->on_reply(c->user, &c->reply);
        relay_http_call_unref(c); // of who waited
    }
    relay_http_call_unref(c);
}

void
relay_http_call_finish(struct relay_http_call *c)
{
    bc_list_remove(&c->node);
    c->reply.body = c->body.data;
    c->reply.body_len = c->body.len;
    pthread_mutex_lock(&c->lock);
    if (!c->gone && c->on_reply) {
        atomic_fetch_add(&c->refs, 1); // the task's
        bc_worker_post(c->worker, &c->task);
    }
    pthread_mutex_unlock(&c->lock);
    relay_http_call_unref(c);
}

// --- making one ---

static bool
copy_text(char **to, const char *from)
{
    if (from && (strpbrk(from, "\r\n") || strlen(from) >= RELAY_HTTP_URL_MAX)) {
        return false; // would be a header of its own, or none
    }
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

static bool
copy_params(struct relay_http_call *c, const struct relay_http_params *p)
{
    if (strlen(p->url) >= sizeof(c->reply.url) || strpbrk(p->url, "\r\n")) {
        return false;
    }
    memcpy(c->reply.url, p->url, strlen(p->url) + 1);
    c->worker = p->worker;
    c->on_reply = p->on_reply;
    c->user = p->user;
    c->timeout_ms = p->timeout_ms ? p->timeout_ms : TIMEOUT_MS;
    if (p->body_len > 0) {
        c->payload = malloc(p->body_len);
        if (!c->payload) {
            return false;
        }
        memcpy(c->payload, p->body, p->body_len);
        c->payload_len = p->body_len;
    }
    return copy_text(&c->method, p->method) && copy_text(&c->bearer, p->bearer)
        && copy_text(&c->content_type, p->content_type)
        && copy_text(&c->if_match, p->if_match);
}

struct relay_http_call *
relay_http_call_create(struct relay_http *http, const struct relay_http_params *params)
{
    struct relay_http_call *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    pthread_mutex_init(&c->lock, NULL);
    bc_list_init(&c->node);
    bc_list_init(&c->task.node);
    c->task.run = run_reply;
    c->http = http;
    c->guarded = params->guarded;
    c->refs = params->on_reply ? 2 : 1;
    if (!copy_params(c, params)) {
        free_call(c);
        return NULL;
    }
    return c;
}
