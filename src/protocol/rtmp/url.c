// SPDX-License-Identifier: Apache-2.0
#include "url.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_PARTS 64 // of a path, and parameters of the queries

struct slice {
    const char *p;
    size_t len;
};

struct slices {
    struct slice at[MAX_PARTS];
    size_t count;
};

static struct slice
before_query(const char *text)
{
    return (struct slice){ text, strcspn(text, "?") };
}

static const char *
after_question_mark(const char *text)
{
    const char *q = strchr(text, '?');
    return q ? q + 1 : "";
}

// "rtmp://host:1935/live/x" -> "live/x"
static const char *
url_path(const char *url)
{
    const char *host = strstr(url, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;
    return slash ? slash + 1 : "";
}

// Splits at '/', without empty parts. "." and ".." are nobody's name.
static int
split_path(struct slices *out, struct slice path)
{
    const char *end = path.p + path.len;
    for (const char *p = path.p; p < end;) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        size_t n = (size_t)((slash ? slash : end) - p);
        bool dots = (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.');
        if (dots || (n > 0 && out->count == MAX_PARTS)) {
            return -EINVAL;
        }
        if (n > 0) {
            out->at[out->count++] = (struct slice){ p, n };
        }
        p = slash ? slash + 1 : end;
    }
    return 0;
}

static int
join(char *out, size_t size, const struct slice *parts, size_t count, char separator)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (len + parts[i].len + 2 > size) {
            return -ENAMETOOLONG;
        }
        if (i > 0) {
            out[len++] = separator;
        }
        memcpy(out + len, parts[i].p, parts[i].len);
        len += parts[i].len;
    }
    out[len] = '\0';
    return 0;
}

static int
put_param(struct slices *params, struct slice param)
{
    const char *equal = memchr(param.p, '=', param.len);
    size_t key = equal ? (size_t)(equal - param.p) : param.len;
    for (size_t i = 0; i < params->count; i++) {
        struct slice *old = &params->at[i];
        if (old->len >= key && memcmp(old->p, param.p, key) == 0
                && (old->len == key || old->p[key] == '=')) {
            *old = param; // later wins
            return 0;
        }
    }
    if (params->count == MAX_PARTS) {
        return -ENAMETOOLONG;
    }
    params->at[params->count++] = param;
    return 0;
}

static int
put_query(struct slices *params, const char *query)
{
    int ret = 0;
    while (*query && ret == 0) {
        size_t n = strcspn(query, "&");
        if (n > 0) {
            ret = put_param(params, (struct slice){ query, n });
        }
        query += n + (query[n] == '&');
    }
    return ret;
}

// How many of the parts are the app's: one at least must be left for the stream.
// Everything may stand in the app (an encoder with an empty stream key) or in the name
// (one without an app).
static size_t
app_parts(size_t from_app, size_t all)
{
    if (from_app == all && all > 0) {
        return all - 1;
    }
    return from_app == 0 ? 1 : from_app;
}

int
bc_rtmp_name_parse(struct bc_rtmp_name *out, const char *app, const char *tc_url,
    const char *name)
{
    *out = (struct bc_rtmp_name){ 0 };
    struct slices parts = { .count = 0 };
    const char *where = app[0] ? app : url_path(tc_url);
    if (split_path(&parts, before_query(where)) < 0) {
        return -EINVAL;
    }
    size_t from_app = parts.count;
    if (split_path(&parts, before_query(name)) < 0) {
        return -EINVAL;
    }
    size_t split = app_parts(from_app, parts.count);
    if (split == 0 || split >= parts.count) {
        return -EINVAL;
    }
    struct slices params = { .count = 0 };
    const char *sources[] = { app, tc_url, name };
    int ret = 0;
    for (size_t i = 0; i < 3 && ret == 0; i++) {
        ret = put_query(&params, after_question_mark(sources[i]));
    }
    if (ret == 0) {
        ret = join(out->app, sizeof(out->app), parts.at, split, '/');
    }
    if (ret == 0) {
        ret = join(
            out->stream, sizeof(out->stream), parts.at + split, parts.count - split, '/');
    }
    if (ret == 0) {
        ret = join(out->query, sizeof(out->query), params.at, params.count, '&');
    }
    return ret;
}

void
bc_rtmp_url_for_log(const char *url, char *out, size_t size)
{
    struct slice all = before_query(url);
    const char *scheme = strstr(url, "://");
    const char *host = scheme && scheme < url + all.len ? scheme + 3 : url;
    size_t authority = strcspn(host, "/?");
    const char *at = NULL;
    for (size_t i = 0; i < authority; i++) {
        if (host[i] == '@') {
            at = host + i + 1;
        }
    }
    struct slice pieces[2] = { { url, (size_t)(host - url) }, { at ? at : host, 0 } };
    pieces[1].len = (size_t)(url + all.len - pieces[1].p);
    size_t len = 0;
    for (int i = 0; i < 2; i++) {
        size_t room = size - 1 - len;
        size_t n = pieces[i].len < room ? pieces[i].len : room;
        memcpy(out + len, pieces[i].p, n);
        len += n;
    }
    out[len] = '\0';
}
