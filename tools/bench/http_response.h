// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_HTTP_RESPONSE_H
#define BENCH_HTTP_RESPONSE_H

#include "util.h"

enum bc_http_state {
    BC_HTTP_HEAD,
    BC_HTTP_LENGTH,     // a body of Content-Length
    BC_HTTP_CHUNK_SIZE, // a line
    BC_HTTP_CHUNK,
    BC_HTTP_CHUNK_END, // a line
    BC_HTTP_TRAILER,   // lines
    BC_HTTP_UNTIL_CLOSE,
    BC_HTTP_DONE,
};

// A streaming parser of HTTP/1.1 responses, one after the other.
struct bc_http_response {
    enum bc_http_state state;
    int status; // 0: the head is not complete
    bool keep_alive;
    int64_t left;
    size_t head_len;
    size_t line_len;
    char head[4096];
    char line[32];
    char location[1024];
};

typedef void bc_http_body_fn(void *userdata, const uint8_t *p, size_t n);

void bc_http_reset(struct bc_http_response *r);
// Takes bytes up to the end of the response (state is BC_HTTP_DONE then) and returns how
// many, or -EPROTO when it is not HTTP.
int64_t bc_http_feed(struct bc_http_response *r, const uint8_t *p, size_t n,
                     bc_http_body_fn *on_body, void *userdata);

#endif
