// SPDX-License-Identifier: Apache-2.0
// Pushing by RTMP and RTMPS: a channel as a host of another server.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address_guard.h"
#include "base/clock.h"
#include "client.h"
#include "input_url.h"
#include "kind.h"
#include "net/connect.h"
#include "net/resolve.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "net/worker.h"
#include "relay_internal.h"
#include "rtmp_out.h"
#include "stream/program.h"
#include "stream/wait.h"
#include "transmux/viewer.h"

#define LOOK_US 500000
// Until the target says that we may send.
#define PATIENCE_US 10000000
// A target that takes nothing for so long is left and tried anew.
#define STALLED_US 15000000
#define GOODBYE_US 500000
// What waits here for the target before the viewer's cursor does.
#define QUEUE_BYTES (128 * 1024)
#define QUEUE_MAX_BYTES (64u << 20) // one item may be as large as a keyframe
#define FOURCC_VIDEO (1u << BC_CODEC_AV1 | 1u << BC_CODEC_VP9 | 1u << BC_CODEC_VP8)
#define HOST_BYTES 256

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct rtmp_push {
    struct relay_client client; // knows the URL without secrets
    struct input_url url;
    char host[HOST_BYTES];
    uint16_t port;
    bool guarded; // only public addresses
    // Of the attempt.
    struct bc_channel *channel; // owned reference
    struct bc_resolving *resolving;
    struct bc_connecting *connecting;
    struct bc_tcp *tcp;          // owned; NULL once closed
    struct bc_rtmp_client *rtmp; // owned
    struct relay_rtmp_out out;
    struct bc_viewer *viewer; // owned; once the target lets us send
    struct bc_sink sink;      // the viewer's
    struct bc_timer look;
    int64_t began_us;
    uint64_t sent_bytes; // when it last took some
    int64_t sent_us;
    unsigned skips; // of the viewers before
    char refusal[160]; // what the target, or memory, said against it; ""
    struct bc_task free_task;
};

// --- the end of an attempt ---

static unsigned
skips_of(const struct rtmp_push *push)
{
    struct bc_viewer_stats stats = { 0 };
    if (push->viewer) {
        bc_viewer_stats(push->viewer, &stats);
    }
    return stats.skips;
}

static void
end_attempt(struct rtmp_push *push)
{
    push->skips += skips_of(push);
    bc_timer_cancel(&push->look);
    bc_resolve_cancel(push->resolving);
    push->resolving = NULL;
    bc_connect_cancel(push->connecting);
    push->connecting = NULL;
    bc_viewer_destroy(push->viewer);
    push->viewer = NULL;
    if (push->tcp && push->rtmp) {
        bc_rtmp_client_stop(push->rtmp);
    }
    if (push->tcp) {
        bc_tcp_finish(push->tcp, GOODBYE_US);
        push->tcp = NULL;
    }
    if (push->rtmp) {
        relay_rtmp_out_finish(&push->out);
        bc_rtmp_client_destroy(push->rtmp);
        push->rtmp = NULL;
    }
    bc_channel_unref(&push->channel);
}

static void
retry(struct rtmp_push *push, const char *why)
{
    char text[sizeof(push->client.status.error)];
    snprintf(text, sizeof(text), "%s", why);
    end_attempt(push);
    relay_client_retry(&push->client, text, 0);
}

// --- the viewer, and the way from it to the target ---

static void
on_viewer_end(void *user)
{
    struct rtmp_push *push = user;
    bc_info(&push->client.log, "the broadcast ended");
    end_attempt(push);
    push->client.connected_us = 0;
    relay_client_wait(&push->client, "the channel is not live");
}

static void
on_viewer_closed(void *user, const char *reason)
{
    retry(user, reason);
}

static const struct bc_viewer_ops VIEWER_OPS = { on_viewer_end, on_viewer_closed };

// Whole items, as the viewer may skip between them: those that follow wait with it.
static ssize_t
sink_writev(struct bc_sink *sink, const struct iovec *iov, int count)
{
    struct rtmp_push *push = bc_container_of(sink, struct rtmp_push, sink);
    ssize_t taken = 0;
    if (!push->tcp) {
        return -EPIPE;
    }
    for (int i = 0; i < count && bc_tcp_queued(push->tcp) < QUEUE_BYTES; i++) {
        if (relay_rtmp_out_feed(&push->out, iov[i].iov_base, iov[i].iov_len) < 0) {
            snprintf(push->refusal, sizeof(push->refusal), "no memory");
            bc_timer_set(&push->look, 0);
            return -EPIPE;
        }
        taken += (ssize_t)iov[i].iov_len;
    }
    if (bc_tcp_queued(push->tcp) > 0) {
        bc_tcp_want_write(push->tcp);
    }
    return taken;
}

static void
sink_close(struct bc_sink *sink, const char *reason)
{
    (void)sink;
    (void)reason; // the attempt's end closes it
}

static void
sink_finish(struct bc_sink *sink)
{
    (void)sink;
}

static const struct bc_sink_ops SINK_OPS = { sink_writev, sink_close, sink_finish };

// Why the target would not understand the video; NULL: it would. HEVC has an older form, but
// who knows it is not known.
static const char *
codec_problem(struct rtmp_push *push, char *out, size_t size)
{
    struct bc_channel_info info;
    struct bc_channel *program = bc_channel_program(push->channel);
    uint32_t codecs = bc_rtmp_client_caps(push->rtmp).codecs;
    if (!program) {
        return NULL;
    }
    bc_channel_info(program, &info);
    bc_channel_unref(&program);
    enum bc_codec codec = info.video.present ? info.video.codec : BC_CODEC_AVC;
    if (codec == BC_CODEC_AVC || codecs & 1u << codec) {
        return NULL;
    }
    snprintf(out, size, "the target does not take %s (Enhanced RTMP's fourCcList)",
        bc_codec_name(codec));
    return out;
}

// --- the protocol ---

static void
on_send(void *user, const void *data, size_t len)
{
    struct rtmp_push *push = user;
    if (push->tcp) {
        bc_tcp_send(push->tcp, data, len);
    }
}

static void
on_started(void *user)
{
    struct rtmp_push *push = user;
    // The viewer begins with the next look or at once: not inside the client's own call.
    relay_client_connected(&push->client);
    bc_timer_set(&push->look, 0);
}

static void
on_status(void *user, bool is_error, const char *code, const char *description)
{
    struct rtmp_push *push = user;
    if (is_error) {
        snprintf(push->refusal, sizeof(push->refusal), "the target says %.40s: %.90s", code,
            description);
        bc_timer_set(&push->look, 0);
    }
}

static const struct bc_rtmp_client_callbacks CALLBACKS
    = { on_send, on_started, NULL, on_status };

static void
start_viewer(struct rtmp_push *push)
{
    char problem[128];
    const char *why = codec_problem(push, problem, sizeof(problem));
    if (why) {
        retry(push, why);
        return;
    }
    uint32_t codecs = bc_rtmp_client_caps(push->rtmp).codecs;
    struct bc_viewer_params params = { .windows = push->client.params.viewers,
        .channel = push->channel,
        .key = { .format = BC_FEED_RTMP,
            .hevc = BC_FLV_HEVC_ENHANCED,
            .fourccs = codecs & FOURCC_VIDEO },
        .sink = &push->sink, .from_gop = true, .ops = &VIEWER_OPS, .user = push };
    push->sent_us = bc_clock_us();
    push->viewer = bc_viewer_create(&params);
    if (!push->viewer) {
        retry(push, "no memory");
    }
}

// Whether the target has taken nothing of what waits for it.
static bool
is_stalled(struct rtmp_push *push, int64_t now)
{
    uint64_t sent = bc_tcp_bytes_out(push->tcp);
    if (sent != push->sent_bytes || bc_tcp_queued(push->tcp) == 0) {
        push->sent_bytes = sent;
        push->sent_us = now;
    }
    return now - push->sent_us > STALLED_US;
}

static void
on_look(struct bc_timer *timer)
{
    struct rtmp_push *push = bc_container_of(timer, struct rtmp_push, look);
    int64_t now = bc_clock_us();
    char problem[128];
    const char *why = NULL;
    if (push->refusal[0]) {
        why = push->refusal;
    } else if (push->client.status.state != BC_RELAY_CONNECTED) {
        why = now - push->began_us > PATIENCE_US ? "the target does not answer" : NULL;
    } else if (!push->viewer) {
        start_viewer(push);
        if (!push->viewer) {
            return;
        }
    } else if (is_stalled(push, now)) {
        why = "the target takes nothing";
    } else {
        why = codec_problem(push, problem, sizeof(problem));
    }
    if (why) {
        retry(push, why);
    } else {
        bc_timer_set(&push->look, LOOK_US);
    }
}

// --- the connection ---

static void
on_data(void *user, const uint8_t *data, size_t len)
{
    struct rtmp_push *push = user;
    if (bc_rtmp_client_input(push->rtmp, data, len) != 0) {
        retry(push, bc_rtmp_client_reason(push->rtmp));
    }
}

static void
on_writable(void *user)
{
    struct rtmp_push *push = user;
    if (push->sink.on_writable) {
        push->sink.on_writable(push->sink.user);
    }
}

static void
on_closed(void *user, const char *reason)
{
    struct rtmp_push *push = user;
    push->tcp = NULL;
    retry(push, push->refusal[0] ? push->refusal : reason);
}

static const struct bc_tcp_ops TCP_OPS = { on_data, on_writable, on_closed };

static bool
start_rtmp(struct rtmp_push *push)
{
    char tc_url[INPUT_URL_MAX + 512];
    const struct input_url *u = &push->url;
    snprintf(tc_url, sizeof(tc_url), "%s://%s/%s", u->tls ? "rtmps" : "rtmp",
        u->authority, u->app);
    struct bc_rtmp_client_params params = { .publish = true, .app = u->app,
        .stream = u->stream, .tc_url = tc_url,
        .codecs = 1u << BC_CODEC_HEVC | FOURCC_VIDEO };
    push->rtmp = bc_rtmp_client_create(&params, &CALLBACKS, push);
    if (!push->rtmp) {
        return false;
    }
    relay_rtmp_out_init(&push->out, push->rtmp);
    return bc_rtmp_client_start(push->rtmp) == 0;
}

static void
on_connect(void *user, int fd, const char *why)
{
    struct rtmp_push *push = user;
    push->connecting = NULL;
    if (fd < 0) {
        retry(push, why);
        return;
    }
    struct bc_tls_context *tls = push->url.tls ? push->client.params.relay->tls : NULL;
    struct bc_tcp_params params = { .worker = push->client.params.worker, .fd = fd,
        .security = tls ? BC_TCP_TLS_CLIENT : BC_TCP_PLAIN, .tls = tls,
        .server = push->host, .ops = &TCP_OPS, .user = push,
        .queue_max_bytes = QUEUE_MAX_BYTES };
    push->tcp = bc_tcp_create(&params);
    if (!push->tcp || !start_rtmp(push)) {
        retry(push, "no memory");
    }
}

static void
on_address(void *user, const struct sockaddr *address, const char *why)
{
    struct rtmp_push *push = user;
    push->resolving = NULL;
    if (!address) {
        retry(push, why);
        return;
    }
    if (push->guarded && !relay_address_is_public(address)) {
        retry(push, "the address is not public (relay.allow_private)");
        return;
    }
    push->connecting = bc_connect(
        push->client.params.worker, address, push->port, on_connect, push);
    if (!push->connecting) {
        retry(push, "no memory");
    }
}

static void
attempt(struct relay_client *client)
{
    struct rtmp_push *push = bc_container_of(client, struct rtmp_push, client);
    push->channel = bc_hub_find(client->params.hub, client->params.channel);
    if (!push->channel || !bc_channel_is_playable(push->channel)) {
        bc_channel_unref(&push->channel);
        relay_client_wait(client, "the channel is not live");
        return;
    }
    client->status.attempts++;
    client->status.state = BC_RELAY_CONNECTING;
    push->refusal[0] = '\0';
    push->began_us = bc_clock_us();
    bc_timer_set(&push->look, LOOK_US);
    push->resolving = bc_resolve(client->params.worker, push->host, on_address, push);
    if (!push->resolving) {
        retry(push, "no memory");
    }
}

// --- life ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free(bc_container_of(task, struct rtmp_push, free_task));
}

// The authority always has a port.
static bool
split_authority(struct rtmp_push *push)
{
    const char *a = push->url.authority;
    const char *colon = strrchr(a, ':');
    bool v6 = a[0] == '[';
    size_t len = (size_t)(colon - a) - (v6 ? 2 : 0);
    unsigned long port = strtoul(colon + 1, NULL, 10);
    if (len == 0 || len >= sizeof(push->host) || port == 0 || port > UINT16_MAX
        || strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return false;
    }
    memcpy(push->host, a + (v6 ? 1 : 0), len);
    push->port = (uint16_t)port;
    return true;
}

static void *
start(const struct bc_relay_params *params)
{
    struct rtmp_push *push = calloc(1, sizeof(*push));
    char shown[BC_RELAY_SHOWN_BYTES];
    if (!push || !input_url_parse(params->url, &push->url) || !push->url.app[0]
        || !push->url.stream[0] || !split_authority(push)) {
        bc_warn(NULL, "push to %.40s: the URL must be rtmp://HOST/APP/STREAM",
            params->channel);
        free(push);
        return NULL;
    }
    // What is logged from here on has no secrets.
    struct bc_relay_params p = *params;
    bc_relay_show_url(params->url, true, shown, sizeof(shown));
    p.url = shown;
    push->guarded = !params->trusted && !params->relay->allow_private;
    push->sink.ops = &SINK_OPS;
    bc_list_init(&push->free_task.node);
    push->free_task.run = run_free;
    bc_timer_init(&push->look, params->worker, on_look);
    if (!relay_client_init(&push->client, &p, "push", attempt)) {
        free(push);
        return NULL;
    }
    return push;
}

static void
stop(void *relay)
{
    struct rtmp_push *push = relay;
    struct bc_worker *worker = push->client.params.worker;
    end_attempt(push);
    relay_client_finish(&push->client, "stopped");
    bc_worker_defer(worker, &push->free_task);
}

static void
get_status(const void *relay, struct bc_relay_status *out)
{
    const struct rtmp_push *push = relay;
    *out = push->client.status;
    out->dropped = push->skips + skips_of(push);
}

const struct relay_kind RELAY_RTMP_PUSH = { { "rtmp", "rtmps" }, start, stop, get_status };
