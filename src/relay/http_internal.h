// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_HTTP_INTERNAL_H
#define RELAY_HTTP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/writer.h"
#include "http_client.h"
#include "net/worker.h"

struct curl_slist;

// One request. Shared by who waits for it and the thread, and by a task in the worker's
// inbox; counted.
struct relay_http_call {
    struct bc_list node; // in the inbox or among the running; the thread's after that
    struct relay_http *http; // borrowed; the thread's, and for cancelling
    struct bc_worker *worker;
    void (*on_reply)(void *user, const struct relay_http_reply *reply);
    void *user;
    atomic_uint refs;
    struct bc_task task;

    pthread_mutex_t lock; // guards gone, and posting with regard to it
    atomic_bool gone;

    // Written by the thread, and read by the worker once the task is posted.
    struct relay_http_reply reply;
    struct bc_writer body; // of the reply

    // The thread's.
    void *easy; // CURL
    struct curl_slist *headers;
    char *method;
    char *bearer;
    char *content_type;
    char *if_match;
    uint8_t *payload;
    size_t payload_len;
    unsigned timeout_ms;
    unsigned redirects;
    bool too_large;
    bool guarded;
    bool kept_out; // the guard let an address not pass
};

// --- http_call.c ---

// A call with the caller's reference, if somebody waits, and the thread's. NULL without
// memory or when the parameters cannot be.
struct relay_http_call *
relay_http_call_create(struct relay_http *http, const struct relay_http_params *params);

void
relay_http_call_unref(struct relay_http_call *c);

// The thread has done with it: the reply goes to who waits, and the thread's reference
// away.
void
relay_http_call_finish(struct relay_http_call *c);

// --- http_reply.c ---

// One line of a reply's head, with its end of line.
void
relay_http_reply_header(struct relay_http_reply *r, const char *line, size_t len);

// Forgets what the headers said.
void
relay_http_reply_reset(struct relay_http_reply *r);

#endif
