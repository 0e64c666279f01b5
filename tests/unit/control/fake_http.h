// SPDX-License-Identifier: Apache-2.0
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <jansson.h>

#include "protocol/http/exchange.h"

struct bc_control;

// A request as the HTTP server would hand it over, and the answer it got. Stands in for
// protocol/http, so that no socket is needed.
struct bc_http_exchange {
    enum bc_http_method method;
    const char *path;
    const char *query;
    const char *host; // NULL: no such header
    const char *authorization;
    const char *sent; // the request's body; NULL: none
    size_t sent_len;  // 0: up to its end
    void (*gone)(void *user); // set while the answer is to come later
    void *gone_user;
    // The answer.
    int answers; // must become 1
    int status;
    char type[64];
    char headers[256];
    char *body; // owned, zero-terminated
    size_t len;
};

// Asks and keeps the answer in `x`, which is set up by the caller. False: not handled.
bool
fake_ask(struct bc_control *control, struct bc_http_exchange *x);

// GET of a path with a query or NULL, answered with `status`; a zeroed exchange comes
// back.
struct bc_http_exchange
fake_get(struct bc_control *control, const char *path, const char *query, int status);

void
fake_finish(struct bc_http_exchange *x);

// The body as JSON, to be dropped with json_decref(); fails the test when it is none.
json_t *
fake_json(const struct bc_http_exchange *x);

// GET, 200, JSON.
json_t *
fake_get_json(struct bc_control *control, const char *path, const char *query);

// Fails the test unless the body is an error of this code.
void
fake_check_error(const struct bc_http_exchange *x, int status, const char *code);

// The text of a member; "" when it is none.
const char *
fake_text(const json_t *object, const char *key);

// Fails the test unless the member is a whole number.
long long
fake_number(const json_t *object, const char *key);

// Whether the member is there and null.
bool
fake_is_null(const json_t *object, const char *key);

// --- the file store: it has these names ---

extern const char *const FAKE_FILES[];

#endif
