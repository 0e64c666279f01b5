// SPDX-License-Identifier: Apache-2.0
// What a connection turns out to be: a host that publishes, or a viewer that plays.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "access/keys.h"
#include "base/query.h"
#include "base/clock.h"
#include "config/config.h"
#include "rtmp_internal.h"
#include "stream/program.h"
#include "stream/source.h"
#include "stream/wait.h"

#define ROLE_MAX 64
#define KEY_MAX 256

static void
on_send(void *user, const void *data, size_t len)
{
    struct bc_rtmp_conn *c = user;
    if (c->tcp) {
        bc_tcp_send(c->tcp, data, len);
    }
}

static void
refuse(struct bc_rtmp_conn *c, enum bc_rtmp_reject code, const char *text)
{
    atomic_fetch_add(&c->server->refused, 1);
    bc_rtmp_session_reject(c->session, code, text);
    bc_rtmp_conn_leave(c, text);
}

// "app/stream"; false when it is no valid name.
static bool
channel_name(const struct bc_rtmp_request *req, char *out, size_t len)
{
    int n = snprintf(out, len, "%s/%s", req->app, req->stream);
    return n > 0 && (size_t)n < len && bc_channel_name_is_valid(out);
}

// --- hosts ---

static void
on_accepted(void *user)
{
    struct bc_rtmp_conn *c = user;
    c->last_media_us = 0;
    c->opened_us = bc_clock_us(); // the wait for the first packet begins now
    if (bc_rtmp_session_accept_publish(c->session) < 0) {
        bc_rtmp_conn_close(c, bc_rtmp_session_reason(c->session));
        return;
    }
    bc_publisher_flush(&c->publisher, bc_clock_us());
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    struct bc_rtmp_conn *c = user;
    bc_rtmp_conn_end_role(c, false, text);
    refuse(
        c, why == BC_TAKE_BUSY ? BC_RTMP_REJECT_BAD_NAME : BC_RTMP_REJECT_REJECTED, text);
}

static void
on_kicked(void *user, const char *reason)
{
    struct bc_rtmp_conn *c = user;
    if (bc_hub_is_draining(c->server->params.hub)) {
        bc_rtmp_conn_go_down(c, reason);
    } else {
        bc_rtmp_conn_close(c, reason);
    }
}

static const struct bc_take_ops TAKE_OPS = {
    .on_accepted = on_accepted,
    .on_refused = on_refused,
    .on_kicked = on_kicked,
};

static void
open_take(struct bc_rtmp_conn *c, const char *channel, const char *key,
    const struct bc_rtmp_request *req)
{
    struct bc_rtmp_server *s = c->server;
    char role[ROLE_MAX];
    if (bc_query_get(req->query, "role", role, sizeof(role)) < 0) {
        role[0] = '\0';
    }
    struct bc_take_params params = {
        .hub = s->params.hub,
        .role = role,
        .worker = s->params.worker,
        .channel = channel,
        .credential = bc_keys_publish_id(s->params.keys, key),
        .protocol = bc_tcp_is_tls(c->tcp) ? "rtmps" : "rtmp",
        .peer = bc_tcp_peer(c->tcp),
        .peer_ip = bc_tcp_peer_ip(c->tcp),
        .encoder = req->flash_ver,
        .ops = &TAKE_OPS,
        .user = c,
    };
    struct bc_take *take = bc_take_open(&params);
    if (!take) {
        refuse(c, BC_RTMP_REJECT_REJECTED, "the server has no room for another channel");
        return;
    }
    bc_logger_init(&c->log, NULL, "rtmp %s %.40s", bc_tcp_peer(c->tcp), channel);
    bc_publisher_init(&c->publisher, take, &c->log);
    c->publishing = true;
}

// Composers publish into hidden channels, each into its own.
static bool
composed_name(const struct bc_rtmp_request *req, char *out, size_t len)
{
    int n = snprintf(out, len, "%s/%s", req->app, req->stream);
    return n > 0 && (size_t)n < len
        && strncmp(out, BC_CHANNEL_SCENE, strlen(BC_CHANNEL_SCENE)) == 0;
}

static void
on_publish(void *user, const struct bc_rtmp_request *req)
{
    struct bc_rtmp_conn *c = user;
    char channel[BC_CHANNEL_NAME_MAX + 1];
    char key[KEY_MAX];
    bool composed = composed_name(req, channel, sizeof(channel));
    if (!composed && !channel_name(req, channel, sizeof(channel))) {
        refuse(c, BC_RTMP_REJECT_BAD_NAME,
            "the channel's name must be app/stream of letters, "
            "digits, '-', '_' and '.'");
        return;
    }
    if (bc_query_get(req->query, "key", key, sizeof(key)) < 0) {
        key[0] = '\0';
    }
    struct bc_config *config = bc_hub_config(c->server->params.hub);
    bool allowed = composed
        ? bc_hub_admits(c->server->params.hub, channel, key)
        : bc_keys_publish_check(c->server->params.keys, config, channel, key);
    bc_config_unref(&config);
    if (!allowed) {
        char text[160];
        snprintf(text, sizeof(text),
            key[0] ? "wrong publish key for %.100s"
                   : "no publish key for %.60s: use the stream key "
                     "NAME?key=KEY",
            channel);
        refuse(c, BC_RTMP_REJECT_DENIED, text);
    } else {
        open_take(c, channel, key, req);
    }
    explicit_bzero(key, sizeof(key));
}

static void
on_media(void *user, const struct bc_rtmp_media *media)
{
    struct bc_rtmp_conn *c = user;
    if (c->publishing) {
        c->last_media_us = bc_clock_us();
        bc_publisher_media(&c->publisher, media, c->last_media_us);
    }
}

static void
on_unpublish(void *user)
{
    struct bc_rtmp_conn *c = user;
    c->said_goodbye = true;
    bc_rtmp_conn_end_role(c, true, "the host stopped");
}

// --- viewers ---

// AV1, VP9 and VP8 go to players that listed them at connect; HEVC has an older form too
// (RTMP-85).
static bool
can_read_video(struct bc_channel *channel, const struct bc_rtmp_request *req, char *why,
    size_t size)
{
    struct bc_channel_info info;
    bool known = bc_channel_program_info(channel, &info) && info.video.present;
    enum bc_codec codec = known ? info.video.codec : BC_CODEC_NONE;
    bool by_fourcc
        = codec == BC_CODEC_AV1 || codec == BC_CODEC_VP9 || codec == BC_CODEC_VP8;
    snprintf(why, size,
        "this channel's video is %s, which this player did not list in fourCcList",
        bc_codec_name(codec));
    return !by_fourcc || (req->caps.codecs & 1u << codec) != 0;
}

static void
start_player(struct bc_rtmp_conn *c, struct bc_channel *channel,
    const struct bc_rtmp_request *req)
{
    const struct bc_rtmp_server_params *p = &c->server->params;
    bc_logger_init(&c->log, NULL, "rtmp %s %.40s", bc_tcp_peer(c->tcp),
        bc_channel_name(channel));
    bc_rtmp_session_accept_play(c->session);
    c->player = p->play->start(p->play_user, c->session, &c->sink, channel, req);
    if (!c->player) {
        bc_rtmp_conn_leave(c, "no memory for a viewer");
    }
}

void
bc_rtmp_conn_play(struct bc_rtmp_conn *c, struct bc_channel *channel,
    const struct bc_rtmp_request *req)
{
    char why[128];
    if (!channel || !bc_channel_is_playable(channel)) {
        refuse(c, BC_RTMP_REJECT_STREAM_NOT_FOUND, "this channel is not live");
    } else if (!bc_channel_has_room(channel)) {
        refuse(c, BC_RTMP_REJECT_STREAM_NOT_FOUND,
            "this channel has as many viewers as it may have");
    } else if (!can_read_video(channel, req, why, sizeof(why))) {
        refuse(c, BC_RTMP_REJECT_STREAM_NOT_FOUND, why);
    } else {
        start_player(c, channel, req);
    }
}

static void
on_play(void *user, const struct bc_rtmp_request *req)
{
    struct bc_rtmp_conn *c = user;
    struct bc_hub *hub = c->server->params.hub;
    char name[BC_CHANNEL_NAME_MAX + 1];
    char key[KEY_MAX];
    if (!channel_name(req, name, sizeof(name))) {
        refuse(c, BC_RTMP_REJECT_STREAM_NOT_FOUND, "no such channel");
        return;
    }
    if (bc_query_get(req->query, "token", key, sizeof(key)) < 0
        && bc_query_get(req->query, "key", key, sizeof(key)) < 0) {
        key[0] = '\0';
    }
    char via[BC_VIA_TEXT];
    int ret = bc_query_get(req->query, "via", via, sizeof(via));
    if (ret < 0) {
        strcpy(via, ret == -ENOENT ? "" : "?");
    }
    struct bc_config *config = bc_hub_config(hub);
    bool allowed = bc_keys_play_check(c->server->params.keys, config, name, key);
    bc_config_unref(&config);
    struct bc_channel *channel = allowed ? bc_hub_find(hub, name) : NULL;
    const char *loop = bc_via_problem(hub, via);
    if (!allowed) {
        refuse(c, BC_RTMP_REJECT_DENIED, "wrong or missing token");
    } else if (!bc_hub_is_open(hub, name)) {
        refuse(c, BC_RTMP_REJECT_STREAM_NOT_FOUND, "this channel is closed");
    } else if (loop) {
        refuse(c, BC_RTMP_REJECT_STREAM_NOT_FOUND, loop);
    } else if ((channel && bc_channel_is_playable(channel))
        || !bc_rtmp_wait_start(c, name, req)) {
        bc_rtmp_conn_play(c, channel, req);
    }
    bc_channel_unref(&channel);
}

static void
on_stop(void *user)
{
    bc_rtmp_conn_end_role(user, true, "the viewer stopped");
}

static void
on_pause(void *user, bool paused)
{
    struct bc_rtmp_conn *c = user;
    if (c->player) {
        c->server->params.play->pause(c->server->params.play_user, c->player, paused);
    }
}

static void
on_receive(void *user, enum bc_kind kind, bool on)
{
    struct bc_rtmp_conn *c = user;
    if (c->player) {
        c->server->params.play->receive(c->server->params.play_user, c->player, kind, on);
    }
}

void
bc_rtmp_conn_end_role(struct bc_rtmp_conn *c, bool clean, const char *reason)
{
    bc_rtmp_wait_cancel(c);
    if (c->publishing) {
        c->publishing = false;
        bc_publisher_finish(&c->publisher, clean, reason);
    }
    if (c->player) {
        void *player = c->player;
        c->player = NULL;
        c->server->params.play->stop(c->server->params.play_user, player);
    }
}

const struct bc_rtmp_session_callbacks bc_rtmp_conn_callbacks = {
    .on_send = on_send,
    .on_publish = on_publish,
    .on_play = on_play,
    .on_media = on_media,
    .on_unpublish = on_unpublish,
    .on_stop = on_stop,
    .on_pause = on_pause,
    .on_receive = on_receive,
};
