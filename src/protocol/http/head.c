// SPDX-License-Identifier: Apache-2.0
#include "head.h"

#include <strings.h>
#include <time.h>

#include "exchange_impl.h"
#include "protocol/http/server.h"
#include "range.h"
#include "server_impl.h"

void
bc_http_put_uint(struct bc_http_text *t, uint64_t v)
{
    char digits[BC_HTTP_UINT_TEXT];
    char *p = digits + sizeof(digits);
    do {
        *--p = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    bc_http_put(t, p, (size_t)(digits + sizeof(digits) - p));
}

const char *
bc_http_reason(int status)
{
    switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 508: return "Loop Detected";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
    }
}

static void
put_two(char *out, int v)
{
    out[0] = (char)('0' + v / 10 % 10);
    out[1] = (char)('0' + v % 10);
}

void
bc_http_date_format(int64_t seconds, char out[BC_HTTP_DATE_TEXT])
{
    static const char DAYS[] = "SunMonTueWedThuFriSat";
    static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)seconds;
    struct tm tm = { 0 };
    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", BC_HTTP_DATE_TEXT);
    if (!gmtime_r(&t, &tm)) {
        return;
    }
    memcpy(out, DAYS + tm.tm_wday * 3, 3);
    put_two(out + 5, tm.tm_mday);
    memcpy(out + 8, MONTHS + tm.tm_mon * 3, 3);
    put_two(out + 12, (tm.tm_year + 1900) / 100);
    put_two(out + 14, tm.tm_year % 100);
    put_two(out + 17, tm.tm_hour);
    put_two(out + 20, tm.tm_min);
    put_two(out + 23, tm.tm_sec);
}

bool
bc_http_lines_next(const char **p, struct bc_http_line *line)
{
    const char *s = *p;
    const char *end = s ? strstr(s, "\r\n") : NULL;
    const char *colon = end ? memchr(s, ':', (size_t)(end - s)) : NULL;
    if (!colon) {
        return false;
    }
    const char *value = colon + 1;
    while (value < end && *value == ' ') {
        value++;
    }
    *line = (struct bc_http_line){ s, (size_t)(colon - s), value, (size_t)(end - value) };
    *p = end + 2;
    return true;
}

const char *
bc_http_lines_find(const char *lines, const char *name, size_t *len)
{
    struct bc_http_line line;
    size_t name_len = strlen(name);
    while (bc_http_lines_next(&lines, &line)) {
        if (line.name_len == name_len && strncasecmp(line.name, name, name_len) == 0) {
            *len = line.value_len;
            return line.value;
        }
    }
    return NULL;
}

static bool
is_value(const char *wanted, const char *value, size_t len)
{
    return value && strlen(wanted) == len && memcmp(wanted, value, len) == 0;
}

// If-Range with anything but our own strong ETag or the very Last-Modified means: everything
// (RFC 9110 13.1.5). What has a Last-Modified here does not change any more, which makes that
// a strong validator too (8.8.2.2).
static bool
range_applies(const struct bc_http_exchange *x, const struct bc_http_response *r)
{
    const char *wanted = bc_http_request_get(&x->req, BC_HTTP_FIELD_IF_RANGE);
    if (!wanted) {
        return true;
    }
    size_t len = 0;
    const char *etag = bc_http_lines_find(r->headers, "ETag", &len);
    if (etag && etag[0] == '"' && is_value(wanted, etag, len)) {
        return true;
    }
    const char *modified = bc_http_lines_find(r->headers, "Last-Modified", &len);
    return is_value(wanted, modified, len);
}

static void
apply_range(struct bc_http_answer *a, const struct bc_http_exchange *x)
{
    const char *text = bc_http_request_get(&x->req, BC_HTTP_FIELD_RANGE);
    if (!text || !range_applies(x, a->r)) {
        return;
    }
    uint64_t total = a->len;
    struct bc_http_range range;
    enum bc_http_range_result result = bc_http_range_parse(text, total, &range);
    if (result == BC_HTTP_RANGE_IGNORE) {
        return;
    }
    struct bc_http_text t = { a->content_range,
        a->content_range + sizeof(a->content_range) - 1, false };
    bc_http_put_literal(&t, "bytes ");
    if (result == BC_HTTP_RANGE_UNSATISFIABLE) {
        a->status = 416;
        a->len = 0;
        bc_http_put_literal(&t, "*");
    } else {
        a->status = 206;
        a->offset = range.offset;
        a->len = range.len;
        bc_http_put_uint(&t, range.offset);
        bc_http_put_literal(&t, "-");
        bc_http_put_uint(&t, range.offset + range.len - 1);
    }
    bc_http_put_literal(&t, "/");
    bc_http_put_uint(&t, total);
    *t.p = '\0';
}

void
bc_http_answer_prepare(struct bc_http_answer *a, const struct bc_http_exchange *x,
    const struct bc_http_response *r)
{
    uint64_t total = 0;
    for (size_t i = 0; i < r->count; i++) {
        total += r->bufs[i]->len;
    }
    bc_http_answer_prepare_total(a, x, r, total);
}

void
bc_http_answer_prepare_total(struct bc_http_answer *a, const struct bc_http_exchange *x,
    const struct bc_http_response *r, uint64_t total)
{
    a->r = r;
    a->status = r->status;
    a->offset = 0;
    a->len = total;
    a->content_range[0] = '\0';
    // A 204 and a 304 have no body (RFC 9110 15.3.5, 15.4.5).
    a->has_length = r->status != 204 && r->status != 304;
    if (r->allow_range && r->status == 200 && x->req.method == BC_HTTP_GET) {
        apply_range(a, x);
    }
    a->sends_body = a->has_length && a->len > 0 && x->req.method != BC_HTTP_HEAD;
}

size_t
bc_http_head_bound(const struct bc_http_server *server, const struct bc_http_response *r)
{
    return 768 + (r->headers ? strlen(r->headers) : 0)
        + (r->content_type ? strlen(r->content_type) : 0) + strlen(server->cors_origin);
}

static void
put_status(struct bc_http_text *t, int status)
{
    if (status == 200) { // nearly always
        bc_http_put_literal(t, "HTTP/1.1 200 OK\r\n");
        return;
    }
    bc_http_put_literal(t, "HTTP/1.1 ");
    bc_http_put_uint(t, (uint64_t)status);
    bc_http_put_literal(t, " ");
    bc_http_put_str(t, bc_http_reason(status));
    bc_http_put_literal(t, "\r\n");
}

size_t
bc_http_head_write(char *out, size_t cap, struct bc_http_server *server,
    const struct bc_http_answer *a, const char *connection)
{
    const struct bc_http_response *r = a->r;
    struct bc_http_text t = { out, out + cap, false };
    put_status(&t, a->status);
    bc_http_put_literal(&t, "Date: ");
    bc_http_put(&t, bc_http_server_date(server), BC_HTTP_DATE_TEXT - 1);
    if (r->content_type && a->status != 416) {
        bc_http_put_literal(&t, "\r\nContent-Type: ");
        bc_http_put_str(&t, r->content_type);
    }
    if (a->has_length) {
        bc_http_put_literal(&t, "\r\nContent-Length: ");
        bc_http_put_uint(&t, a->len);
    }
    if (a->content_range[0]) {
        bc_http_put_literal(&t, "\r\nContent-Range: ");
        bc_http_put_str(&t, a->content_range);
    }
    if (r->allow_range) {
        bc_http_put_literal(&t, "\r\nAccept-Ranges: bytes");
    }
    bc_http_put_literal(&t, "\r\n");
    if (server->cors_origin[0]) {
        bc_http_put_literal(&t, "Access-Control-Allow-Origin: ");
        bc_http_put_str(&t, server->cors_origin);
        bc_http_put_literal(
            &t, "\r\nAccess-Control-Expose-Headers: " BC_HTTP_EXPOSED "\r\n");
    }
    if (r->headers) {
        bc_http_put_str(&t, r->headers);
    }
    bc_http_put_str(&t, connection);
    bc_http_put_literal(&t, "\r\n");
    return t.failed ? 0 : (size_t)(t.p - out);
}
