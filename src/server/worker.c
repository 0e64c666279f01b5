// SPDX-License-Identifier: Apache-2.0
// One worker's part of the server: its listeners and who gets their connections.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "card/card.h"
#include "egress/rtmp.h"
#include "net/listener.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "protocol/webrtc/port.h"
#include "parts.h"
#include "transmux/rtp.h"

#define DRAIN_US 3000000
#define H2_STREAMS 200
#define BODY_BYTES (256 * 1024) // a picture of a preview, a scene with what stands beside it

// --- RTMP viewers: ingest's connection, egress's player ---

static void *
play_start(void *user, struct bc_rtmp_session *session, struct bc_sink *sink,
    struct bc_channel *channel, const struct bc_rtmp_request *req)
{
    struct bc_server_worker *w = user;
    return bc_rtmp_player_start(w->windows, session, sink, channel, req);
}

static void
play_stop(void *user, void *player)
{
    (void)user;
    bc_rtmp_player_stop(player);
}

static void
play_pause(void *user, void *player, bool paused)
{
    (void)user;
    bc_rtmp_player_pause(player, paused);
}

static void
play_receive(void *user, void *player, enum bc_kind kind, bool on)
{
    (void)user;
    bc_rtmp_player_receive(player, kind, on);
}

static const struct bc_rtmp_play_ops PLAY_OPS = { play_start, play_stop, play_pause,
    play_receive };

// --- HTTP requests ---

static void
handle_http(void *user, struct bc_http_exchange *x)
{
    struct bc_server_worker *w = user;
    if (!bc_whip_handle(&w->whip, x) && !bc_media_handle(&w->media, x)
        && !bc_control_handle(w->server->control, x)) {
        bc_http_respond_error(x, 404, "not_found", "there is nothing at this address");
    }
}

// --- accepting ---

static void
refuse_full(struct bc_server_worker *w)
{
    unsigned suppressed;
    if (bc_log_limit_pass(&w->full_log, bc_clock_us(), &suppressed)) {
        bc_warn(NULL,
            "HTTP connection refused: limits.connections reached (%u more were)",
            suppressed);
    }
}

static void
on_accept(void *user, struct bc_worker *worker, int fd)
{
    (void)worker;
    struct bc_port *port = user;
    struct bc_server_worker *w = port->owner;
    if (port->kind == BC_PORT_RTMP || port->kind == BC_PORT_RTMPS) {
        bc_rtmp_serve(w->rtmp, fd,
            port->kind == BC_PORT_RTMPS ? BC_TCP_TLS : BC_TCP_DETECT, w->rtmp_tls);
        return;
    }
    struct bc_config *config = bc_hub_config(w->server->hub);
    bool full = bc_tcp_open_count() >= (uint64_t)config->limits.connections;
    bc_config_unref(&config);
    if (full) {
        refuse_full(w);
        close(fd);
        return;
    }
    bc_http_serve(&w->http, fd, port->kind == BC_PORT_HTTPS ? w->http_tls : NULL);
}

static struct bc_port *
new_port(struct bc_server_worker *w, int kind, const char *address)
{
    struct bc_port *port = &w->ports[w->port_count];
    port->kind = kind;
    port->owner = w;
    snprintf(port->address, sizeof(port->address), "%s", address);
    return port;
}

// A socket of the process before us.
static bool
adopt(struct bc_server_worker *w, int kind, const char *address, int fd)
{
    if (w->port_count == BC_SERVER_LISTENERS) {
        close(fd);
        return false;
    }
    struct bc_port *port = new_port(w, kind, address);
    port->listener = bc_listener_adopt(w->worker, fd, address, on_accept, port);
    if (!port->listener) {
        bc_error(NULL, "cannot go on with the socket of %s", address);
        return false;
    }
    w->port_count++;
    return true;
}

static bool
listen_on(struct bc_server_worker *w, int kind, const struct bc_config_listen *address)
{
    char text[80];
    char error[256];
    bool v6 = strchr(address->host, ':') != NULL;
    snprintf(text, sizeof(text), v6 ? "[%s]:%u" : "%s:%u", address->host,
        (unsigned)address->port);
    int inherited = bc_server_inherit(w->server, text);
    if (inherited >= 0) {
        return adopt(w, kind, text, inherited);
    }
    struct bc_port *port = new_port(w, kind, text);
    if (w->worker->index == 0 && bc_listener_probe(text, error, sizeof(error)) != 0) {
        bc_error(NULL, "%s", error);
        return false;
    }
    port->listener
        = bc_listener_create(w->worker, text, on_accept, port, error, sizeof(error));
    if (!port->listener) {
        bc_error(NULL, "%s", error);
        return false;
    }
    w->port_count++;
    return true;
}

bool
bc_server_worker_adopt(struct bc_server_worker *w, const char *address, int fd)
{
    for (size_t i = 0; i < w->port_count; i++) {
        if (strcmp(w->ports[i].address, address) == 0) {
            return adopt(w, (int)w->ports[i].kind, address, fd);
        }
    }
    close(fd);
    return false;
}

static bool
listen_on_all(struct bc_server_worker *w, const struct bc_config *config)
{
    const struct {
        int kind;
        const struct bc_config_listen_list *list;
    } rows[] = {
        { BC_PORT_RTMP, &config->rtmp.listen },
        { BC_PORT_RTMPS, &config->rtmps.listen },
        { BC_PORT_HTTP, &config->http.listen },
        { BC_PORT_HTTPS, &config->https.listen },
    };
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        bool tls = rows[r].kind == BC_PORT_HTTPS || rows[r].kind == BC_PORT_RTMPS;
        if (tls && !w->http_tls) {
            continue;
        }
        for (size_t i = 0; i < rows[r].list->n; i++) {
            if (!listen_on(w, rows[r].kind, &rows[r].list->items[i])) {
                return false;
            }
        }
    }
    return true;
}

static bool
open_webrtc(struct bc_server_worker *w, const struct bc_config *config)
{
    const struct bc_config_listen_list *list = &config->webrtc.listen;
    if (list->n == 0) {
        return true;
    }
    w->webrtc_port = bc_webrtc_port_create(w->server->webrtc, w->worker);
    if (!w->webrtc_port) {
        bc_error(NULL, "no memory for worker %u", w->worker->index);
        return false;
    }
    for (size_t i = 0; i < list->n; i++) {
        char text[80];
        char error[256];
        bool v6 = strchr(list->items[i].host, ':') != NULL;
        snprintf(text, sizeof(text), v6 ? "[%s]:%u" : "%s:%u", list->items[i].host,
            (unsigned)list->items[i].port);
        // One that hands over to us lets go of it a moment later.
        bool ok = false;
        do {
            ok = bc_webrtc_port_listen(w->webrtc_port, text, error, sizeof(error));
        } while (!ok && bc_server_handover_waits(w->server));
        if (!ok) {
            bc_error(NULL, "%s", error);
            return false;
        }
    }
    return true;
}

static bool
set_http(struct bc_server_worker *w, const struct bc_config *config)
{
    char *origin = strdup(config->http.cors_origin);
    if (!origin) {
        return false;
    }
    w->http.limits = (struct bc_http_limits){
        .header_bytes = (size_t)config->http.max_header_bytes,
        .body_bytes = BODY_BYTES,
        .upload_path = BC_CONTROL_PICTURES_PATH,
        .upload_bytes = BC_PICTURE_BYTES_MAX,
        .header_timeout_us = config->http.header_timeout_s * 1000000,
        .idle_timeout_us = config->http.idle_timeout_s * 1000000,
        .h2_streams = H2_STREAMS,
    };
    w->http.cors_origin = origin;
    free(w->cors_origin);
    w->cors_origin = origin;
    return true;
}

bool
bc_server_worker_init(
    struct bc_server_worker *w, struct bc_server *server, unsigned index)
{
    w->server = server;
    w->worker = bc_worker_create(index);
    if (!w->worker) {
        bc_error(NULL, "cannot create worker %u", index);
        return false;
    }
    w->windows = bc_windows_create(w->worker);
    struct bc_rtmp_server_params rtmp = { .worker = w->worker,
        .half_open = server->half_open, .hub = server->hub,
        .keys = server->keys, .play = &PLAY_OPS, .play_user = w };
    w->rtmp = bc_rtmp_server_create(&rtmp);
    w->http.worker = w->worker;
    w->http.disk = server->disk;
    w->http.handle = handle_http;
    w->http.user = w;
    w->rtp_windows = bc_rtp_windows_create(w->worker);
    if (!w->windows || !w->rtp_windows || !w->rtmp || !set_http(w, server->config)) {
        bc_error(NULL, "no memory for worker %u", index);
        return false;
    }
    if (!bc_server_load_tls(server->config, &w->rtmp_tls, &w->http_tls)
        || !open_webrtc(w, server->config)) {
        return false;
    }
    w->media = (struct bc_media){ .hub = server->hub, .keys = server->keys,
        .windows = w->windows, .sessions = server->sessions, .webrtc = server->webrtc,
        .port = w->webrtc_port, .rtp_windows = w->rtp_windows,
        .library = server->library, .replays = server->replays,
        .recorder = server->recorder, .disk = server->disk,
        .pictures = server->pictures };
    bc_list_init(&w->media.whep_sessions);
    bc_list_init(&w->media.cue_feeds);
    w->media.cues = server->cues;
    w->media.cards = server->cards;
    w->whip = (struct bc_whip){ .hub = server->hub, .keys = server->keys,
        .webrtc = server->webrtc, .port = w->webrtc_port };
    bc_list_init(&w->whip.sessions);
    w->srt_ingest = (struct bc_srt_ingest){ .hub = server->hub, .keys = server->keys,
        .worker = w->worker };
    w->srt_egress = (struct bc_srt_egress){ .hub = server->hub, .windows = w->windows,
        .worker = w->worker };
    return listen_on_all(w, server->config);
}

// --- reload ---

struct reload {
    struct bc_task task;
    struct bc_server_worker *w;
    struct bc_config *config;        // owned references
    struct bc_tls_context *rtmp_tls;
    struct bc_tls_context *http_tls;
};

static void
run_reload(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct reload *r = bc_container_of(task, struct reload, task);
    set_http(r->w, r->config);
    if (r->rtmp_tls) {
        // Connections keep the context that they began with.
        bc_tls_context_unref(&r->w->rtmp_tls);
        bc_tls_context_unref(&r->w->http_tls);
        r->w->rtmp_tls = r->rtmp_tls;
        r->w->http_tls = r->http_tls;
    }
    bc_config_unref(&r->config);
    free(r);
}

void
bc_server_worker_post_reload(struct bc_server_worker *w, struct bc_config *config,
    struct bc_tls_context *rtmp, struct bc_tls_context *http)
{
    struct reload *r = calloc(1, sizeof(*r));
    if (!r) {
        bc_error(NULL, "no memory to reload");
        return;
    }
    bc_list_init(&r->task.node);
    r->task.run = run_reload;
    r->w = w;
    r->config = bc_config_ref(config);
    r->rtmp_tls = rtmp ? bc_tls_context_ref(rtmp) : NULL;
    r->http_tls = http ? bc_tls_context_ref(http) : NULL;
    bc_worker_post(w->worker, &r->task);
}

// --- messages to viewers ---

struct message {
    struct bc_task task;
    struct bc_server_worker *w;
    char channel[BC_CHANNEL_NAME_MAX + 1];
    char text[];
};

static void
run_message(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct message *m = bc_container_of(task, struct message, task);
    bc_media_send_message(&m->w->media, m->channel, m->text);
    free(m);
}

bool
bc_server_worker_post_message(
    struct bc_server_worker *w, const char *channel, const char *text)
{
    size_t size = strlen(text) + 1;
    struct message *m = malloc(sizeof(*m) + size);
    if (!m) {
        return false;
    }
    bc_list_init(&m->task.node);
    m->task.run = run_message;
    m->w = w;
    snprintf(m->channel, sizeof(m->channel), "%s", channel);
    memcpy(m->text, text, size);
    bc_worker_post(w->worker, &m->task);
    return true;
}

// --- drain ---

void
bc_server_worker_let_go(struct bc_server_worker *w)
{
    for (size_t i = 0; i < w->port_count; i++) {
        bc_listener_pause(w->ports[i].listener);
    }
    bc_server_relays_drain(w->server->relays, w);
    bc_server_edges_drain(w->server->edges, w);
    if (w->webrtc_port) {
        bc_webrtc_port_drain(w->webrtc_port);
    }
}

struct drain {
    struct bc_task task;
    struct bc_server_worker *w;
};

static void
close_listeners(struct bc_server_worker *w)
{
    for (size_t i = 0; i < w->port_count; i++) {
        bc_listener_close(w->ports[i].listener);
    }
    w->port_count = 0;
}

static void
run_drain(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct drain *d = bc_container_of(task, struct drain, task);
    close_listeners(d->w);
    bc_server_relays_drain(d->w->server->relays, d->w);
    bc_server_edges_drain(d->w->server->edges, d->w);
    bc_windows_drain(d->w->windows);
    bc_media_end_cues(&d->w->media);
    if (d->w->webrtc_port) {
        bc_webrtc_port_drain(d->w->webrtc_port);
    }
    bc_rtmp_server_drain(d->w->rtmp);
    bc_http_drain(&d->w->http, DRAIN_US);
    free(d);
}

void
bc_server_worker_post_drain(struct bc_server_worker *w)
{
    struct drain *d = calloc(1, sizeof(*d));
    if (!d) {
        abort(); // going down anyway
    }
    bc_list_init(&d->task.node);
    d->task.run = run_drain;
    d->w = w;
    bc_worker_post(w->worker, &d->task);
}

void
bc_server_worker_finish(struct bc_server_worker *w)
{
    close_listeners(w);
    bc_windows_destroy(w->windows);
    bc_rtp_windows_destroy(w->rtp_windows);
    bc_webrtc_port_destroy(w->webrtc_port);
    bc_rtmp_server_destroy(w->rtmp);
    bc_tls_context_unref(&w->rtmp_tls);
    bc_tls_context_unref(&w->http_tls);
    free(w->cors_origin);
}
