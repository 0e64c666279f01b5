// SPDX-License-Identifier: Apache-2.0
#include "http_response.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bc_http_reset(struct bc_http_response *r)
{
    r->state = BC_HTTP_HEAD;
    r->head_len = r->line_len = 0;
    r->status = 0;
    r->location[0] = 0;
}

static const char *
field_value(const char *line, const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) || line[n] != ':') {
        return NULL;
    }
    return line + n + 1 + strspn(line + n + 1, " \t");
}

static void
on_field(struct bc_http_response *r, const char *line, bool *chunked)
{
    const char *value;
    if ((value = field_value(line, "content-length"))) {
        r->left = strtoll(value, NULL, 10);
    } else if ((value = field_value(line, "transfer-encoding"))) {
        *chunked = strcasestr(value, "chunked") != NULL;
    } else if ((value = field_value(line, "connection"))) {
        r->keep_alive = strcasestr(value, "close") ? false : r->keep_alive;
    } else if ((value = field_value(line, "location"))) {
        snprintf(r->location, sizeof(r->location), "%s", value);
    }
}

static int
on_head(struct bc_http_response *r)
{
    int minor;
    bool chunked = false;
    char *save = NULL;
    if (sscanf(r->head, "HTTP/1.%d %d", &minor, &r->status) != 2) {
        return -EPROTO;
    }
    r->keep_alive = minor > 0;
    r->left = -1;
    strtok_r(r->head, "\r\n", &save);
    for (char *l = strtok_r(NULL, "\r\n", &save); l; l = strtok_r(NULL, "\r\n", &save)) {
        on_field(r, l, &chunked);
    }
    if (r->status == 101 || r->status == 204 || r->status == 304) {
        r->state = BC_HTTP_DONE;
    } else if (r->status < 200) { // 100 Continue: the real one follows
        bc_http_reset(r);
    } else if (chunked) {
        r->state = BC_HTTP_CHUNK_SIZE;
    } else if (r->left >= 0) {
        r->state = r->left ? BC_HTTP_LENGTH : BC_HTTP_DONE;
    } else {
        r->state = BC_HTTP_UNTIL_CLOSE;
        r->keep_alive = false;
    }
    return 0;
}

static int
feed_head(struct bc_http_response *r, char c)
{
    if (r->head_len + 1 >= sizeof(r->head)) {
        return -EPROTO;
    }
    r->head[r->head_len++] = c;
    if (c != '\n' || r->head_len < 4 ||
        memcmp(r->head + r->head_len - 4, "\r\n\r\n", 4)) {
        return 0;
    }
    r->head[r->head_len] = 0;
    return on_head(r);
}

static int
on_line(struct bc_http_response *r)
{
    r->line[r->line_len] = 0;
    size_t len = r->line_len;
    r->line_len = 0;
    if (r->state == BC_HTTP_CHUNK_END) {
        r->state = BC_HTTP_CHUNK_SIZE;
    } else if (r->state == BC_HTTP_TRAILER) {
        r->state = len ? BC_HTTP_TRAILER : BC_HTTP_DONE;
    } else {
        char *end;
        r->left = strtoll(r->line, &end, 16);
        if (end == r->line || r->left < 0) {
            return -EPROTO;
        }
        r->state = r->left ? BC_HTTP_CHUNK : BC_HTTP_TRAILER;
    }
    return 0;
}

static int
feed_line(struct bc_http_response *r, char c)
{
    if (c == '\n') {
        return on_line(r);
    }
    if (c != '\r' && r->line_len < sizeof(r->line) - 1) {
        r->line[r->line_len++] = c;
    }
    return 0;
}

int64_t
bc_http_feed(struct bc_http_response *r, const uint8_t *p, size_t n,
             bc_http_body_fn *on_body, void *userdata)
{
    size_t at = 0;
    int error = 0;
    while (at < n && r->state != BC_HTTP_DONE && !error) {
        if (r->state == BC_HTTP_HEAD) {
            error = feed_head(r, (char)p[at++]);
        } else if (r->state == BC_HTTP_UNTIL_CLOSE) {
            on_body(userdata, p + at, n - at);
            at = n;
        } else if (r->state == BC_HTTP_LENGTH || r->state == BC_HTTP_CHUNK) {
            size_t take = (int64_t)(n - at) > r->left ? (size_t)r->left : n - at;
            on_body(userdata, p + at, take);
            at += take;
            r->left -= (int64_t)take;
            if (!r->left) {
                r->state = r->state == BC_HTTP_LENGTH ? BC_HTTP_DONE : BC_HTTP_CHUNK_END;
            }
        } else {
            error = feed_line(r, (char)p[at++]);
        }
    }
    return error ? error : (int64_t)at;
}
