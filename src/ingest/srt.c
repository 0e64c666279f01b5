// SPDX-License-Identifier: Apache-2.0
// Hosts by SRT: a transport stream becomes a take.
#include "ingest/srt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "access/keys.h"
#include "base/clock.h"
#include "config/config.h"
#include "container/mpegts.h"
#include "net/timer.h"
#include "net/worker.h"
#include "stream/gate.h"
#include "stream/hub.h"
#include "stream/source.h"
#include "stream/take.h"

#define LOOK_US 1000000

// One host, from its connection on. Frees itself at the end of the turn in which it
// closes; worker's thread.
struct srt_host {
    struct bc_srt_ingest *ingest; // borrowed
    struct bc_srt_conn *conn;     // owned until it is closed
    struct bc_take *take;         // owned
    struct bc_gate gate;
    struct bc_ts_demux *demux;    // owned
    struct bc_timer timer;        // looks whether media comes, once a second
    int64_t connected_us;
    int64_t last_packet_us; // of media; 0: none yet
    bool closed;
    struct bc_task free_task;
    struct bc_logger log;
};

// --- before the connection: SRT's thread ---

static enum bc_srt_reject
judge_channel(struct bc_hub *hub, const struct bc_srt_streamid *id, uint64_t credential,
    const char **why)
{
    const char *name = id->channel;
    if (!bc_hub_has_room(hub, name)) {
        *why = "no room for another channel";
        return BC_SRT_OVERLOAD;
    }
    if (!bc_hub_is_open(hub, name)) {
        *why = "the channel is closed";
        return BC_SRT_FORBIDDEN;
    }
    struct bc_channel *channel = bc_hub_find(hub, name);
    bool busy = channel && !id->backup && bc_channel_is_taken_by_other(channel, credential);
    bc_channel_unref(&channel);
    *why = "another host publishes here";
    return busy ? BC_SRT_CONFLICT : BC_SRT_ACCEPT;
}

enum bc_srt_reject
bc_srt_ingest_admit(struct bc_hub *hub, const struct bc_keys *keys,
    const struct bc_srt_hello *hello, const char **why)
{
    const struct bc_srt_streamid *id = &hello->id;
    if (!bc_channel_name_is_valid(id->channel)) {
        *why = "this is no channel's name";
        return BC_SRT_BAD_REQUEST;
    }
    struct bc_config *config = bc_hub_config(hub);
    bool known = bc_keys_publish_check(keys, config, id->channel, id->key);
    bc_config_unref(&config);
    if (!known) {
        *why = id->key[0] ? "wrong publish key" : "no publish key";
        return BC_SRT_UNAUTHORISED;
    }
    return judge_channel(hub, id, bc_keys_publish_id(keys, id->key), why);
}

// --- the end ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct srt_host *h = bc_container_of(task, struct srt_host, free_task);
    bc_ts_demux_destroy(h->demux);
    free(h);
}

static void
log_end(struct srt_host *h, const char *reason)
{
    struct bc_srt_stats line;
    struct bc_ts_demux_stats ts;
    bc_srt_conn_stats(h->conn, &line);
    bc_ts_demux_stats(h->demux, &ts);
    bc_info(&h->log,
        "closed: %s (%llu packets, %llu lost, %llu came again, %llu dropped, rtt %u ms; "
        "%llu holes in the stream)",
        reason, (unsigned long long)line.packets, (unsigned long long)line.lost,
        (unsigned long long)line.retransmitted, (unsigned long long)line.dropped,
        line.rtt_us / 1000, (unsigned long long)ts.lost);
}

static void
destroy(struct srt_host *h, const char *reason)
{
    if (h->closed) {
        return;
    }
    h->closed = true;
    bc_timer_cancel(&h->timer);
    log_end(h, reason);
    bc_gate_finish(&h->gate);
    if (h->take) {
        // SRT's goodbye is also what a restarted encoder sends: who publishes for good
        // again goes on in the same broadcast.
        bc_take_close(h->take, false, reason);
        h->take = NULL;
    }
    bc_srt_conn_close(h->conn, reason);
    bc_worker_defer(h->ingest->worker, &h->free_task);
}

// --- media ---

static void
on_track(void *user, struct bc_track *track)
{
    struct srt_host *h = user;
    if (!h->closed) {
        bc_gate_set_track(&h->gate, track);
    }
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct srt_host *h = user;
    if (h->closed) {
        bc_packet_unref(&packet);
        return;
    }
    h->last_packet_us = packet->arrived_us;
    bc_gate_push(&h->gate, packet);
}

static void
on_program(void *user, bool has_video, bool has_audio)
{
    struct srt_host *h = user;
    bc_gate_expect(&h->gate, has_video, has_audio);
}

static const struct bc_ts_demux_ops DEMUX_OPS = { on_track, on_packet, on_program };

static void
on_data(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct srt_host *h = user;
    if (h->closed) {
        return;
    }
    int ret = bc_ts_demux_input(h->demux, data, len, now_us);
    if (ret != 0) {
        destroy(h, ret == -ENOTSUP ? "the stream is scrambled"
                                   : "what it sends is no transport stream");
        return;
    }
    bc_gate_flush(&h->gate, now_us);
}

static void
on_closed(void *user, const char *reason)
{
    struct srt_host *h = user;
    if (!h->closed) {
        int64_t now_us = bc_clock_us();
        bc_ts_demux_flush(h->demux, now_us);
        bc_gate_flush(&h->gate, now_us);
        destroy(h, reason);
    }
}

static const struct bc_srt_conn_ops CONN_OPS = { on_data, on_closed };

// --- the take ---

static void
on_accepted(void *user)
{
    struct srt_host *h = user;
    if (!h->closed) {
        bc_gate_accept(&h->gate, h->take);
        bc_gate_flush(&h->gate, bc_clock_us());
    }
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    (void)why; // the connection stands already: the log tells
    struct srt_host *h = user;
    bc_info(&h->log, "refused: %s", text);
    destroy(h, text);
}

static void
on_kicked(void *user, const char *reason)
{
    destroy(user, reason);
}

static const struct bc_take_ops TAKE_OPS = { on_accepted, on_refused, on_kicked, NULL };

static void
tell_line(struct srt_host *h)
{
    struct bc_srt_stats st;
    bc_srt_conn_stats(h->conn, &st);
    struct bc_line_stats line = { .present = true, .encrypted = st.encrypted,
        .packets = st.packets, .lost = st.lost, .retransmitted = st.retransmitted,
        .dropped = st.dropped, .undecrypted = st.undecrypted, .rtt_us = st.rtt_us,
        .latency_ms = st.latency_ms, .bandwidth_bps = st.bandwidth_bps };
    bc_take_set_line(h->take, &line);
}

static void
on_timer(struct bc_timer *timer)
{
    struct srt_host *h = bc_container_of(timer, struct srt_host, timer);
    struct bc_config *config = bc_hub_config(h->ingest->hub);
    int64_t idle_us = config->stream.idle_timeout_s * 1000000;
    int64_t first_us = config->stream.first_packet_timeout_s * 1000000;
    bc_config_unref(&config);
    int64_t now_us = bc_clock_us();
    tell_line(h);
    bc_gate_flush(&h->gate, now_us);
    if (h->last_packet_us && now_us - h->last_packet_us > idle_us) {
        destroy(h, "the host is silent");
    } else if (!h->last_packet_us && now_us - h->connected_us > first_us) {
        destroy(h, "the host connected but sends nothing that can be shown");
    } else {
        bc_timer_set(&h->timer, LOOK_US);
    }
}

// --- the start ---

static bool
open_take(struct srt_host *h)
{
    const struct bc_srt_streamid *id = bc_srt_conn_id(h->conn);
    struct bc_take_params params = { .hub = h->ingest->hub, .worker = h->ingest->worker,
        .channel = id->channel,
        .credential = bc_keys_publish_id(h->ingest->keys, id->key), .protocol = "srt",
        .peer = bc_srt_conn_peer(h->conn), .peer_ip = bc_srt_conn_peer_ip(h->conn),
        .encoder = id->user, .role = id->backup ? "backup" : "", .ops = &TAKE_OPS, .user = h };
    h->take = bc_take_open(&params);
    return h->take != NULL;
}

void
bc_srt_ingest_serve(struct bc_srt_ingest *ingest, struct bc_srt_conn *conn)
{
    struct srt_host *h = calloc(1, sizeof(*h));
    if (!h) {
        bc_srt_conn_close(conn, "no memory");
        return;
    }
    h->ingest = ingest;
    h->conn = conn;
    h->connected_us = bc_clock_us();
    h->free_task.run = run_free;
    bc_list_init(&h->free_task.node);
    bc_gate_init(&h->gate);
    bc_timer_init(&h->timer, ingest->worker, on_timer);
    bc_logger_init(&h->log, NULL, "srt %s %.40s", bc_srt_conn_peer(conn),
        bc_srt_conn_id(conn)->channel);
    h->demux = bc_ts_demux_create(&DEMUX_OPS, h);
    if (!h->demux) {
        bc_srt_conn_close(conn, "no memory");
        free(h);
        return;
    }
    bc_srt_conn_open(conn, &CONN_OPS, h);
    if (!open_take(h)) {
        destroy(h, "no room for another channel");
        return;
    }
    bc_timer_set(&h->timer, LOOK_US);
}
