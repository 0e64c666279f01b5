// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_EXCHANGE_IMPL_H
#define HTTP_EXCHANGE_IMPL_H

#include "head.h"
#include "request.h"

struct bc_http_conn;
struct bc_http_file_body;

// How an exchange is answered: HTTP/1 (http1.c) or a stream of HTTP/2 (h2_stream.c). Each
// ends the exchange. See the public functions of the same names.
struct bc_http_exchange_ops {
    void (*respond)(struct bc_http_exchange *x, const struct bc_http_answer *answer);
    // The same with a body of its own, which is taken over.
    void (*respond_files)(struct bc_http_exchange *x, const struct bc_http_answer *answer,
        struct bc_http_file_body *body);
    // `answer` has the head's content. NULL: a HEAD request, answered.
    struct bc_sink *(*stream)(struct bc_http_exchange *x,
        const struct bc_http_answer *answer, enum bc_http_framing *framing);
    struct bc_sink *(*websocket)(struct bc_http_exchange *x, const char *accept);
};

// Embedded in an HTTP/1 connection, which reuses it for each request, or in an HTTP/2
// stream.
struct bc_http_exchange {
    const struct bc_http_exchange_ops *ops;
    struct bc_http_conn *conn; // borrowed
    struct bc_http_request req;
    void (*gone)(void *user);
    void *gone_user;
};

// A request is complete: answers CORS preflights itself, gives everything else to the
// server's handler.
void
bc_http_exchange_dispatch(struct bc_http_exchange *x);

// The client went away: tells the handler when it holds the exchange.
void
bc_http_exchange_lost(struct bc_http_exchange *x);

// The head of a stream's response as an answer without body.
void
bc_http_answer_prepare_stream(struct bc_http_answer *a, const struct bc_http_response *r);

#endif
