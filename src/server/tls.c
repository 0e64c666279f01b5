// SPDX-License-Identifier: Apache-2.0
// The certificate: loaded at the start, on SIGHUP, and when its files have changed.
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"
#include "parts.h"

#define LOOK_EVERY_US 60000000

bool
bc_server_load_tls(const struct bc_config *config, struct bc_tls_context **rtmp,
    struct bc_tls_context **http)
{
    static const char *const ALPN[] = { "h2", "http/1.1", NULL };
    char error[512];
    *rtmp = NULL;
    *http = NULL;
    if (!config->tls.cert[0]) {
        return true;
    }
    *rtmp = bc_tls_context_create(config->tls.cert, config->tls.key, NULL, error,
        sizeof(error));
    *http = *rtmp ? bc_tls_context_create(config->tls.cert, config->tls.key, ALPN, error,
                        sizeof(error))
                  : NULL;
    if (!*http) {
        bc_tls_context_unref(rtmp);
        bc_error(NULL, "%s", error);
        return false;
    }
    return true;
}

static struct bc_server_file_mark
mark_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return (struct bc_server_file_mark){ 0 };
    }
    return (struct bc_server_file_mark){ .device = st.st_dev, .inode = st.st_ino,
        .bytes = st.st_size, .changed_s = st.st_mtim.tv_sec,
        .changed_ns = st.st_mtim.tv_nsec };
}

static bool
is_same(const struct bc_server_file_mark *a, const struct bc_server_file_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes
        && a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

void
bc_server_mark_tls(struct bc_server *s, const struct bc_config *config)
{
    s->tls_looked_us = bc_clock_us();
    s->tls_marks[0] = mark_of(config->tls.cert);
    s->tls_marks[1] = mark_of(config->tls.key);
}

void
bc_server_watch_tls(struct bc_server *s)
{
    if (!s->config->tls.cert[0] || bc_clock_us() - s->tls_looked_us < LOOK_EVERY_US) {
        return;
    }
    const struct bc_server_file_mark before[] = { s->tls_marks[0], s->tls_marks[1] };
    // Before they are read: a change while they are is seen the next time.
    bc_server_mark_tls(s, s->config);
    if (is_same(&before[0], &s->tls_marks[0]) && is_same(&before[1], &s->tls_marks[1])) {
        return;
    }
    struct bc_tls_context *rtmp;
    struct bc_tls_context *http;
    if (!bc_server_load_tls(s->config, &rtmp, &http)) {
        bc_warn(NULL, "the changed certificate is not used, the old one stays");
        return;
    }
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_server_worker_post_reload(&s->workers[i], s->config, rtmp, http);
    }
    bc_tls_context_unref(&rtmp);
    bc_tls_context_unref(&http);
    bc_info(NULL, "%s has changed: new connections get the new certificate",
        s->config->tls.cert);
}
