// SPDX-License-Identifier: Apache-2.0
// Pushing: a channel as a WHIP host elsewhere.
#include <stdlib.h>
#include <sys/random.h>

#include "client.h"
#include "kind.h"
#include "net/worker.h"
#include "stream/hub.h"
#include "transmux/rtp.h"

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct whip_push {
    struct relay_client client;
    struct bc_channel *channel;   // owned reference; of the attempt
    struct bc_rtp_waiter waiter;
    struct bc_rtp_viewer *viewer; // owned; of the attempt
    uint32_t video_ssrc;
    uint32_t video_rtx_ssrc;
    uint32_t audio_ssrc;
    struct bc_task free_task;
};

static void
end_attempt(struct whip_push *push)
{
    bc_rtp_describe_cancel(&push->waiter);
    bc_rtp_viewer_destroy(push->viewer);
    push->viewer = NULL;
    bc_channel_unref(&push->channel);
}

static void
end_and_retry(struct whip_push *push, const char *reason, unsigned retry_after_s)
{
    end_attempt(push);
    relay_client_retry(&push->client, reason, retry_after_s);
}

// --- the viewer ---

static void
on_end(void *user, const char *reason)
{
    struct whip_push *push = user;
    end_attempt(push);
    relay_session_close(push->client.session, reason);
    push->client.session = NULL;
    push->client.connected_us = 0;
    relay_client_wait(&push->client, reason); // for what comes next, or in what codec
}

static const struct bc_rtp_viewer_ops VIEWER_OPS = { on_end };

// --- the session ---

static void
on_agreed(void *user, struct bc_peer *peer, const struct bc_sdp_session *agreed)
{
    struct whip_push *push = user;
    struct bc_rtp_viewer_params params = { .windows = push->client.params.windows,
        .channel = push->channel, .peer = peer, .session = agreed,
        .video_ssrc = push->video_ssrc, .video_rtx_ssrc = push->video_rtx_ssrc,
        .audio_ssrc = push->audio_ssrc, .cname = bc_peer_id(peer) + 2,
        .ops = &VIEWER_OPS, .user = push };
    push->viewer = bc_rtp_viewer_create(&params);
    if (!push->viewer || !relay_session_proceed(push->client.session)) {
        end_and_retry(push, "no memory", 0);
    }
}

static void
on_connected(void *user)
{
    struct whip_push *push = user;
    relay_client_connected(&push->client);
    bc_rtp_viewer_start(push->viewer);
}

static void
on_rtp(void *user, const struct bc_rtp_header *h, int64_t now_us)
{
    (void)user;
    (void)h;
    (void)now_us; // who receives sends no media
}

static void
on_rtcp(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct whip_push *push = user;
    if (push->viewer) {
        bc_rtp_viewer_on_rtcp(push->viewer, data, len, now_us);
    }
}

static void
on_batch_end(void *user)
{
    (void)user;
}

static void
on_writable(void *user)
{
    struct whip_push *push = user;
    if (push->viewer) {
        bc_rtp_viewer_writable(push->viewer);
    }
}

static void
on_closed(void *user, const char *reason, unsigned retry_after_s)
{
    struct whip_push *push = user;
    push->client.session = NULL;
    end_and_retry(push, reason, retry_after_s);
}

static const struct relay_session_ops SESSION_OPS = { on_agreed, on_connected, on_rtp,
    on_rtcp, on_batch_end, on_writable, on_closed };

static void
draw_ssrcs(struct whip_push *push)
{
    uint32_t random = 4;
    if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
        bc_debug(&push->client.log, "no random number for SSRCs");
    }
    // Different whatever is drawn.
    push->video_ssrc = random & ~3u;
    push->video_rtx_ssrc = push->video_ssrc | 1;
    push->audio_ssrc = push->video_ssrc | 2;
}

static void
on_described(struct bc_rtp_waiter *waiter, const struct bc_rtp_description *d)
{
    struct whip_push *push = bc_container_of(waiter, struct whip_push, waiter);
    bool audio = d->audio == BC_CODEC_OPUS;
    if (!d->live || d->b_frames_refused || (d->video == BC_CODEC_NONE && !audio)) {
        end_attempt(push);
        relay_client_wait(&push->client,
            d->b_frames_refused ? "the host sends B-frames, which WebRTC cannot show"
                                : "the channel is not live");
        return;
    }
    draw_ssrcs(push);
    struct relay_session_params params = { .direction = BC_SDP_SENDONLY,
        .video = { d->video }, .video_count = d->video != BC_CODEC_NONE, .audio = audio,
        .video_ssrc = push->video_ssrc, .video_rtx_ssrc = push->video_rtx_ssrc,
        .audio_ssrc = push->audio_ssrc, .ops = &SESSION_OPS, .user = push };
    if (!relay_client_connect(&push->client, &params)) {
        end_and_retry(push, "no memory", 0);
    }
}

static void
attempt(struct relay_client *client)
{
    struct whip_push *push = bc_container_of(client, struct whip_push, client);
    push->channel = bc_hub_find(client->params.hub, client->params.channel);
    if (!push->channel
        || !bc_rtp_describe(client->params.windows, push->channel, &push->waiter)) {
        end_attempt(push);
        relay_client_wait(client, "the channel is not live");
    }
}

// --- life ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free(bc_container_of(task, struct whip_push, free_task));
}

static void *
start(const struct bc_relay_params *params)
{
    struct whip_push *push = calloc(1, sizeof(*push));
    if (!push) {
        return NULL;
    }
    bc_list_init(&push->waiter.node);
    push->waiter.ready = on_described;
    bc_list_init(&push->free_task.node);
    push->free_task.run = run_free;
    if (!relay_client_init(&push->client, params, "push", attempt)) {
        free(push);
        return NULL;
    }
    return push;
}

static void
stop(void *relay)
{
    struct whip_push *push = relay;
    end_attempt(push);
    struct bc_worker *worker = push->client.params.worker;
    relay_client_finish(&push->client, "stopped");
    bc_worker_defer(worker, &push->free_task);
}

static void
get_status(const void *relay, struct bc_relay_status *out)
{
    const struct whip_push *push = relay;
    *out = push->client.status;
}

const struct relay_kind RELAY_WHIP_PUSH = { { "http", "https" }, start, stop, get_status };
