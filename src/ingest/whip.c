// SPDX-License-Identifier: Apache-2.0
// WHIP: an offer becomes a take (RFC 9725).
#include "ingest/whip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/keys.h"
#include "base/query.h"
#include "base/clock.h"
#include "config/config.h"
#include "net/timer.h"
#include "net/worker.h"
#include "protocol/http/token.h"
#include "protocol/webrtc/inbound.h"
#include "protocol/webrtc/offer.h"
#include "protocol/webrtc/port.h"
#include "stream/hub.h"
#include "stream/take.h"

#define ROLE_MAX 64
#define KEY_MAX 256
#define LOOK_US 1000000

// One host by WebRTC, from its POST on. Frees itself; the last part at the end of the turn.
struct whip_session {
    struct bc_list node;        // in whip->sessions
    struct bc_whip *whip;       // borrowed
    struct bc_http_exchange *x; // until it is answered
    struct bc_sdp *offer;       // owned; until it is answered
    struct bc_take *take;       // owned
    struct bc_peer *peer;       // owned; NULL before the take is accepted
    struct bc_inbound *inbound; // owned
    struct bc_timer timer;      // looks whether media comes, once a second
    char channel[BC_CHANNEL_NAME_MAX + 1];
    int64_t connected_us;
    bool closed;
    struct bc_task free_task;
    struct bc_logger log;
};

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct whip_session *s = bc_container_of(task, struct whip_session, free_task);
    bc_inbound_destroy(s->inbound);
    free(s);
}

// Lets go of everything; the peer is closed unless it closed itself.
static void
destroy(struct whip_session *s, bool clean, const char *reason, bool close_peer)
{
    if (s->closed) {
        return;
    }
    s->closed = true;
    bc_timer_cancel(&s->timer);
    bc_list_remove(&s->node);
    if (s->inbound) {
        struct bc_inbound_stats st;
        bc_inbound_stats(s->inbound, &st);
        bc_info(&s->log,
            "closed: %s (%llu packets, %llu lost, %llu asked for again, %llu of them "
            "came)",
            reason, (unsigned long long)st.packets, (unsigned long long)st.lost,
            (unsigned long long)st.nacked, (unsigned long long)st.recovered);
    }
    if (s->take) {
        bc_take_close(s->take, clean, reason);
        s->take = NULL;
    }
    if (s->peer && close_peer) {
        bc_peer_close(s->peer, reason);
    }
    free(s->offer);
    s->offer = NULL;
    bc_worker_defer(bc_webrtc_port_worker(s->whip->port), &s->free_task);
}

// --- media ---

static void
on_track(void *user, struct bc_track *track)
{
    struct whip_session *s = user;
    if (!s->closed) {
        bc_take_set_track(s->take, track);
    }
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct whip_session *s = user;
    if (s->closed) {
        bc_packet_unref(&packet);
        return;
    }
    bc_take_push(s->take, packet);
}

static const struct bc_inbound_ops INBOUND_OPS = { on_track, on_packet };

// --- the peer ---

static void
on_connected(void *user)
{
    struct whip_session *s = user;
    s->connected_us = bc_clock_us();
    bc_info(&s->log, "connected from %s, %s", bc_peer_remote(s->peer),
        bc_peer_srtp_profile(s->peer));
}

static void
on_rtp(void *user, const struct bc_rtp_header *h, int64_t now_us)
{
    struct whip_session *s = user;
    bc_inbound_on_rtp(s->inbound, h, now_us);
}

static void
on_rtcp(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct whip_session *s = user;
    bc_inbound_on_rtcp(s->inbound, data, len, now_us);
}

static void
on_batch_end(void *user)
{
    struct whip_session *s = user;
    if (s->take) {
        bc_take_flush(s->take);
    }
}

static void
on_peer_closed(void *user, bool clean, const char *reason)
{
    destroy(user, clean, reason, false);
}

static const struct bc_peer_ops PEER_OPS = {
    .on_connected = on_connected,
    .on_rtp = on_rtp,
    .on_rtcp = on_rtcp,
    .on_batch_end = on_batch_end,
    .on_closed = on_peer_closed,
};

static void
on_timer(struct bc_timer *timer)
{
    struct whip_session *s = bc_container_of(timer, struct whip_session, timer);
    struct bc_config *config = bc_hub_config(s->whip->hub);
    int64_t idle_us = config->stream.idle_timeout_s * 1000000;
    int64_t first_us = config->stream.first_packet_timeout_s * 1000000;
    bc_config_unref(&config);
    struct bc_inbound_stats st = { 0 };
    if (s->inbound) {
        bc_inbound_stats(s->inbound, &st);
        bc_take_flush(s->take); // what the jitter buffer let go by time
    }
    int64_t now = bc_clock_us();
    if (s->connected_us && st.last_packet_us && now - st.last_packet_us > idle_us) {
        destroy(s, false, "the host is silent", true);
    } else if (s->connected_us && !st.last_packet_us && now - s->connected_us > first_us) {
        destroy(s, false, "the host connected but sends nothing", true);
    } else {
        bc_timer_set(&s->timer, LOOK_US);
    }
}

// --- the answer ---

static bool
negotiate(struct whip_session *s, const struct bc_config *config,
    struct bc_sdp_session *session, struct bc_writer *answer)
{
    char error[240];
    struct bc_peer_candidates list;
    const char *host = bc_http_header(s->x, "host");
    struct bc_sdp_whip_rules rules = { .data = config->webrtc.data_channels };
    struct bc_sdp_local local = { .cname = bc_peer_id(s->peer) + 2 };
    bc_peer_local(s->peer, &local);
    bc_peer_candidates(s->whip->port, config, host ? host : "", &list);
    local.candidates = (const char *const *)list.texts;
    local.candidate_count = list.count;
    enum bc_sdp_refusal why = bc_sdp_answer_whip(
        s->offer, &rules, &local, session, answer, error, sizeof(error));
    bc_peer_candidates_finish(&list);
    if (why != BC_SDP_OK) {
        bc_info(&s->log, "offer refused: %s", error);
        bc_webrtc_respond_refusal(s->x, why, error);
    }
    return why == BC_SDP_OK;
}

static bool
open_inbound(struct whip_session *s, const struct bc_config *config,
    const struct bc_sdp_session *session)
{
    struct bc_inbound_params params = { .worker = bc_webrtc_port_worker(s->whip->port),
        .peer = s->peer, .session = session,
        .key_interval_us = config->hls.segment_s * 1000000, .ops = &INBOUND_OPS, .user = s,
        .log = &s->log };
    s->inbound = bc_inbound_create(&params);
    return s->inbound && bc_peer_start(s->peer, s->offer, session) == 0;
}

// False after answering the request with an error.
static bool
answer_offer(struct whip_session *s, const struct bc_config *config)
{
    struct bc_writer answer = { 0 };
    struct bc_sdp_session session;
    struct bc_peer_params params = { .port = s->whip->port, .ops = &PEER_OPS, .user = s,
        .log = &s->log, .peer_ip = bc_http_peer_ip(s->x) };
    s->peer = bc_peer_create(&params);
    bool ok = s->peer != NULL;
    if (ok && !negotiate(s, config, &session, &answer)) {
        bc_writer_finish(&answer);
        return false;
    }
    if (!ok || !open_inbound(s, config, &session)) {
        bc_http_respond_error(s->x, 503, "no_memory", "the server is out of memory");
        bc_writer_finish(&answer);
        return false;
    }
    char path[BC_CHANNEL_NAME_MAX + 8];
    snprintf(path, sizeof(path), "/%s/whip", s->channel);
    bc_webrtc_respond_answer(s->x, path, s->peer, config, &answer);
    bc_writer_finish(&answer);
    return true;
}

static void
on_accepted(void *user)
{
    struct whip_session *s = user;
    struct bc_config *config = bc_hub_config(s->whip->hub);
    bool ok = answer_offer(s, config);
    bc_config_unref(&config);
    s->x = NULL;
    free(s->offer);
    s->offer = NULL;
    if (!ok) {
        destroy(s, false, "refused", true);
        return;
    }
    bc_timer_set(&s->timer, LOOK_US);
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    struct whip_session *s = user;
    bc_info(&s->log, "refused: %s", text);
    if (why == BC_TAKE_BUSY) {
        bc_webrtc_respond_later(s->x, 409, "channel_busy", text);
    } else if (why == BC_TAKE_CLOSED) {
        bc_webrtc_respond_later(s->x, 403, "channel_closed", text);
    } else {
        bc_webrtc_respond_later(s->x, 503, "refused", text);
    }
    s->x = NULL;
    destroy(s, false, text, false);
}

static void
on_kicked(void *user, const char *reason)
{
    destroy(user, false, reason, true);
}

static void
on_key_wanted(void *user, unsigned rendition)
{
    struct whip_session *s = user;
    if (s->inbound && bc_peer_is_connected(s->peer)) {
        bc_inbound_ask_key(s->inbound, rendition);
    }
}

static const struct bc_take_ops TAKE_OPS = { on_accepted, on_refused, on_kicked,
    on_key_wanted };

static void
on_gone(void *user)
{
    struct whip_session *s = user;
    s->x = NULL;
    destroy(s, false, "the host left before the answer", true);
}

// --- requests ---

static void
open_session(struct bc_whip *whip, struct bc_http_exchange *x, const char *channel,
    const char *key, struct bc_sdp *offer)
{
    struct whip_session *s = calloc(1, sizeof(*s));
    if (!s) {
        free(offer);
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    s->whip = whip;
    s->x = x;
    s->offer = offer;
    s->free_task.run = run_free;
    bc_list_init(&s->free_task.node);
    snprintf(s->channel, sizeof(s->channel), "%s", channel);
    bc_timer_init(&s->timer, bc_webrtc_port_worker(whip->port), on_timer);
    bc_logger_init(&s->log, NULL, "whip %s %.40s", bc_http_peer(x), channel);
    bc_list_append(&whip->sessions, &s->node);
    const char *agent = bc_http_header(x, "user-agent");
    char role[ROLE_MAX];
    if (bc_query_get(bc_http_query(x), "role", role, sizeof(role)) < 0) {
        role[0] = '\0';
    }
    struct bc_take_params params = { .hub = whip->hub,
        .worker = bc_webrtc_port_worker(whip->port), .channel = channel,
        .credential = bc_keys_publish_id(whip->keys, key), .protocol = "whip",
        .peer = bc_http_peer(x), .peer_ip = bc_http_peer_ip(x),
        .encoder = agent ? agent : "", .role = role, .ops = &TAKE_OPS, .user = s };
    s->take = bc_take_open(&params);
    if (!s->take) {
        bc_webrtc_respond_later(
            x, 503, "full", "the server has no room for another channel");
        destroy(s, false, "no room", false);
        return;
    }
    bc_http_on_gone(x, on_gone, s);
}

static bool
is_allowed(struct bc_whip *whip, struct bc_http_exchange *x,
    const struct bc_config *config, const char *channel, const char *key)
{
    if (bc_keys_publish_check(whip->keys, config, channel, key)) {
        return true;
    }
    bc_info(NULL, "whip %s %s: %s", bc_http_peer(x), channel,
        key[0] ? "wrong publish key" : "no publish key");
    bc_http_respond_text(x, 401, "application/json",
        "WWW-Authenticate: Bearer realm=\"branchcast\"\r\n",
        key[0] ? "{\"error\":{\"code\":\"wrong_key\",\"message\":\"wrong publish key\"}}"
               : "{\"error\":{\"code\":\"no_key\",\"message\":\"give the publish key as "
                 "bearer token\"}}");
    return false;
}

// Judged before the take: what is refused must not end the broadcast of the same host that
// runs. False after answering.
static bool
is_usable(struct bc_http_exchange *x, const struct bc_sdp *offer)
{
    char error[240];
    struct bc_writer answer = { 0 };
    struct bc_sdp_session session;
    struct bc_sdp_whip_rules rules = { .data = true };
    struct bc_sdp_local local = { .ufrag = "", .pwd = "", .fingerprint = "", .cname = "" };
    enum bc_sdp_refusal why = bc_sdp_answer_whip(
        offer, &rules, &local, &session, &answer, error, sizeof(error));
    bc_writer_finish(&answer);
    if (why != BC_SDP_OK) {
        bc_info(NULL, "whip %s: offer refused: %s", bc_http_peer(x), error);
        bc_webrtc_respond_refusal(x, why, error);
    }
    return why == BC_SDP_OK;
}

static void
post(struct bc_whip *whip, struct bc_http_exchange *x, const struct bc_config *config,
    const char *channel)
{
    char key[KEY_MAX];
    bc_http_token(x, key, sizeof(key));
    if (is_allowed(whip, x, config, channel, key)
        && bc_webrtc_has_room(x, whip->webrtc, config)) {
        struct bc_sdp *offer = malloc(sizeof(*offer));
        if (!offer) {
            bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        } else if (!bc_webrtc_read_offer(x, offer) || !is_usable(x, offer)) {
            free(offer);
        } else {
            open_session(whip, x, channel, key, offer);
        }
    }
    explicit_bzero(key, sizeof(key));
}

// "/app/stream/whip" or "/app/stream/whip/ID"; `id` is NULL with the first.
static bool
parse_path(const char *path, char channel[BC_CHANNEL_NAME_MAX + 1], const char **id)
{
    const char *slash = strrchr(path, '/');
    *id = NULL;
    if (slash && strcmp(slash, "/whip") != 0) {
        *id = slash + 1;
        while (slash > path && *--slash != '/') {
        }
    }
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len < 2 || len - 1 > BC_CHANNEL_NAME_MAX
        || strncmp(slash, *id ? "/whip/" : "/whip", *id ? 6 : 5) != 0) {
        return false;
    }
    memcpy(channel, path + 1, len - 1);
    channel[len - 1] = '\0';
    return bc_channel_name_is_valid(channel);
}

bool
bc_whip_handle(struct bc_whip *whip, struct bc_http_exchange *x)
{
    char channel[BC_CHANNEL_NAME_MAX + 1];
    const char *id;
    if (!parse_path(bc_http_path(x), channel, &id)) {
        return false;
    }
    if (!whip->port) {
        bc_http_respond_error(x, 404, "webrtc_off", "WebRTC is switched off here");
        return true;
    }
    struct bc_config *config = bc_hub_config(whip->hub);
    if (id) {
        bc_peer_resource_handle(whip->port, x, config, id);
    } else if (bc_webrtc_is_post(x)) {
        post(whip, x, config, channel);
    }
    bc_config_unref(&config);
    return true;
}
