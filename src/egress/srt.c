// SPDX-License-Identifier: Apache-2.0
// Viewers by SRT: a connection that takes the channel's transport stream.
#include "egress/srt.h"

#include <stdlib.h>

#include "access/keys.h"
#include "base/clock.h"
#include "container/mpegts.h"
#include "net/timer.h"
#include "stream/program.h"
#include "stream/source.h"
#include "stream/wait.h"

#define LOOK_US 1000000

// One viewer. Frees itself when the broadcast ends or the peer goes; worker's thread.
struct srt_viewer {
    struct bc_viewer *viewer;   // owned
    struct bc_srt_conn *conn;   // owned until it is closed
    struct bc_channel *channel; // owned reference
    struct bc_timer timer;      // counts, and looks at the codecs, once a second
    struct bc_line_stats told;  // what the channel has counted already
    int64_t began_us;
    struct bc_logger log;
};

// --- before the connection: SRT's thread ---

// A player that can get only a part of what is sent would wait for the rest: FFmpeg's and
// VLC's read for seconds before they show anything.
static bool
is_carried(struct bc_channel *channel)
{
    struct bc_channel_info info;
    return !bc_channel_program_info(channel, &info) || !info.video.present
        || bc_ts_has_codec(info.video.codec);
}

static enum bc_srt_reject
judge_channel(struct bc_hub *hub, const char *name, const char **why)
{
    struct bc_channel *channel = bc_hub_find(hub, name);
    enum bc_srt_reject answer = BC_SRT_ACCEPT;
    if (!bc_hub_is_open(hub, name)) {
        *why = "this channel is closed";
        answer = BC_SRT_FORBIDDEN;
    } else if (channel && !bc_channel_has_room(channel)) {
        *why = "this channel has as many viewers as it may have";
        answer = BC_SRT_OVERLOAD;
    } else if ((!channel || !bc_channel_is_playable(channel)) && bc_hub_want(hub, name, "")) {
        // Perhaps it comes; there is no waiting here.
    } else if (!channel || !bc_channel_is_playable(channel)) {
        *why = "this channel is not live";
        answer = BC_SRT_NOT_FOUND;
    } else if (!is_carried(channel)) {
        *why = "a transport stream cannot carry its codec";
        answer = BC_SRT_UNACCEPTABLE;
    }
    bc_channel_unref(&channel);
    return answer;
}

enum bc_srt_reject
bc_srt_egress_admit(struct bc_hub *hub, const struct bc_keys *keys,
    const struct bc_srt_hello *hello, const char **why)
{
    const struct bc_srt_streamid *id = &hello->id;
    struct bc_config *config = bc_hub_config(hub);
    bool allowed = bc_keys_play_check(keys, config, id->channel, id->key);
    bc_config_unref(&config);
    if (!allowed) {
        *why = id->key[0] ? "wrong key" : "no key";
        return id->key[0] ? BC_SRT_FORBIDDEN : BC_SRT_UNAUTHORISED;
    }
    return judge_channel(hub, id->channel, why);
}

// --- one viewer ---

static void
count_line(struct srt_viewer *v)
{
    struct bc_srt_stats st;
    bc_srt_conn_stats(v->conn, &st);
    struct bc_line_stats more = { .packets = st.packets - v->told.packets,
        .lost = st.lost - v->told.lost,
        .retransmitted = st.retransmitted - v->told.retransmitted,
        .dropped = st.dropped - v->told.dropped };
    v->told = (struct bc_line_stats){ .packets = st.packets, .lost = st.lost,
        .retransmitted = st.retransmitted, .dropped = st.dropped };
    bc_channel_count_line(v->channel, &more);
}

static void
destroy(struct srt_viewer *v, const char *reason)
{
    struct bc_viewer_stats stats;
    bc_viewer_stats(v->viewer, &stats);
    count_line(v);
    bc_info(&v->log, "viewer left after %.1f s: %s (%llu bytes, %u skips, %llu lost)",
        (double)(bc_clock_us() - v->began_us) / 1e6, reason,
        (unsigned long long)stats.bytes, stats.skips,
        (unsigned long long)v->told.lost);
    bc_timer_cancel(&v->timer);
    bc_viewer_destroy(v->viewer);
    bc_srt_conn_close(v->conn, reason);
    bc_channel_count_viewer(v->channel, BC_PROTOCOL_SRT, -1);
    bc_channel_unref(&v->channel);
    free(v);
}

static void
on_end(void *user)
{
    destroy(user, "the broadcast ended");
}

static void
on_sink_closed(void *user, const char *reason)
{
    destroy(user, reason);
}

static const struct bc_viewer_ops VIEWER_OPS = { on_end, on_sink_closed };

static void
on_data(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    // Who watches has nothing to send.
    (void)user;
    (void)data;
    (void)len;
    (void)now_us;
}

static void
on_conn_closed(void *user, const char *reason)
{
    destroy(user, reason);
}

static const struct bc_srt_conn_ops CONN_OPS = { on_data, on_conn_closed };

static void
on_timer(struct bc_timer *timer)
{
    struct srt_viewer *v = bc_container_of(timer, struct srt_viewer, timer);
    if (!is_carried(v->channel)) {
        destroy(v, "a transport stream cannot carry the channel's codec");
        return;
    }
    count_line(v);
    bc_timer_set(&v->timer, LOOK_US);
}

static bool
open_viewer(struct srt_viewer *v, struct bc_srt_egress *egress)
{
    struct bc_viewer_params params = { .windows = egress->windows, .channel = v->channel,
        .key = { .format = BC_FEED_TS }, .sink = bc_srt_conn_sink(v->conn),
        .from_gop = true, .ops = &VIEWER_OPS, .user = v };
    v->viewer = bc_viewer_create(&params);
    return v->viewer != NULL;
}

static void
serve(struct bc_srt_egress *egress, struct bc_srt_conn *conn, struct bc_channel *channel)
{
    struct srt_viewer *v = calloc(1, sizeof(*v));
    if (!v) {
        bc_srt_conn_close(conn, "no memory");
        return;
    }
    v->conn = conn;
    v->began_us = bc_clock_us();
    v->channel = bc_channel_ref(channel);
    if (!open_viewer(v, egress)) {
        bc_channel_unref(&v->channel);
        bc_srt_conn_close(conn, "no memory");
        free(v);
        return;
    }
    bc_srt_conn_open(conn, &CONN_OPS, v);
    bc_timer_init(&v->timer, egress->worker, on_timer);
    bc_timer_set(&v->timer, LOOK_US);
    bc_logger_init(&v->log, bc_channel_logger(v->channel), "srt %s",
        bc_srt_conn_peer(conn));
    bc_channel_count_viewer(v->channel, BC_PROTOCOL_SRT, 1);
    bc_debug(&v->log, "viewer came");
}

// --- a viewer whose channel is pulled only now ---

// Frees itself when there is something to play, or nothing came, or the caller left.
struct first_caller {
    struct bc_hub_wait wait;
    struct bc_srt_egress *egress; // borrowed
    struct bc_srt_conn *conn;     // owned
};

static void
on_wait_done(struct bc_hub_wait *wait, struct bc_channel *channel)
{
    struct first_caller *f = bc_container_of(wait, struct first_caller, wait);
    if (channel && is_carried(channel)) {
        serve(f->egress, f->conn, channel);
    } else {
        bc_srt_conn_close(f->conn, channel ? "a transport stream cannot carry its codec"
                                           : "the channel is not live");
    }
    free(f);
}

static void
on_caller_closed(void *user, const char *reason)
{
    struct first_caller *f = user;
    bc_hub_wait_cancel(&f->wait);
    bc_srt_conn_close(f->conn, reason);
    free(f);
}

static const struct bc_srt_conn_ops CALLER_OPS = { on_data, on_caller_closed };

static void
wait_for_it(struct bc_srt_egress *egress, struct bc_srt_conn *conn, const char *name)
{
    struct first_caller *f = calloc(1, sizeof(*f));
    if (f) {
        f->egress = egress;
        f->conn = conn;
        f->wait.done = on_wait_done;
    }
    if (!f || !bc_hub_wait(egress->hub, name, egress->worker, &f->wait)) {
        bc_srt_conn_close(conn, "the channel is not live");
        free(f);
        return;
    }
    bc_srt_conn_open(conn, &CALLER_OPS, f);
}

void
bc_srt_egress_serve(struct bc_srt_egress *egress, struct bc_srt_conn *conn)
{
    const char *name = bc_srt_conn_id(conn)->channel;
    struct bc_channel *channel = bc_hub_find(egress->hub, name);
    if (channel && bc_channel_is_playable(channel)) {
        serve(egress, conn, channel);
    } else {
        wait_for_it(egress, conn, name);
    }
    bc_channel_unref(&channel);
}
