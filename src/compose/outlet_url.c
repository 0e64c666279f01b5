// SPDX-License-Identifier: Apache-2.0
#include "outlet_url.h"

#include <stdio.h>
#include <string.h>

#define SCHEME "rtmp://"

static bool
copy(char *out, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

static bool
split_authority(struct compose_outlet_url *out, const char *a, size_t len)
{
    bool v6 = len > 0 && a[0] == '[';
    const char *end = v6 ? memchr(a, ']', len) : memchr(a, ':', len);
    if (v6 && !end) {
        return false;
    }
    const char *host = a + (v6 ? 1 : 0);
    size_t host_len = end ? (size_t)(end - host) : len;
    const char *port = end ? end + (v6 ? 1 : 0) : a + len;
    if (port < a + len && *port != ':') {
        return false;
    }
    port += port < a + len;
    size_t port_len = (size_t)(a + len - port);
    return copy(out->host, sizeof(out->host), host, host_len)
        && (port_len == 0 ? copy(out->port, sizeof(out->port), "1935", 4)
                          : strspn(port, "0123456789") >= port_len
                    && copy(out->port, sizeof(out->port), port, port_len));
}

// The stream's name is the last part of the path; a query may hold slashes.
bool
compose_outlet_url_parse(const char *text, struct compose_outlet_url *out)
{
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0) {
        return false;
    }
    const char *authority = text + strlen(SCHEME);
    const char *path = strchr(authority, '/');
    if (!path || !split_authority(out, authority, (size_t)(path - authority))) {
        return false;
    }
    size_t names = strcspn(path + 1, "?");
    const char *last = NULL;
    for (const char *p = path + 1; p < path + 1 + names; p++) {
        last = *p == '/' ? p : last;
    }
    if (!last || !copy(out->app, sizeof(out->app), path + 1, (size_t)(last - path - 1))
        || !copy(out->stream, sizeof(out->stream), last + 1, strlen(last + 1))
        || out->stream[0] == '?') {
        return false;
    }
    int n = snprintf(out->tc_url, sizeof(out->tc_url), SCHEME "%.*s/%s",
        (int)(path - authority), authority, out->app);
    return n > 0 && (size_t)n < sizeof(out->tc_url);
}
