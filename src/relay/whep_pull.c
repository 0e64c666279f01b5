// SPDX-License-Identifier: Apache-2.0
// Pulling: a WHEP endpoint elsewhere becomes a take.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client.h"
#include "config/config.h"
#include "kind.h"
#include "net/worker.h"
#include "origin.h"
#include "protocol/webrtc/inbound.h"
#include "stream/hub.h"
#include "stream/take.h"

#define LOOK_US 1000000

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct whep_pull {
    struct relay_client client;
    struct bc_peer *peer; // borrowed from the session
    struct bc_sdp_session agreed;
    struct bc_take *take;       // owned; of the attempt
    struct bc_inbound *inbound; // owned; of the attempt
    struct bc_timer look;       // whether media comes, once a second
    struct bc_task free_task;
};

// --- the end of an attempt ---

static void
end_attempt(struct whep_pull *pull, const char *reason)
{
    bc_timer_cancel(&pull->look);
    if (pull->inbound) {
        struct bc_inbound_stats st;
        bc_inbound_stats(pull->inbound, &st);
        bc_info(&pull->client.log, "closed: %s (%llu packets, %llu lost)", reason,
            (unsigned long long)st.packets, (unsigned long long)st.lost);
        bc_inbound_destroy(pull->inbound);
        pull->inbound = NULL;
    }
    if (pull->take) {
        bc_take_close(pull->take, false, reason);
        pull->take = NULL;
    }
    pull->peer = NULL;
}

static void
end_and_retry(struct whep_pull *pull, const char *reason, unsigned retry_after_s)
{
    end_attempt(pull, reason);
    relay_client_retry(&pull->client, reason, retry_after_s);
}

// --- media ---

static void
on_track(void *user, struct bc_track *track)
{
    struct whep_pull *pull = user;
    bc_take_set_track(pull->take, track);
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct whep_pull *pull = user;
    bc_take_push(pull->take, packet);
}

static const struct bc_inbound_ops INBOUND_OPS = { on_track, on_packet };

static void
on_rtp(void *user, const struct bc_rtp_header *h, int64_t now_us)
{
    struct whep_pull *pull = user;
    bc_inbound_on_rtp(pull->inbound, h, now_us);
}

static void
on_rtcp(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct whep_pull *pull = user;
    bc_inbound_on_rtcp(pull->inbound, data, len, now_us);
}

static void
on_batch_end(void *user)
{
    struct whep_pull *pull = user;
    if (pull->take) {
        bc_take_flush(pull->take);
    }
}

static void
on_look(struct bc_timer *timer)
{
    struct whep_pull *pull = bc_container_of(timer, struct whep_pull, look);
    struct bc_config *config = bc_hub_config(pull->client.params.hub);
    int64_t idle_us = config->stream.idle_timeout_s * 1000000;
    int64_t first_us = config->stream.first_packet_timeout_s * 1000000;
    bc_config_unref(&config);
    struct bc_inbound_stats st;
    bc_inbound_stats(pull->inbound, &st);
    bc_take_flush(pull->take); // what the jitter buffer let go by time
    int64_t connected_us = pull->client.connected_us;
    int64_t now = bc_clock_us();
    if (connected_us && st.last_packet_us && now - st.last_packet_us > idle_us) {
        end_and_retry(pull, "the source is silent", 0);
    } else if (connected_us && !st.last_packet_us && now - connected_us > first_us) {
        end_and_retry(pull, "connected, but no media comes", 0);
    } else {
        bc_timer_set(&pull->look, LOOK_US);
    }
}

// --- the take ---

static void
on_accepted(void *user)
{
    struct whep_pull *pull = user;
    struct bc_inbound_params params = { .worker = pull->client.params.worker,
        .peer = pull->peer, .session = &pull->agreed, .ops = &INBOUND_OPS, .user = pull,
        .log = &pull->client.log };
    pull->inbound = bc_inbound_create(&params);
    if (!pull->inbound || !relay_session_proceed(pull->client.session)) {
        end_and_retry(pull, "no memory", 0);
        return;
    }
    bc_timer_set(&pull->look, LOOK_US);
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    (void)why;
    end_and_retry(user, text, 0);
}

static void
on_kicked(void *user, const char *reason)
{
    end_and_retry(user, reason, 0);
}

static void
on_key_wanted(void *user, unsigned rendition)
{
    struct whep_pull *pull = user;
    if (pull->inbound && bc_peer_is_connected(pull->peer)) {
        bc_inbound_ask_key(pull->inbound, rendition);
    }
}

static const struct bc_take_ops TAKE_OPS
    = { on_accepted, on_refused, on_kicked, on_key_wanted };

// --- the session ---

static void
on_agreed(void *user, struct bc_peer *peer, const struct bc_sdp_session *agreed)
{
    struct whep_pull *pull = user;
    const struct bc_relay_params *p = &pull->client.params;
    pull->peer = peer;
    pull->agreed = *agreed;
    char origin[256];
    relay_origin_text(p->url, origin, sizeof(origin));
    struct bc_take_params params = { .hub = p->hub, .worker = p->worker,
        .channel = p->channel, .credential = relay_origin_credential(p->url), .protocol = "whep",
        .peer = origin, .peer_ip = "", .encoder = "relay", .ops = &TAKE_OPS,
        .user = pull };
    pull->take = bc_take_open(&params);
    if (!pull->take) {
        end_and_retry(pull, "no room for another channel", 0);
    }
}

static void
on_connected(void *user)
{
    struct whep_pull *pull = user;
    relay_client_connected(&pull->client);
}

static void
on_writable(void *user)
{
    (void)user; // sends reports only, which may be lost
}

static void
on_closed(void *user, const char *reason, unsigned retry_after_s)
{
    struct whep_pull *pull = user;
    pull->client.session = NULL;
    end_and_retry(pull, reason, retry_after_s);
}

static const struct relay_session_ops SESSION_OPS = { on_agreed, on_connected, on_rtp,
    on_rtcp, on_batch_end, on_writable, on_closed };

static void
attempt(struct relay_client *client)
{
    struct whep_pull *pull = bc_container_of(client, struct whep_pull, client);
    struct relay_session_params params = { .direction = BC_SDP_RECVONLY,
        .video = { BC_CODEC_AVC, BC_CODEC_HEVC, BC_CODEC_AV1, BC_CODEC_VP9,
            BC_CODEC_VP8 },
        .video_count = 5, .audio = true, .ops = &SESSION_OPS, .user = pull };
    if (!relay_client_connect(client, &params)) {
        relay_client_retry(client, "no memory", 0);
    }
}

// --- life ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free(bc_container_of(task, struct whep_pull, free_task));
}

static void *
start(const struct bc_relay_params *params)
{
    struct whep_pull *pull = calloc(1, sizeof(*pull));
    if (!pull) {
        return NULL;
    }
    bc_list_init(&pull->free_task.node);
    pull->free_task.run = run_free;
    bc_timer_init(&pull->look, params->worker, on_look);
    if (!relay_client_init(&pull->client, params, "pull", attempt)) {
        free(pull);
        return NULL;
    }
    return pull;
}

static void
stop(void *relay)
{
    struct whep_pull *pull = relay;
    end_attempt(pull, "stopped");
    struct bc_worker *worker = pull->client.params.worker;
    relay_client_finish(&pull->client, "stopped");
    bc_worker_defer(worker, &pull->free_task);
}

static void
get_status(const void *relay, struct bc_relay_status *out)
{
    const struct whep_pull *pull = relay;
    *out = pull->client.status;
}

const struct relay_kind RELAY_WHEP_PULL = { { "http", "https" }, start, stop, get_status };
