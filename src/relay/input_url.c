// SPDX-License-Identifier: Apache-2.0
#include "input_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "input_read.h"

static const struct scheme {
    const char *start;
    enum input_kind kind;
    bool tls;
    unsigned port;
} SCHEMES[] = {
    { "file:", INPUT_FILE, false, 0 },
    { "http://", INPUT_HTTP, false, 80 },
    { "https://", INPUT_HTTP, true, 443 },
    { "rtmp://", INPUT_RTMP, false, 1935 },
    { "rtmps://", INPUT_RTMP, true, 443 },
    { "rtsp://", INPUT_RTSP, false, 554 },
    { "rtsps://", INPUT_RTSP, true, 322 },
};

static const struct scheme *
scheme_of(const char *url)
{
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (strncasecmp(url, SCHEMES[i].start, strlen(SCHEMES[i].start)) == 0) {
            return &SCHEMES[i];
        }
    }
    return NULL;
}

enum input_kind
input_kind_of(const char *url)
{
    const struct scheme *s = scheme_of(url);
    return s ? s->kind : INPUT_NONE;
}

static bool
copy(char *out, size_t size, const char *from, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

static bool
parse_authority(struct input_url *out, const char *text, size_t len, unsigned port)
{
    const char *at = memrchr(text, '@', len);
    if (at) {
        size_t user = (size_t)(at - text);
        const char *colon = memchr(text, ':', user);
        size_t name = colon ? (size_t)(colon - text) : user;
        if (!copy(out->user, sizeof(out->user), text, name)
            || (colon
                && !copy(out->password, sizeof(out->password), colon + 1,
                    user - name - 1))) {
            return false;
        }
        len -= user + 1;
        text = at + 1;
    }
    const char *bracket = memchr(text, ']', len);
    size_t host = bracket ? (size_t)(bracket - text) + 1 : 0;
    bool has_port = memchr(text + host, ':', len - host) != NULL;
    if (len == 0 || text[0] == ':') {
        return false;
    }
    int n = has_port ? snprintf(out->authority, sizeof(out->authority), "%.*s", (int)len, text)
                     : snprintf(out->authority, sizeof(out->authority), "%.*s:%u",
                         (int)len, text, port);
    return n > 0 && (size_t)n < sizeof(out->authority);
}

static bool
split_path(struct input_url *out)
{
    const char *path = out->path + (out->path[0] == '/');
    size_t before_query = strcspn(path, "?");
    const char *slash = memrchr(path, '/', before_query);
    size_t app = slash ? (size_t)(slash - path) : 0;
    const char *stream = slash ? slash + 1 : path;
    return copy(out->app, sizeof(out->app), path, app)
        && copy(out->stream, sizeof(out->stream), stream, strlen(stream));
}

bool
input_url_parse(const char *text, struct input_url *out)
{
    memset(out, 0, sizeof(*out));
    const struct scheme *s = scheme_of(text);
    if (!s || (s->kind != INPUT_RTMP && s->kind != INPUT_RTSP)) {
        return false;
    }
    out->tls = s->tls;
    text += strlen(s->start);
    size_t authority = strcspn(text, "/?");
    return parse_authority(out, text, authority, s->port)
        && copy(out->path, sizeof(out->path), text + authority,
            strlen(text + authority))
        && split_path(out);
}
