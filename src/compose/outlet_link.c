// SPDX-License-Identifier: Apache-2.0
// One connection of the outlet.
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "flv_body.h"
#include "outlet_internal.h"
#include "outlet_url.h"
#include "protocol/rtmp/client.h"
#include "protocol/rtmp/cue_point.h"

#define UNSENT_MAX (8u << 20) // bytes that the socket does not take
#define CONNECT_MS 5000
#define PATIENCE_US 10000000 // until the server says that we may send
#define STALLED_US 5000000 // a server that takes nothing for so long is left
#define READ_BYTES 4096
#define SEND_BUFFER (1 << 20)

static void
set_why(struct compose_outlet *o, const char *why)
{
    if (!o->failed) {
        snprintf(o->why, sizeof(o->why), "%s", why);
    }
    o->failed = true;
}

// --- the protocol ---

static void
on_send(void *user, const void *data, size_t len)
{
    struct compose_outlet *o = user;
    if (o->sent == o->unsent.len) {
        bc_writer_reset(&o->unsent);
        o->sent = 0;
        o->sent_us = bc_clock_us();
    }
    bc_write_bytes(&o->unsent, data, len);
    if (o->unsent.failed || o->unsent.len - o->sent > UNSENT_MAX) {
        set_why(o, "the server takes too little");
    }
}

static void
on_started(void *user)
{
    struct compose_outlet *o = user;
    o->started = true;
    pthread_mutex_lock(&o->lock);
    o->live = true;
    o->wants_key = true;
    pthread_mutex_unlock(&o->lock);
    bc_info(&o->log, "publishing");
}

static void
on_status(void *user, bool is_error, const char *code, const char *description)
{
    char text[160];
    if (is_error) {
        snprintf(text, sizeof(text), "%.50s: %.90s", code, description);
        set_why(user, text);
    }
}

static const struct bc_rtmp_client_callbacks CALLBACKS = { on_send, on_started, NULL,
    on_status };

static void
send_body(struct compose_outlet *o, enum bc_kind kind, int64_t us, struct bc_writer *w)
{
    uint32_t ms = (uint32_t)(us / 1000);
    if (!w->failed && w->len > 0
        && bc_rtmp_client_send(o->rtmp, kind, ms, w->data, w->len) < 0) {
        set_why(o, "cannot send");
    }
    bc_writer_reset(w);
}

// A packet's track when the server does not know it yet.
static void
send_track(struct compose_outlet *o, const struct bc_packet *p, struct bc_writer *w)
{
    struct bc_track **known =
        p->kind == BC_KIND_AUDIO ? &o->audio : &o->video[p->rendition];
    if (*known == p->track) {
        return;
    }
    bc_track_unref(known);
    *known = bc_track_ref(p->track);
    if (p->rendition == 0 && compose_body_metadata(w, o->video[0], o->audio)) {
        send_body(o, BC_KIND_SCRIPT, p->dts_us, w);
    }
    if (compose_body_config(w, p->track, p->rendition)) {
        send_body(o, p->kind, p->dts_us, w);
    }
}

static void
send_packet(struct compose_outlet *o, const struct bc_packet *p, struct bc_writer *w)
{
    bool video = p->kind == BC_KIND_VIDEO;
    if (p->kind == BC_KIND_SCRIPT) {
        bc_write_bytes(w, p->data, p->len);
        if (!w->failed) {
            bc_cue_point_move(w->data, w->len, (double)p->dts_us / 1e6);
        }
        send_body(o, BC_KIND_SCRIPT, p->dts_us, w);
        return;
    }
    if (video && p->flags & BC_PACKET_KEY) {
        o->waits_key[p->rendition] = false;
    }
    if ((video && o->waits_key[p->rendition]) || !p->track) {
        return;
    }
    send_track(o, p, w);
    if (compose_body_frame(w, p)) {
        send_body(o, p->kind, p->dts_us, w);
    }
}

static void
send_waiting(struct compose_outlet *o)
{
    struct bc_writer w = { 0 };
    for (struct bc_packet *p = o->failed ? NULL : compose_outlet_take(o); p;
         p = o->failed ? NULL : compose_outlet_take(o)) {
        send_packet(o, p, &w);
        bc_packet_unref(&p);
    }
    bc_writer_finish(&w);
}

// --- the socket ---

static void
flush(struct compose_outlet *o)
{
    while (o->sent < o->unsent.len) {
        ssize_t n =
            send(o->fd, o->unsent.data + o->sent, o->unsent.len - o->sent, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                set_why(o, strerror(errno));
            } else if (bc_clock_us() - o->sent_us > STALLED_US) {
                set_why(o, "the server takes nothing");
            }
            return;
        }
        o->sent += (size_t)n;
        o->sent_us = bc_clock_us();
    }
}

static void
receive(struct compose_outlet *o)
{
    uint8_t bytes[READ_BYTES];
    ssize_t n = recv(o->fd, bytes, sizeof(bytes), 0);
    if (n == 0) {
        set_why(o, "the server closed");
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        set_why(o, strerror(errno));
    } else if (n > 0 && bc_rtmp_client_input(o->rtmp, bytes, (size_t)n) != 0) {
        set_why(o, bc_rtmp_client_reason(o->rtmp));
    }
}

void
compose_outlet_wait(struct compose_outlet *o, int ms)
{
    short events = POLLIN | (o->sent < o->unsent.len ? POLLOUT : 0);
    struct pollfd fds[2] = { { .fd = o->wakeup, .events = POLLIN },
        { .fd = o->fd, .events = events } };
    uint64_t count;
    (void)poll(fds, o->fd >= 0 ? 2 : 1, ms);
    if (fds[0].revents & POLLIN) {
        ssize_t n = read(o->wakeup, &count, sizeof(count));
        (void)n;
    }
}

static int
connect_to(struct compose_outlet *o, const struct compose_outlet_url *url)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    int fd = -1;
    if (getaddrinfo(url->host, url->port, &hints, &list) != 0) {
        set_why(o, "the host is not known");
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        int error = 0;
        socklen_t len = sizeof(error);
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct pollfd wait = { .fd = fd, .events = POLLOUT };
        bool ok = fd >= 0
            && (connect(fd, a->ai_addr, a->ai_addrlen) == 0
                || (errno == EINPROGRESS && poll(&wait, 1, CONNECT_MS) == 1
                    && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0
                    && error == 0));
        if (!ok && fd >= 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        set_why(o, "cannot connect");
    }
    return fd;
}

static void
set_socket(int fd)
{
    int on = 1;
    int bytes = SEND_BUFFER;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

// --- connections ---

static void
run_connection(struct compose_outlet *o)
{
    int64_t began_us = bc_clock_us();
    while (!o->failed && !compose_outlet_is_over(o)) {
        receive(o);
        if (o->started && !o->failed) {
            send_waiting(o);
        } else if (bc_clock_us() - began_us > PATIENCE_US) {
            set_why(o, "the server does not answer");
        }
        flush(o);
        if (!o->failed) {
            compose_outlet_wait(o, 500);
        }
    }
    if (o->started && !o->failed) {
        send_waiting(o);
        bc_rtmp_client_stop(o->rtmp);
        flush(o);
    }
}

void
compose_outlet_forget(struct compose_outlet *o)
{
    pthread_mutex_lock(&o->lock);
    o->live = false;
    pthread_mutex_unlock(&o->lock);
    for (struct bc_packet *p = compose_outlet_take(o); p; p = compose_outlet_take(o)) {
        bc_packet_unref(&p);
    }
    bc_rtmp_client_destroy(o->rtmp);
    o->rtmp = NULL;
    if (o->fd >= 0) {
        close(o->fd);
        o->fd = -1;
    }
    for (unsigned i = 0; i < BC_RENDITION_MAX; i++) {
        bc_track_unref(&o->video[i]);
    }
    bc_track_unref(&o->audio);
    bc_writer_finish(&o->unsent);
    o->unsent = (struct bc_writer){ 0 };
    o->sent = 0;
}

void
compose_outlet_publish(struct compose_outlet *o, const char *text)
{
    struct compose_outlet_url url;
    o->started = o->failed = false;
    o->why[0] = '\0';
    o->sent_us = bc_clock_us();
    for (unsigned i = 0; i < BC_RENDITION_MAX; i++) {
        o->waits_key[i] = true;
    }
    if (!compose_outlet_url_parse(text, &url)) {
        set_why(o, "the URL must be rtmp://HOST/APP/STREAM");
        return;
    }
    struct bc_rtmp_client_params params = { .publish = true,
        .app = url.app,
        .stream = url.stream,
        .tc_url = url.tc_url,
        .codecs = 1u << BC_CODEC_AVC,
        .caps_ex = BC_RTMP_CAPS_MULTITRACK };
    o->rtmp = bc_rtmp_client_create(&params, &CALLBACKS, o);
    o->fd = o->rtmp ? connect_to(o, &url) : -1;
    if (o->fd >= 0) {
        set_socket(o->fd);
        if (bc_rtmp_client_start(o->rtmp) == 0) {
            run_connection(o);
        }
    }
}
