// SPDX-License-Identifier: Apache-2.0
// Pushing by SRT: a channel's transport stream goes elsewhere.
#include <stdlib.h>

#include "container/mpegts.h"
#include "kind.h"
#include "net/worker.h"
#include "srt_link.h"
#include "stream/hub.h"
#include "transmux/viewer.h"

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct srt_push {
    struct relay_srt_link link;
    struct bc_channel *channel; // owned reference; of the attempt
    struct bc_viewer *viewer;   // owned; once it is connected
    struct bc_task free_task;
};

static struct srt_push *
from_link(struct relay_srt_link *link)
{
    return bc_container_of(link, struct srt_push, link);
}

static void
end_attempt(struct srt_push *push, const char *reason)
{
    bc_viewer_destroy(push->viewer);
    push->viewer = NULL;
    relay_srt_link_drop(&push->link, reason);
    bc_channel_unref(&push->channel);
}

static void
on_failed(struct relay_srt_link *link)
{
    end_attempt(from_link(link), "not connected");
}

static void
on_lost(void *user, const char *reason)
{
    struct srt_push *push = user;
    end_attempt(push, reason);
    relay_client_retry(&push->link.client, reason, 0);
}

static void
on_end(void *user)
{
    struct srt_push *push = user;
    end_attempt(push, "the broadcast ended");
    push->link.client.connected_us = 0;
    relay_client_wait(&push->link.client, "the channel is not live");
}

static const struct bc_viewer_ops VIEWER_OPS = { on_end, on_lost };

static void
on_data(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    // Who is pushed to has nothing to send.
    (void)user;
    (void)data;
    (void)len;
    (void)now_us;
}

static const struct bc_srt_conn_ops CONN_OPS = { on_data, on_lost };

static void
on_connected(struct relay_srt_link *link)
{
    struct srt_push *push = from_link(link);
    struct bc_viewer_params params = { .windows = link->client.params.viewers,
        .channel = push->channel, .key = { .format = BC_FEED_TS },
        .sink = bc_srt_conn_sink(link->conn), .from_gop = true, .ops = &VIEWER_OPS,
        .user = push };
    bc_srt_conn_open(link->conn, &CONN_OPS, push);
    push->viewer = bc_viewer_create(&params);
    if (!push->viewer) {
        on_lost(push, "no memory");
    }
}

// Why there is nothing to push; NULL: there is.
static const char *
look_at(const struct bc_channel *channel)
{
    struct bc_channel_info info;
    if (!channel || bc_channel_state(channel) == BC_CHANNEL_ENDED) {
        return "the channel is not live";
    }
    bc_channel_info(channel, &info);
    return info.video.present && !bc_ts_has_codec(info.video.codec)
        ? "a transport stream cannot carry the channel's codec"
        : NULL;
}

static void
attempt(struct relay_client *client)
{
    struct relay_srt_link *link = bc_container_of(client, struct relay_srt_link, client);
    struct srt_push *push = from_link(link);
    push->channel = bc_hub_find(client->params.hub, client->params.channel);
    const char *why = look_at(push->channel);
    if (why) {
        bc_channel_unref(&push->channel);
        relay_client_wait(client, why);
    } else {
        relay_srt_link_start(link);
    }
}

// --- life ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free(bc_container_of(task, struct srt_push, free_task));
}

static void *
start(const struct bc_relay_params *params)
{
    struct srt_push *push = calloc(1, sizeof(*push));
    if (!push) {
        return NULL;
    }
    bc_list_init(&push->free_task.node);
    push->free_task.run = run_free;
    push->link.guarded = !params->trusted;
    push->link.on_connected = on_connected;
    push->link.on_failed = on_failed;
    if (!relay_srt_link_init(&push->link, params, "push", attempt)) {
        free(push);
        return NULL;
    }
    return push;
}

static void
stop(void *relay)
{
    struct srt_push *push = relay;
    struct bc_worker *worker = push->link.client.params.worker;
    end_attempt(push, "stopped");
    relay_client_finish(&push->link.client, "stopped");
    bc_worker_defer(worker, &push->free_task);
}

static void
get_status(const void *relay, struct bc_relay_status *out)
{
    const struct srt_push *push = relay;
    *out = push->link.client.status;
}

const struct relay_kind RELAY_SRT_PUSH = { { "srt" }, start, stop, get_status };
