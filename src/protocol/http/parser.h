// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_PARSER_WRAPPER_H
#define HTTP_PARSER_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "body.h"
#include "request.h"

#define BC_HTTP1_PARSER_BYTES 48

// The head of an HTTP/1 request (RFC 9112), parsed by http_parser while the bytes gather
// in the request's text. Embedded in the connection; begun anew for each request.
struct bc_http1_parser {
    _Alignas(void *) unsigned char state[BC_HTTP1_PARSER_BYTES];
    struct bc_http_request *req; // borrowed
    struct bc_http_field field;  // being read
    uint32_t target;
    uint32_t target_len;
    bool in_value;
    const char *reason; // why the request is bad, for the log
};

// What a complete head says about the rest of the message.
struct bc_http1_framing {
    struct bc_http_body_reader body;
    bool keep_alive;
    bool expects_continue;
};

void
bc_http1_parser_begin(struct bc_http1_parser *p, struct bc_http_request *req);

// Takes bytes of the head. `*used` are the bytes taken, never more than the head has.
// Returns 0 when more are needed, 200 when the head is complete, or the status to refuse
// with.
int
bc_http1_parser_feed(struct bc_http1_parser *p, const uint8_t *data, size_t len,
    size_t limit, size_t *used);

// Ends the head: known fields, target, framing. 200 or the status to refuse with.
int
bc_http1_parser_end(struct bc_http1_parser *p, struct bc_http1_framing *framing);

#endif
