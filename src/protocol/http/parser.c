// SPDX-License-Identifier: Apache-2.0
#include "parser.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <http_parser.h>

// Bytes are handed over in steps of this size, so that what follows the head in the same
// read (a body, pipelined requests) is not copied into the request's text.
#define STEP_BYTES 1024

static_assert(
    sizeof(http_parser) <= BC_HTTP1_PARSER_BYTES, "state must hold http_parser");

// http_parser as Debian builds it isn't strict: it takes a blank in a field name ("Length
// : 5"), joins folded lines and reads chunk extensions loosely. Differences of that sort
// between servers are what request smuggling lives on, so names, folds and bodies are
// checked here.
static bool
is_token_char(unsigned char c)
{
    static const char OTHERS[] = "!#$%&'*+-.^_`|~";
    unsigned char lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')
        || (c != '\0' && strchr(OTHERS, c) != NULL);
}

static struct bc_http1_parser *
self_of(http_parser *hp)
{
    return hp->data;
}

static uint32_t
place_of(const struct bc_http1_parser *p, const char *at)
{
    return (uint32_t)(at - p->req->text);
}

static int
fail(struct bc_http1_parser *p, const char *reason)
{
    p->reason = reason;
    return -1;
}

static int
on_url(http_parser *hp, const char *at, size_t len)
{
    struct bc_http1_parser *p = self_of(hp);
    if (p->target_len == 0) {
        p->target = place_of(p, at);
    }
    p->target_len += (uint32_t)len;
    return 0;
}

// A field whose value is complete goes to the request.
static int
store_field(struct bc_http1_parser *p)
{
    if (!p->in_value) {
        return 0;
    }
    p->in_value = false;
    int err = bc_http_request_add(p->req, &p->field);
    p->field = (struct bc_http_field){ 0 };
    return err == 0 ? 0 : fail(p, err == -E2BIG ? "too many headers" : "no memory");
}

static int
on_header_field(http_parser *hp, const char *at, size_t len)
{
    struct bc_http1_parser *p = self_of(hp);
    if (store_field(p) != 0) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_token_char((unsigned char)at[i])) {
            return fail(p, "bad header name");
        }
    }
    if (p->field.name_len == 0) {
        p->field.name = (uint16_t)place_of(p, at);
    }
    p->field.name_len = (uint16_t)(p->field.name_len + len);
    return 0;
}

// Between a name and its value stand a colon and blanks, nothing else; a line end there,
// or a gap between two pieces of a value, is a folded line (RFC 9112 5.2: may be
// refused).
static bool
value_follows_name(const struct bc_http1_parser *p, uint32_t place)
{
    uint32_t i = (uint32_t)p->field.name + p->field.name_len;
    if (place <= i || p->req->text[i] != ':') {
        return false;
    }
    for (i++; i < place; i++) {
        if (p->req->text[i] != ' ' && p->req->text[i] != '\t') {
            return false;
        }
    }
    return true;
}

static int
on_header_value(http_parser *hp, const char *at, size_t len)
{
    struct bc_http1_parser *p = self_of(hp);
    uint32_t place = place_of(p, at);
    if (!p->in_value) {
        if (len > 0 && !value_follows_name(p, place)) {
            return fail(p, "folded or malformed header");
        }
        p->field.value = (uint16_t)place;
        p->in_value = true;
    } else if (len > 0 && place != (uint32_t)p->field.value + p->field.value_len) {
        return fail(p, "folded header");
    }
    p->field.value_len = (uint16_t)(p->field.value_len + len);
    return 0;
}

static int
on_headers_complete(http_parser *hp)
{
    if (store_field(self_of(hp)) != 0) {
        return -1;
    }
    http_parser_pause(hp, 1);
    return 0;
}

static const http_parser_settings SETTINGS = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
};

void
bc_http1_parser_begin(struct bc_http1_parser *p, struct bc_http_request *req)
{
    http_parser *hp = (http_parser *)p->state;
    http_parser_init(hp, HTTP_REQUEST);
    hp->data = p;
    p->req = req;
    p->field = (struct bc_http_field){ 0 };
    p->target = p->target_len = 0;
    p->in_value = false;
    p->reason = NULL;
}

static int
refusal(struct bc_http1_parser *p, enum http_errno err)
{
    if (!p->reason) {
        p->reason = http_errno_description(err);
    } else if (strcmp(p->reason, "too many headers") == 0) {
        return 431;
    }
    switch (err) {
    case HPE_INVALID_VERSION: return 505;
    case HPE_HEADER_OVERFLOW: return 431;
    default: return 400;
    }
}

static int
too_large(struct bc_http1_parser *p)
{
    bool in_line = p->req->count == 0 && p->field.name_len == 0;
    p->reason = in_line ? "request line too long" : "headers too large";
    return in_line ? 414 : 431;
}

// Feeds one step; returns as bc_http1_parser_feed().
static int
feed_step(struct bc_http1_parser *p, const uint8_t *data, size_t len, size_t *used)
{
    http_parser *hp = (http_parser *)p->state;
    struct bc_http_request *req = p->req;
    size_t before = req->len;
    if (bc_http_request_append(req, data, len) != 0) {
        p->reason = "no memory";
        return 503;
    }
    size_t n = http_parser_execute(hp, &SETTINGS, req->text + before, len);
    enum http_errno err = HTTP_PARSER_ERRNO(hp);
    if (err == HPE_PAUSED) {
        n++; // the parser stands on the last line feed of the head
        req->len = before + n;
        *used = n;
        if (req->text[req->len - 1] != '\n') { // another laxness of http_parser
            p->reason = "bad line end";
            return 400;
        }
        return 200;
    }
    *used = n;
    if (err != HPE_OK) {
        return refusal(p, err);
    }
    if (hp->upgrade) { // CONNECT ends the parser early
        p->reason = "CONNECT";
        return 405;
    }
    return 0;
}

int
bc_http1_parser_feed(struct bc_http1_parser *p, const uint8_t *data, size_t len,
    size_t limit, size_t *used)
{
    size_t done = 0;
    int ret = 0;
    if (limit > BC_HTTP_HEAD_MAX) {
        limit = BC_HTTP_HEAD_MAX;
    }
    while (p->req->len == 0 && done < len && (data[done] == '\r' || data[done] == '\n')) {
        done++; // empty lines before a request (RFC 9112 2.2)
    }
    while (ret == 0 && done < len) {
        size_t step = len - done < STEP_BYTES ? len - done : STEP_BYTES;
        if (step > limit - p->req->len) {
            step = limit - p->req->len;
        }
        if (step == 0) {
            ret = too_large(p);
            break;
        }
        size_t n = 0;
        ret = feed_step(p, data + done, step, &n);
        done += n;
    }
    *used = done;
    return ret;
}

static int
bad(struct bc_http1_parser *p, int status, const char *reason)
{
    p->reason = reason;
    return status;
}

static int
parse_content_length(struct bc_http1_parser *p, const char *text, uint64_t *out)
{
    uint64_t v = 0;
    if (*text == '\0' || strlen(text) > 18) {
        return bad(p, 400, "bad content-length");
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return bad(p, 400, "bad content-length");
        }
        v = v * 10 + (uint64_t)(*text - '0');
    }
    *out = v;
    return 200;
}

// RFC 9112 6.3. Both lengths, or one of them twice, is somebody smuggling; a coding other
// than chunked isn't ours.
static int
find_body(struct bc_http1_parser *p, struct bc_http_body_reader *body)
{
    const struct bc_http_request *req = p->req;
    const char *length = bc_http_request_get(req, BC_HTTP_FIELD_CONTENT_LENGTH);
    const char *coding = bc_http_request_get(req, BC_HTTP_FIELD_TRANSFER_ENCODING);
    uint32_t once = 1u << BC_HTTP_FIELD_CONTENT_LENGTH
        | 1u << BC_HTTP_FIELD_TRANSFER_ENCODING;
    if ((length && coding) || (req->repeated & once)) {
        return bad(p, 400, "ambiguous body length");
    }
    if (coding) {
        if (req->version < 11) {
            return bad(p, 400, "transfer-encoding in HTTP/1.0");
        }
        if (strlen(coding) != 7 || !bc_http_list_has(coding, "chunked")) {
            return bad(p, 501, "unknown transfer-encoding");
        }
        bc_http_body_begin(body, BC_HTTP_BODY_CHUNKED, 0);
        return 200;
    }
    uint64_t n = 0;
    int status = length ? parse_content_length(p, length, &n) : 200;
    bc_http_body_begin(body, n > 0 ? BC_HTTP_BODY_LENGTH : BC_HTTP_BODY_NONE, n);
    return status;
}

int
bc_http1_parser_end(struct bc_http1_parser *p, struct bc_http1_framing *framing)
{
    const http_parser *hp = (const http_parser *)p->state;
    struct bc_http_request *req = p->req;
    if (hp->http_major != 1 || hp->http_minor > 9) {
        return bad(p, 505, "not HTTP/1");
    }
    req->version = hp->http_minor == 0 ? 10 : 11;
    if (hp->method == HTTP_CONNECT) {
        return bad(p, 405, "CONNECT");
    }
    const char *method = http_method_str((enum http_method)hp->method);
    req->method = bc_http_method_parse(method, strlen(method));
    if (!bc_http_request_seal(req, p->target, p->target_len)) {
        return bad(p, 400, "bad target");
    }
    bool hosts_ok = req->version == 10 || bc_http_request_get(req, BC_HTTP_FIELD_HOST);
    if (!hosts_ok || (req->repeated & 1u << BC_HTTP_FIELD_HOST)) {
        return bad(p, 400, "missing or repeated host");
    }
    framing->keep_alive = req->version == 11
        ? !bc_http_request_has_token(req, BC_HTTP_FIELD_CONNECTION, "close")
        : bc_http_request_has_token(req, BC_HTTP_FIELD_CONNECTION, "keep-alive");
    const char *expect = bc_http_request_get(req, BC_HTTP_FIELD_EXPECT);
    framing->expects_continue = false;
    if (expect && req->version == 11) {
        if (!bc_http_list_has(expect, "100-continue")) {
            return bad(p, 417, "unknown expectation");
        }
        framing->expects_continue = true;
    }
    return find_body(p, &framing->body);
}
