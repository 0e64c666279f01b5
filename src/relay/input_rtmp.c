// SPDX-License-Identifier: Apache-2.0
// Playing from an RTMP server with our own client, which knows enhanced codecs.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "input_flv.h"
#include "input_read.h"
#include "input_url.h"
#include "protocol/rtmp/client.h"

#define READ_BYTES (64 * 1024)

// One run; on its caller's stack.
struct run {
    const struct input_source *source;
    struct input_socket *socket;
    struct input_flv flv;
    bool failed;  // sending did, or the server said no
    bool stopped; // the sink wants no more
    bool ended;   // the server said that it is over
};

static void
on_send(void *user, const void *data, size_t len)
{
    struct run *r = user;
    if (!r->failed && input_socket_write(r->socket, data, len) != 0) {
        r->failed = true;
    }
}

static void
on_started(void *user)
{
    (void)user; // media tells more
}

static void
on_media(void *user, const struct bc_rtmp_media *m)
{
    struct run *r = user;
    if (!r->stopped
        && !input_flv_body(&r->flv, m->kind, m->timestamp, m->buf, m->data, m->len)) {
        r->stopped = true;
    }
}

static void
on_status(void *user, bool is_error, const char *code, const char *description)
{
    struct run *r = user;
    struct input_net *net = r->source->net;
    if (strcmp(code, "NetStream.Play.UnpublishNotify") == 0
        || strcmp(code, "NetStream.Play.Stop") == 0
        || strcmp(code, "NetStream.Play.Complete") == 0) {
        r->ended = true;
    } else if (is_error) {
        r->failed = true;
        net->refused = true;
        snprintf(net->error, sizeof(net->error), "%.60s: %.100s", code, description);
    }
}

static const struct bc_rtmp_client_callbacks CALLBACKS
    = { on_send, on_started, on_media, on_status };

static int
converse(struct run *r, struct bc_rtmp_client *client)
{
    static _Thread_local uint8_t data[READ_BYTES];
    struct input_net *net = r->source->net;
    int ret = bc_rtmp_client_start(client);
    while (ret == 0 && !r->failed && !r->stopped && !r->ended) {
        ssize_t n = input_socket_read(r->socket, data, sizeof(data));
        if (n <= 0) {
            if (n == 0) {
                snprintf(net->error, sizeof(net->error), "the server closed");
            }
            return n < 0 ? (int)n : -EPIPE;
        }
        ret = bc_rtmp_client_input(client, data, (size_t)n);
    }
    if (ret != 0) {
        snprintf(net->error, sizeof(net->error), "RTMP: %.120s",
            bc_rtmp_client_reason(client));
    }
    return r->failed ? -EIO : ret;
}

static int
play(struct run *r, const struct input_url *url)
{
    char tc_url[INPUT_URL_MAX + 512];
    const char *via = r->source->net->via;
    snprintf(tc_url, sizeof(tc_url), "%s://%s/%s%s%s", url->tls ? "rtmps" : "rtmp",
        url->authority, url->app, via ? "?via=" : "", via ? via : "");
    struct bc_rtmp_client_params params = { .app = url->app, .stream = url->stream,
        .tc_url = tc_url, .codecs = 1u << BC_CODEC_HEVC };
    struct bc_rtmp_client *client = bc_rtmp_client_create(&params, &CALLBACKS, r);
    if (!client) {
        snprintf(r->source->net->error, sizeof(r->source->net->error), "the URL is too long");
        return -ENAMETOOLONG;
    }
    int ret = converse(r, client);
    bc_rtmp_client_destroy(client);
    return ret;
}

int
input_rtmp_run(const struct input_source *source)
{
    struct run r = { .source = source };
    struct input_url url;
    if (!input_url_parse(source->url, &url) || url.app[0] == 0) {
        snprintf(source->net->error, sizeof(source->net->error),
            "the URL must be rtmp://HOST/APP/STREAM");
        return -EINVAL;
    }
    r.socket = input_socket_open(source->net, url.authority, url.tls);
    if (!r.socket) {
        return -EIO;
    }
    *source->lead_us = INPUT_LIVE_LEAD_US;
    input_flv_init(&r.flv, source->sink);
    int ret = play(&r, &url);
    input_flv_finish(&r.flv);
    input_socket_close(r.socket);
    return ret;
}
