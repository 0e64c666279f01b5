// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_URL_H
#define RTMP_URL_H

#include <stddef.h>

#define RTMP_MAX_NAME 256
#define RTMP_MAX_QUERY 2048

// Where a publish or play goes, brought to one form (RTMP-41). On the stack of who asks.
struct bc_rtmp_name {
    char app[RTMP_MAX_NAME];
    char stream[RTMP_MAX_NAME];
    char query[RTMP_MAX_QUERY];
};

// `app` and `tc_url` as connect carried them, `name` as publish or play did, each with or
// without a query. Returns 0; -EINVAL when that is no name of a stream; -ENAMETOOLONG.
int
bc_rtmp_name_parse(struct bc_rtmp_name *out, const char *app, const char *tc_url,
    const char *name);

// "rtmp://host:port/path" of a URL: no query, no user and password, cut off at `size`.
void
bc_rtmp_url_for_log(const char *url, char *out, size_t size);

#endif
