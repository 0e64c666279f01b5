// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "protocol/http/exchange.h"

#define BC_HTTP_FIELDS_MAX 100
// Offsets are 16 bits wide, so a head is never larger, whatever the configured limit
// says.
#define BC_HTTP_HEAD_MAX 65000

// The header fields that this folder itself looks at.
enum bc_http_field_id {
    BC_HTTP_FIELD_OTHER,
    BC_HTTP_FIELD_HOST,
    BC_HTTP_FIELD_CONNECTION,
    BC_HTTP_FIELD_CONTENT_LENGTH,
    BC_HTTP_FIELD_TRANSFER_ENCODING,
    BC_HTTP_FIELD_EXPECT,
    BC_HTTP_FIELD_UPGRADE,
    BC_HTTP_FIELD_ACCEPT_ENCODING,
    BC_HTTP_FIELD_RANGE,
    BC_HTTP_FIELD_IF_RANGE,
    BC_HTTP_FIELD_IF_NONE_MATCH,
    BC_HTTP_FIELD_REQUEST_METHOD,  // Access-Control-Request-Method
    BC_HTTP_FIELD_REQUEST_HEADERS, // Access-Control-Request-Headers
    BC_HTTP_FIELD_HTTP2_SETTINGS,
    BC_HTTP_FIELD_WEBSOCKET_KEY,
    BC_HTTP_FIELD_WEBSOCKET_VERSION,
    BC_HTTP_FIELD_COUNT,
};

struct bc_http_server;

// One header line: places in the request's text.
struct bc_http_field {
    uint16_t name;
    uint16_t name_len;
    uint16_t value;
    uint16_t value_len;
};

// One request's head and body as text with an index. HTTP/1 stores the head as it came
// and HTTP/2 what HPACK yields; both end every name and value with a zero byte in
// bc_http_request_seal(). Embedded in the exchange, reused for the next request.
struct bc_http_request {
    char *text; // owned
    size_t len;
    size_t cap;
    struct bc_http_field *fields; // owned
    uint16_t count;
    uint16_t fields_cap;
    uint8_t first[BC_HTTP_FIELD_COUNT]; // 1 + index of the first field with that id
    uint32_t repeated;                  // bit per id: came more than once
    enum bc_http_method method;
    int version;       // 10, 11, 20
    const char *path;  // in text, decoded
    const char *query; // in text
    struct bc_writer body;
    unsigned *uploads; // of the server; counts this one until the request is finished
};

// Forgets the request. Keeps the memory, unless it grew out of the ordinary.
void
bc_http_request_reset(struct bc_http_request *req);

// How long the body may be; `target` is the path as sent. One that needs more than the
// ordinary is counted when it is asked for first, as few may be held at one time.
size_t
bc_http_request_body_limit(struct bc_http_request *req, struct bc_http_server *server,
    const char *target, size_t wanted);

// Frees the memory; the request is empty and may be used again.
void
bc_http_request_finish(struct bc_http_request *req);

// Appends to the text. 0 or -ENOMEM.
int
bc_http_request_append(struct bc_http_request *req, const void *data, size_t len);

// A new field whose name and value stand in the text already. 0, -ENOMEM, or -E2BIG when
// there are too many.
int
bc_http_request_add(struct bc_http_request *req, const struct bc_http_field *field);

// Ends names and values with zero bytes, recognises the known fields, and splits and
// decodes the target, which stands in the text at `target`. False when the target is
// malformed.
bool
bc_http_request_seal(struct bc_http_request *req, size_t target, size_t target_len);

// The first field's value or NULL.
const char *
bc_http_request_get(const struct bc_http_request *req, enum bc_http_field_id id);

const char *
bc_http_request_find(const struct bc_http_request *req, const char *name);

// True when one of the fields with that id lists the token (case-insensitive).
bool
bc_http_request_has_token(const struct bc_http_request *req, enum bc_http_field_id id,
    const char *token);

// True when the comma-separated list has the token, alone or with parameters.
bool
bc_http_list_has(const char *list, const char *token);

// Content codings: "gzip" or "*" is listed, and not with q=0 (RFC 9110 12.5.3).
bool
bc_http_list_accepts_gzip(const char *list);

enum bc_http_method
bc_http_method_parse(const char *name, size_t len);

#endif
