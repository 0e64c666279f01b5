// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_HTTP_H
#define COMPOSE_HTTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/writer.h"

#define COMPOSE_HTTP_ERROR 160

// One thread's way to servers by HTTP; keeps its connection for the next request.
// Blocking; every call ends soon after `stop` is set.
struct compose_http {
    void *easy; // CURL, owned
    const atomic_bool *stop; // borrowed
    const char *token; // borrowed; NULL: none
    char error[COMPOSE_HTTP_ERROR]; // why the last call got no answer
};

// Strings are borrowed.
struct compose_request {
    const char *method; // "GET", "PUT", "POST"
    const char *url;
    const char *content_type; // NULL: without a body
    const void *body;
    size_t body_len;
    unsigned timeout_ms;
};

// Before there are threads.
void
compose_http_start(void);

// False without memory.
bool
compose_http_init(struct compose_http *h, const atomic_bool *stop, const char *token);

void
compose_http_finish(struct compose_http *h);

// Writes base, path and the text with what a query may not hold escaped, and a NUL.
void
compose_http_query(
    struct bc_writer *w, const char *base, const char *path, const char *text);

// The answer's status; 0: there is none. `out` is emptied and gets the body, at most
// `max` bytes of it.
int
compose_http_call(struct compose_http *h, const struct compose_request *request,
    struct bc_writer *out, size_t max);

// A body without an end: each piece is given away. Returns when the stream ended, when
// `on_bytes` returned false, or when nothing came for `idle_s`. The answer's status; 0:
// none.
int
compose_http_stream(struct compose_http *h, const char *url, unsigned idle_s,
    bool (*on_bytes)(void *user, const void *data, size_t len), void *user);

#endif
