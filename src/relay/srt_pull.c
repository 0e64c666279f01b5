// SPDX-License-Identifier: Apache-2.0
// Pulling by SRT: a transport stream from elsewhere becomes a take.
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "config/config.h"
#include "container/mpegts.h"
#include "kind.h"
#include "net/worker.h"
#include "origin.h"
#include "srt_link.h"
#include "stream/gate.h"
#include "stream/hub.h"

#define LOOK_US 1000000

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct srt_pull {
    struct relay_srt_link link;
    // Of the attempt that is connected.
    struct bc_take *take; // owned
    struct bc_gate gate;
    struct bc_ts_demux *demux; // owned
    struct bc_timer look;
    int64_t last_packet_us; // 0: none yet
    struct bc_task free_task;
};

static struct srt_pull *
from_link(struct relay_srt_link *link)
{
    return bc_container_of(link, struct srt_pull, link);
}

// --- the end of an attempt ---

static void
end_attempt(struct srt_pull *pull, const char *reason)
{
    bc_timer_cancel(&pull->look);
    bc_gate_finish(&pull->gate);
    if (pull->take) {
        bc_take_close(pull->take, false, reason);
        pull->take = NULL;
    }
    relay_srt_link_drop(&pull->link, reason);
    bc_ts_demux_destroy(pull->demux);
    pull->demux = NULL;
}

static void
end_and_retry(struct srt_pull *pull, const char *reason)
{
    end_attempt(pull, reason);
    relay_client_retry(&pull->link.client, reason, 0);
}

static void
on_failed(struct relay_srt_link *link)
{
    end_attempt(from_link(link), "not connected");
}

// --- media ---

static void
on_track(void *user, struct bc_track *track)
{
    bc_gate_set_track(&((struct srt_pull *)user)->gate, track);
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct srt_pull *pull = user;
    pull->last_packet_us = packet->arrived_us;
    bc_gate_push(&pull->gate, packet);
}

static void
on_program(void *user, bool has_video, bool has_audio)
{
    bc_gate_expect(&((struct srt_pull *)user)->gate, has_video, has_audio);
}

static const struct bc_ts_demux_ops DEMUX_OPS = { on_track, on_packet, on_program };

static void
on_data(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct srt_pull *pull = user;
    int ret = bc_ts_demux_input(pull->demux, data, len, now_us);
    if (ret != 0) {
        end_and_retry(pull, ret == -ENOTSUP ? "the stream is scrambled"
                                            : "what comes is no transport stream");
        return;
    }
    bc_gate_flush(&pull->gate, now_us);
}

static void
on_closed(void *user, const char *reason)
{
    end_and_retry(user, reason);
}

static const struct bc_srt_conn_ops CONN_OPS = { on_data, on_closed };

static void
tell_line(struct srt_pull *pull)
{
    struct bc_srt_stats st;
    bc_srt_conn_stats(pull->link.conn, &st);
    struct bc_line_stats line = { .present = true, .encrypted = st.encrypted,
        .packets = st.packets, .lost = st.lost, .retransmitted = st.retransmitted,
        .dropped = st.dropped, .undecrypted = st.undecrypted, .rtt_us = st.rtt_us,
        .latency_ms = st.latency_ms, .bandwidth_bps = st.bandwidth_bps };
    bc_take_set_line(pull->take, &line);
}

static void
on_look(struct bc_timer *timer)
{
    struct srt_pull *pull = bc_container_of(timer, struct srt_pull, look);
    struct bc_config *config = bc_hub_config(pull->link.client.params.hub);
    int64_t idle_us = config->stream.idle_timeout_s * 1000000;
    int64_t first_us = config->stream.first_packet_timeout_s * 1000000;
    bc_config_unref(&config);
    int64_t now_us = bc_clock_us();
    tell_line(pull);
    bc_gate_flush(&pull->gate, now_us);
    if (pull->last_packet_us && now_us - pull->last_packet_us > idle_us) {
        end_and_retry(pull, "the source is silent");
    } else if (!pull->last_packet_us
        && now_us - pull->link.client.connected_us > first_us) {
        end_and_retry(pull, "connected, but no media comes");
    } else {
        bc_timer_set(&pull->look, LOOK_US);
    }
}

// --- the take ---

static void
on_accepted(void *user)
{
    struct srt_pull *pull = user;
    bc_gate_accept(&pull->gate, pull->take);
    bc_gate_flush(&pull->gate, bc_clock_us());
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    (void)why;
    end_and_retry(user, text);
}

static void
on_kicked(void *user, const char *reason)
{
    end_and_retry(user, reason);
}

static const struct bc_take_ops TAKE_OPS = { on_accepted, on_refused, on_kicked, NULL };

static void
on_connected(struct relay_srt_link *link)
{
    struct srt_pull *pull = from_link(link);
    const struct bc_relay_params *p = &link->client.params;
    pull->last_packet_us = 0;
    pull->demux = bc_ts_demux_create(&DEMUX_OPS, pull);
    if (!pull->demux) {
        end_and_retry(pull, "no memory");
        return;
    }
    char origin[256];
    relay_origin_text(p->url, origin, sizeof(origin));
    struct bc_take_params params = { .hub = p->hub, .worker = p->worker,
        .channel = p->channel, .credential = relay_origin_credential(p->url), .protocol = "srt",
        .peer = origin, .peer_ip = "", .encoder = "relay", .ops = &TAKE_OPS,
        .user = pull };
    bc_gate_init(&pull->gate);
    bc_srt_conn_open(link->conn, &CONN_OPS, pull);
    pull->take = bc_take_open(&params);
    if (!pull->take) {
        end_and_retry(pull, "no room for another channel");
        return;
    }
    bc_timer_set(&pull->look, LOOK_US);
}

static void
attempt(struct relay_client *client)
{
    relay_srt_link_start(bc_container_of(client, struct relay_srt_link, client));
}

// --- life ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free(bc_container_of(task, struct srt_pull, free_task));
}

static void *
start(const struct bc_relay_params *params)
{
    struct srt_pull *pull = calloc(1, sizeof(*pull));
    if (!pull) {
        return NULL;
    }
    bc_list_init(&pull->free_task.node);
    pull->free_task.run = run_free;
    bc_timer_init(&pull->look, params->worker, on_look);
    bc_gate_init(&pull->gate);
    pull->link.guarded = true;
    pull->link.on_connected = on_connected;
    pull->link.on_failed = on_failed;
    if (!relay_srt_link_init(&pull->link, params, "pull", attempt)) {
        free(pull);
        return NULL;
    }
    return pull;
}

static void
stop(void *relay)
{
    struct srt_pull *pull = relay;
    struct bc_worker *worker = pull->link.client.params.worker;
    end_attempt(pull, "stopped");
    relay_client_finish(&pull->link.client, "stopped");
    bc_worker_defer(worker, &pull->free_task);
}

static void
get_status(const void *relay, struct bc_relay_status *out)
{
    const struct srt_pull *pull = relay;
    *out = pull->link.client.status;
}

const struct relay_kind RELAY_SRT_PULL = { { "srt" }, start, stop, get_status };
