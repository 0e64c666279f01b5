// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/http/exchange.h"

struct bc_http_server;

#define BC_HTTP_UINT_TEXT 21
#define BC_HTTP_CONTENT_RANGE_TEXT 72

// Text in a block of fixed size; what doesn't fit sets `failed`. On the stack of its
// builder.
struct bc_http_text {
    char *p;
    char *end;
    bool failed;
};

static inline void
bc_http_put(struct bc_http_text *t, const char *s, size_t n)
{
    if ((size_t)(t->end - t->p) < n) {
        t->failed = true;
        return;
    }
    memcpy(t->p, s, n);
    t->p += n;
}

#define bc_http_put_literal(t, s) bc_http_put(t, s, sizeof(s) - 1)

static inline void
bc_http_put_str(struct bc_http_text *t, const char *s)
{
    bc_http_put(t, s, strlen(s));
}

void
bc_http_put_uint(struct bc_http_text *t, uint64_t v);

// What a response is after Range, HEAD and the like were looked at: the same for HTTP/1
// and 2.
struct bc_http_answer {
    const struct bc_http_response *r;
    int status;
    bool has_length; // a Content-Length is sent
    bool sends_body;
    uint64_t offset; // the slice of the body that is sent
    uint64_t len;
    char content_range[BC_HTTP_CONTENT_RANGE_TEXT]; // "" for none
};

void
bc_http_answer_prepare(struct bc_http_answer *a, const struct bc_http_exchange *x,
    const struct bc_http_response *r);

// The same for a body of `total` bytes that is not in the response.
void
bc_http_answer_prepare_total(struct bc_http_answer *a, const struct bc_http_exchange *x,
    const struct bc_http_response *r, uint64_t total);

// The head of an HTTP/1 response. `connection` is a complete line or "". Returns its
// length, or 0 when it doesn't fit into `cap`.
size_t
bc_http_head_write(char *out, size_t cap, struct bc_http_server *server,
    const struct bc_http_answer *a, const char *connection);

// A length that is enough for bc_http_head_write().
size_t
bc_http_head_bound(const struct bc_http_server *server, const struct bc_http_response *r);

// "OK"; "" for statuses without a name here.
const char *
bc_http_reason(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7) and a zero byte.
#define BC_HTTP_DATE_TEXT 30

void
bc_http_date_format(int64_t seconds, char out[BC_HTTP_DATE_TEXT]);

// The value of a header in complete lines "Name: value\r\n"; NULL when absent.
const char *
bc_http_lines_find(const char *lines, const char *name, size_t *len);

// Steps through complete lines: gives name and value of the line at `*p` and moves on.
// False at the end or at something that is not a header line.
struct bc_http_line {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

bool
bc_http_lines_next(const char **p, struct bc_http_line *line);

#define BC_HTTP_EXPOSED \
    "Accept-Patch, Age, Content-Length, Content-Range, Date, ETag, Link, Location, " \
    "Retry-After"

#endif
