// SPDX-License-Identifier: Apache-2.0
// WHEP: an offer becomes a viewer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "media_internal.h"
#include "net/worker.h"
#include "options.h"
#include "protocol/webrtc/offer.h"
#include "protocol/webrtc/port.h"
#include "stream/wait.h"
#include "transmux/rtp.h"
#include "whep_cues.h"

#define MESSAGE_MAX 512

// One viewer by WebRTC, from its POST on. Frees itself when the broadcast ends or the peer
// goes; the last part at the end of the turn.
struct whep_session {
    struct bc_list node;          // in media->whep->sessions
    struct bc_media *media;       // borrowed
    struct bc_channel *channel;   // owned reference
    struct bc_http_exchange *x;   // until it is answered
    struct bc_sdp *offer;         // owned; until it is answered
    struct bc_rtp_waiter waiter;
    struct bc_peer *peer;         // owned; NULL before the answer
    struct bc_rtp_viewer *viewer; // owned
    uint32_t video_ssrc;
    uint32_t video_rtx_ssrc;
    uint32_t audio_ssrc;
    uint8_t rendition; // the largest that it wants
    bool counted;
    bool closed;
    int64_t began_us;
    int channel_stream; // data channel towards the page; -1: none
    struct whep_cues cues;
    struct bc_task free_task;
    struct bc_logger log;
};

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct whep_session *s = bc_container_of(task, struct whep_session, free_task);
    bc_channel_unref(&s->channel);
    free(s);
}

// Lets go of everything; the peer is closed unless it closed itself.
static void
destroy(struct whep_session *s, const char *reason, bool close_peer)
{
    if (s->closed) {
        return;
    }
    s->closed = true;
    bc_rtp_describe_cancel(&s->waiter);
    bc_list_remove(&s->node);
    whep_cues_close(&s->cues);
    if (s->viewer) {
        struct bc_rtp_viewer_stats st;
        bc_rtp_viewer_stats(s->viewer, &st);
        bc_info(&s->log,
            "viewer left after %.1f s: %s (%llu packets, %llu again, %u skips, "
            "%.1f %% loss, rtt %.0f ms)",
            (double)(bc_clock_us() - s->began_us) / 1e6, reason,
            (unsigned long long)st.packets, (unsigned long long)st.resent, st.skips,
            100 * st.loss, (double)st.rtt_us / 1000);
        bc_rtp_viewer_destroy(s->viewer);
    }
    if (s->counted) {
        bc_channel_count_viewer(s->channel, BC_PROTOCOL_WHEP, -1);
    }
    if (s->peer && close_peer) {
        bc_peer_close(s->peer, reason);
    }
    free(s->offer);
    bc_worker_defer(bc_webrtc_port_worker(s->media->port), &s->free_task);
}

// --- the peer ---

static void
on_connected(void *user)
{
    struct whep_session *s = user;
    bc_channel_count_viewer(s->channel, BC_PROTOCOL_WHEP, 1);
    s->counted = true;
    bc_debug(&s->log, "viewer came from %s, %s, %.0f ms after its offer",
        bc_peer_remote(s->peer), bc_peer_srtp_profile(s->peer),
        (double)(bc_clock_us() - s->began_us) / 1000);
    bc_rtp_viewer_start(s->viewer);
}

static void
on_rtp(void *user, const struct bc_rtp_header *h, int64_t now_us)
{
    (void)user;
    (void)h;
    (void)now_us; // viewers send no media
}

static void
on_rtcp(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct whep_session *s = user;
    bc_rtp_viewer_on_rtcp(s->viewer, data, len, now_us);
}

static void
on_writable(void *user)
{
    struct whep_session *s = user;
    bc_rtp_viewer_writable(s->viewer);
}

static void
on_channel_open(void *user, uint16_t stream, const char *label)
{
    struct whep_session *s = user;
    bc_debug(&s->log, "data channel '%s'", label);
    if (s->channel_stream < 0) {
        s->channel_stream = stream;
        s->cues.channel = s->channel;
        s->cues.peer = s->peer;
        s->cues.viewer = s->viewer;
        s->cues.stream = stream;
        whep_cues_open(&s->cues, bc_webrtc_port_worker(s->media->port));
    }
}

// A page may measure its distance to the server's clock; nothing else is understood.
static void
on_message(void *user, uint16_t stream, bool binary, const uint8_t *data, size_t len)
{
    struct whep_session *s = user;
    char text[MESSAGE_MAX];
    if (binary || len >= sizeof(text)) {
        return;
    }
    memcpy(text, data, len);
    text[len] = '\0';
    const char *t = strstr(text, "\"t\":");
    if (!strstr(text, "\"ping\"")) {
        return;
    }
    struct bc_channel_info info;
    bc_channel_info(s->channel, &info);
    char answer[200];
    int n = snprintf(answer, sizeof(answer),
        "{\"type\":\"pong\",\"t\":%.3f,\"wall_ms\":%lld,\"media_ms\":%lld}",
        t ? strtod(t + 4, NULL) : 0.0, (long long)(bc_clock_wall_us() / 1000),
        (long long)(info.media_us / 1000));
    if (n > 0 && (size_t)n < sizeof(answer)) {
        bc_peer_send_message(s->peer, stream, false, (const uint8_t *)answer, (size_t)n);
    }
}

static void
on_peer_closed(void *user, bool clean, const char *reason)
{
    (void)clean;
    destroy(user, reason, false);
}

static const struct bc_peer_ops PEER_OPS = {
    .on_connected = on_connected,
    .on_rtp = on_rtp,
    .on_rtcp = on_rtcp,
    .on_writable = on_writable,
    .on_channel_open = on_channel_open,
    .on_message = on_message,
    .on_closed = on_peer_closed,
};

static void
on_viewer_end(void *user, const char *reason)
{
    destroy(user, reason, true);
}

static const struct bc_rtp_viewer_ops VIEWER_OPS = { on_viewer_end };

// --- the answer ---

static void
draw_ssrcs(struct whep_session *s)
{
    uint32_t r[3] = { 1, 2, 3 };
    if (getrandom(r, sizeof(r), 0) != sizeof(r)) {
        bc_debug(&s->log, "no random numbers for SSRCs");
    }
    // Different whatever is drawn.
    s->video_ssrc = r[0] & ~3u;
    s->video_rtx_ssrc = s->video_ssrc | 1;
    s->audio_ssrc = s->video_ssrc | 2;
}

static bool
misses_video(const struct whep_session *s, const struct bc_sdp_session *session)
{
    bool offered = false;
    for (unsigned i = 0; i < s->offer->media_count; i++) {
        const struct bc_sdp_media *m = &s->offer->media[i];
        offered = offered || (m->kind == BC_SDP_VIDEO && m->direction != BC_SDP_INACTIVE);
    }
    return offered && !session->video.active;
}

static bool
open_viewer(struct whep_session *s, const struct bc_sdp_session *session)
{
    struct bc_rtp_viewer_params params = { .windows = s->media->rtp_windows,
        .channel = s->channel, .peer = s->peer, .session = session,
        .misses_video = misses_video(s, session), .rendition = s->rendition,
        .video_ssrc = s->video_ssrc,
        .video_rtx_ssrc = s->video_rtx_ssrc,
        .audio_ssrc = s->audio_ssrc, .cname = bc_peer_id(s->peer) + 2,
        .ops = &VIEWER_OPS, .user = s };
    s->viewer = bc_rtp_viewer_create(&params);
    return s->viewer && bc_peer_start(s->peer, s->offer, session) == 0;
}

// Writes the answer to the offer. False after answering the request with an error.
static bool
negotiate(struct whep_session *s, const struct bc_rtp_description *d,
    const struct bc_config *config, struct bc_sdp_session *session,
    struct bc_writer *answer)
{
    char error[240];
    struct bc_peer_candidates list;
    const char *host = bc_http_header(s->x, "host");
    struct bc_sdp_source source = { .video = d->video, .audio = d->audio,
        .audio_channels = d->audio_channels, .data = config->webrtc.data_channels };
    memcpy(source.avc_profile, d->avc_profile, sizeof(source.avc_profile));
    struct bc_sdp_local local = { .cname = bc_peer_id(s->peer) + 2,
        .video_ssrc = s->video_ssrc, .video_rtx_ssrc = s->video_rtx_ssrc,
        .audio_ssrc = s->audio_ssrc };
    bc_peer_local(s->peer, &local);
    bc_peer_candidates(s->media->port, config, host ? host : "", &list);
    local.candidates = (const char *const *)list.texts;
    local.candidate_count = list.count;
    enum bc_sdp_refusal why = bc_sdp_answer_whep(
        s->offer, &source, &local, session, answer, error, sizeof(error));
    bc_peer_candidates_finish(&list);
    if (why != BC_SDP_OK) {
        bc_info(&s->log, "offer refused: %s", error);
        bc_webrtc_respond_refusal(s->x, why, error);
    }
    return why == BC_SDP_OK;
}

static void
answer_offer(struct whep_session *s, const struct bc_rtp_description *d,
    const struct bc_config *config)
{
    struct bc_writer answer = { 0 };
    struct bc_sdp_session session;
    struct bc_peer_params params = { .port = s->media->port, .ops = &PEER_OPS, .user = s,
        .log = &s->log, .peer_ip = bc_http_peer_ip(s->x) };
    s->peer = bc_peer_create(&params);
    if (!s->peer) {
        bc_http_respond_error(s->x, 503, "no_memory", "the server is out of memory");
        destroy(s, "no memory", false);
        return;
    }
    draw_ssrcs(s);
    bool ok = negotiate(s, d, config, &session, &answer);
    if (ok && !open_viewer(s, &session)) {
        bc_http_respond_error(s->x, 503, "no_memory", "the server is out of memory");
        ok = false;
    }
    if (!ok) {
        bc_writer_finish(&answer);
        destroy(s, "refused", true);
        return;
    }
    char path[BC_CHANNEL_NAME_MAX + 8];
    snprintf(path, sizeof(path), "/%s/whep", bc_channel_name(s->channel));
    bc_webrtc_respond_answer(s->x, path, s->peer, config, &answer);
    bc_writer_finish(&answer);
    s->x = NULL;
    free(s->offer);
    s->offer = NULL;
}

static void
on_described(struct bc_rtp_waiter *waiter, const struct bc_rtp_description *d)
{
    struct whep_session *s = bc_container_of(waiter, struct whep_session, waiter);
    if (!d->live) {
        bc_webrtc_respond_later(s->x, 409, "not_live", "this channel is not live yet");
        destroy(s, "not live", false);
        return;
    }
    if (d->b_frames_refused) {
        bc_http_respond_error(s->x, 406, "b_frames",
            "the host sends B-frames, which WebRTC cannot show: set B-frames to 0 in the "
            "encoder, or watch by HLS");
        destroy(s, "B-frames", false);
        return;
    }
    struct bc_config *config = bc_hub_config(s->media->hub);
    // Once more: others may have come while it waited.
    if (bc_webrtc_has_room(s->x, s->media->webrtc, config)) {
        answer_offer(s, d, config);
    } else {
        destroy(s, "too many sessions", false);
    }
    bc_config_unref(&config);
}

static void
on_gone(void *user)
{
    struct whep_session *s = user;
    s->x = NULL;
    destroy(s, "the client left before the answer", true);
}

// --- requests ---

static void
open_session(struct bc_media *media, struct bc_http_exchange *x,
    struct bc_channel *channel, struct bc_sdp *offer)
{
    struct whep_session *s = calloc(1, sizeof(*s));
    if (!s) {
        free(offer);
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return;
    }
    s->media = media;
    s->x = x;
    s->offer = offer;
    s->channel = bc_channel_ref(channel);
    s->rendition = bc_rendition_choice(bc_http_query(x));
    s->channel_stream = -1;
    s->began_us = bc_clock_us();
    s->waiter.ready = on_described;
    s->free_task.run = run_free;
    bc_list_init(&s->waiter.node);
    bc_list_init(&s->free_task.node);
    bc_logger_init(&s->log, bc_channel_logger(channel), "whep %s", bc_http_peer(x));
    bc_list_append(&media->whep_sessions, &s->node);
    if (!bc_rtp_describe(media->rtp_windows, channel, &s->waiter)) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        destroy(s, "no memory", false);
        return;
    }
    bc_http_on_gone(x, on_gone, s);
}

static void
post(struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url,
    struct bc_channel *channel)
{
    (void)url;
    struct bc_config *config = bc_hub_config(media->hub);
    if (!channel || !bc_channel_is_playable(channel)) {
        bc_webrtc_respond_later(x, 409, "not_live", "this channel is not live");
    } else if (bc_webrtc_has_room(x, media->webrtc, config)) {
        struct bc_sdp *offer = malloc(sizeof(*offer));
        if (!offer) {
            bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        } else if (!bc_webrtc_read_offer(x, offer)) {
            free(offer);
        } else {
            open_session(media, x, channel, offer);
        }
    }
    bc_config_unref(&config);
}

void
bc_whep_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_media_url *url)
{
    if (!media->port) {
        bc_http_respond_error(x, 404, "webrtc_off", "WebRTC is switched off here");
        return;
    }
    struct bc_config *config = bc_hub_config(media->hub);
    if (url->kind == BC_MEDIA_WHEP_SESSION) {
        bc_peer_resource_handle(media->port, x, config, url->file);
    } else if (bc_webrtc_is_post(x) && bc_media_authorise(media, x, url)) {
        bc_media_await(media, x, url, post);
    }
    bc_config_unref(&config);
}

void
bc_media_send_message(struct bc_media *media, const char *channel, const char *text)
{
    bc_list_for_each(node, tmp, &media->whep_sessions)
    {
        struct whep_session *s = bc_container_of(node, struct whep_session, node);
        if (s->peer && s->channel_stream >= 0
            && strcmp(bc_channel_name(s->channel), channel) == 0) {
            bc_peer_send_message(s->peer, (uint16_t)s->channel_stream, false,
                (const uint8_t *)text, strlen(text));
        }
    }
}
