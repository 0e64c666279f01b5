// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_internal.h"

static void
take_text(char *out, size_t out_len, const char *value, size_t len)
{
    if (len < out_len) {
        memcpy(out, value, len);
        out[len] = 0;
    }
}

static void
take_header(
    struct relay_http_reply *r, const char *name, const char *value, size_t len)
{
    if (strcasecmp(name, "location") == 0) {
        take_text(r->location, sizeof(r->location), value, len);
    } else if (strcasecmp(name, "etag") == 0) {
        take_text(r->etag, sizeof(r->etag), value, len);
    } else if (strcasecmp(name, "content-type") == 0) {
        take_text(r->content_type, sizeof(r->content_type), value, len);
    } else if (strcasecmp(name, "retry-after") == 0) {
        char digits[12] = "";
        take_text(digits, sizeof(digits), value, len);
        r->retry_after_s = (unsigned)strtoul(digits, NULL, 10); // a date counts as 0
    } else if (strcasecmp(name, "link") == 0) {
        r->server_count
            = relay_ice_server_parse_links(value, len, r->servers, r->server_count);
    }
}

void
relay_http_reply_reset(struct relay_http_reply *r)
{
    r->location[0] = r->etag[0] = r->content_type[0] = 0;
    r->retry_after_s = 0;
    r->server_count = 0;
}

void
relay_http_reply_header(struct relay_http_reply *r, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        relay_http_reply_reset(r); // what came before was of an interim response
        return;
    }
    char name[32];
    if (!colon || (size_t)(colon - line) >= sizeof(name)) {
        return;
    }
    take_text(name, sizeof(name), line, (size_t)(colon - line));
    const char *value = colon + 1;
    const char *end = line + len;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && memchr("\r\n \t", end[-1], 4)) {
        end--;
    }
    take_header(r, name, value, (size_t)(end - value));
}
