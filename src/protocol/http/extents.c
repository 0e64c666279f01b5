// SPDX-License-Identifier: Apache-2.0
// What a request wants of a file: all of it, a range, or to know that it has not changed.
#include "protocol/http/extents.h"

#include <string.h>
#include <time.h>

#include "base/writer.h"
#include "conn.h"
#include "file_body.h"

static void
drop(struct bc_http_extents *body)
{
    for (size_t i = 0; i < body->count; i++) {
        bc_buf_unref(&body->items[i].buf);
        bc_file_unref(&body->items[i].file);
    }
}

// --- conditions ---

// Steps over blanks and commas.
static const char *
skip_separators(const char *p)
{
    return p + strspn(p, " \t,");
}

// If-None-Match (RFC 9110 13.1.2): "*", or a list that has the tag; it is compared weakly,
// so W/ does not matter.
static bool
lists_etag(const char *list, const char *etag)
{
    const char *p = skip_separators(list);
    size_t len = strlen(etag);
    if (strcmp(p, "*") == 0) {
        return true;
    }
    while (*p) {
        p += strncmp(p, "W/", 2) == 0 ? 2 : 0;
        const char *end = *p == '"' ? strchr(p + 1, '"') : NULL;
        if (!end) {
            return false;
        }
        end++;
        if ((size_t)(end - p) == len && memcmp(p, etag, len) == 0) {
            return true;
        }
        p = skip_separators(end);
    }
    return false;
}

// The three forms of a date (RFC 9110 5.6.7). False: none of them.
static bool
read_date(const char *text, int64_t *seconds)
{
    static const char *const FORMS[] = { "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y" };
    for (size_t i = 0; i < sizeof(FORMS) / sizeof(FORMS[0]); i++) {
        struct tm tm = { 0 };
        const char *end = strptime(text, FORMS[i], &tm);
        if (end && *end == '\0') {
            *seconds = (int64_t)timegm(&tm);
            return true;
        }
    }
    return false;
}

// The tag decides; the date is looked at only when there is none (RFC 9110 13.2.2).
static bool
is_unchanged(const struct bc_http_exchange *x, const struct bc_http_extents *body)
{
    const char *tags = bc_http_header(x, "if-none-match");
    if (tags) {
        return body->etag && lists_etag(tags, body->etag);
    }
    const char *since = bc_http_header(x, "if-modified-since");
    int64_t seconds;
    return since && body->modified_s != 0 && read_date(since, &seconds)
        && body->modified_s <= seconds;
}

// --- the answer ---

static void
write_headers(struct bc_writer *w, const struct bc_http_extents *body)
{
    if (body->headers) {
        bc_write_str(w, body->headers);
    }
    if (body->etag) {
        bc_write_fmt(w, "ETag: %s\r\n", body->etag);
    }
    if (body->modified_s != 0) {
        char date[BC_HTTP_DATE_TEXT];
        bc_http_date_format(body->modified_s, date);
        bc_write_fmt(w, "Last-Modified: %s\r\n", date);
    }
    bc_write_u8(w, 0);
}

static void
respond(struct bc_http_exchange *x, struct bc_http_extents *body, const char *headers)
{
    bool unchanged = is_unchanged(x, body);
    struct bc_http_response r = {
        .status = unchanged ? 304 : 200,
        .content_type = unchanged ? NULL : body->content_type,
        .headers = headers,
        .allow_range = true,
    };
    uint64_t total = 0;
    for (size_t i = 0; i < body->count; i++) {
        total += body->items[i].len;
    }
    struct bc_http_answer answer;
    bc_http_answer_prepare_total(&answer, x, &r, total);
    if (!answer.sends_body) {
        x->ops->respond(x, &answer);
        return;
    }
    struct bc_http_file_body *files = bc_http_file_body_create(
        x->conn->server, body->items, body->count, answer.offset, answer.len);
    if (files) {
        x->ops->respond_files(x, &answer, files);
    } else {
        bc_http_respond_error(x, 503, "no_memory", "the server has no memory now");
    }
}

void
bc_http_respond_extents(struct bc_http_exchange *x, struct bc_http_extents *body)
{
    struct bc_writer headers = { 0 };
    write_headers(&headers, body);
    bool reads = x->req.method == BC_HTTP_GET || x->req.method == BC_HTTP_HEAD;
    if (headers.failed) {
        bc_http_respond_error(x, 503, "no_memory", "the server has no memory now");
    } else if (!reads) {
        bc_http_respond_text(x, 405, "application/json",
            "Allow: GET, HEAD\r\nCache-Control: no-store\r\n",
            "{\"error\":{\"code\":\"method\",\"message\":\"this can only be read\"}}\n");
    } else {
        respond(x, body, (const char *)headers.data);
    }
    bc_writer_finish(&headers);
    drop(body);
}
