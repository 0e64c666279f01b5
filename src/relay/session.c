// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/worker.h"

struct relay_session {
    struct relay_session_params params;
    struct relay_agent *agent;    // owned
    struct bc_peer *peer;         // owned; NULL before there are candidates
    struct relay_http_call *call; // owned; NULL when none runs
    struct bc_sdp *answer;        // owned; until the session goes on
    struct bc_sdp_session agreed;
    char resource[RELAY_HTTP_URL_MAX]; // to be deleted; "": none
    bool closed;
    struct bc_task free_task;
};

// --- the end ---

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free(bc_container_of(task, struct relay_session, free_task));
}

// RFC 9725 4.2. The secret goes to the endpoint's origin only.
static void
delete_resource(struct relay_session *s)
{
    if (!s->resource[0]) {
        return;
    }
    bool same = relay_http_same_origin(s->resource, s->params.url);
    struct relay_http_params params = { .method = "DELETE", .url = s->resource,
        .bearer = same ? s->params.bearer : NULL, .guarded = s->params.guarded };
    relay_http_start(s->params.relay->http, &params);
}

static void
drop_agent(struct relay_session *s)
{
    relay_agent_destroy(s->agent);
    s->agent = NULL;
}

static void
release(struct relay_session *s, const char *reason, bool close_peer)
{
    s->closed = true;
    relay_http_cancel(s->call);
    s->call = NULL;
    if (s->resource[0]) {
        // DTLS's close_notify would overtake the DELETE and look like a lost connection,
        // after which a channel waits for its host.
        drop_agent(s);
    }
    if (s->peer && close_peer) {
        bc_peer_close(s->peer, reason);
    }
    drop_agent(s);
    free(s->answer);
    s->answer = NULL;
    delete_resource(s);
    bc_worker_defer(s->params.worker, &s->free_task);
}

void
relay_session_close(struct relay_session *s, const char *reason)
{
    if (s && !s->closed) {
        release(s, reason, true);
    }
}

static void
fail(struct relay_session *s, const char *reason, unsigned retry_after_s)
{
    if (!s->closed) {
        release(s, reason, true);
        s->params.ops->on_closed(s->params.user, reason, retry_after_s);
    }
}

// --- the peer ---

static void
on_connected(void *user)
{
    struct relay_session *s = user;
    s->params.ops->on_connected(s->params.user);
}

static void
on_rtp(void *user, const struct bc_rtp_header *h, int64_t now_us)
{
    struct relay_session *s = user;
    s->params.ops->on_rtp(s->params.user, h, now_us);
}

static void
on_rtcp(void *user, const uint8_t *data, size_t len, int64_t now_us)
{
    struct relay_session *s = user;
    s->params.ops->on_rtcp(s->params.user, data, len, now_us);
}

static void
on_peer_batch_end(void *user)
{
    struct relay_session *s = user;
    s->params.ops->on_batch_end(s->params.user);
}

static void
on_peer_closed(void *user, bool clean, const char *reason)
{
    (void)clean;
    struct relay_session *s = user;
    if (!s->closed) {
        release(s, reason, false);
        s->params.ops->on_closed(s->params.user, reason, 0);
    }
}

static const struct bc_peer_ops PEER_OPS = {
    .on_connected = on_connected,
    .on_rtp = on_rtp,
    .on_rtcp = on_rtcp,
    .on_batch_end = on_peer_batch_end,
    .on_closed = on_peer_closed,
};

static uint8_t *
reserve(void *user, size_t len)
{
    struct relay_session *s = user;
    return s->agent ? relay_agent_reserve(s->agent, len) : NULL;
}

static void
commit(void *user, size_t len)
{
    struct relay_session *s = user;
    relay_agent_commit(s->agent, len);
}

// --- the answer ---

static void
keep_servers(struct relay_session *s, const struct relay_http_reply *reply)
{
    if (reply->server_count > 0) {
        memcpy(s->params.servers, reply->servers, sizeof(reply->servers));
        *s->params.server_count = reply->server_count;
    }
}

// False with a sentence.
static bool
read_answer(struct relay_session *s, const struct relay_http_reply *reply, char *error,
    size_t error_len)
{
    s->answer = malloc(sizeof(*s->answer));
    if (!s->answer) {
        snprintf(error, error_len, "no memory");
        return false;
    }
    return bc_sdp_parse((const char *)reply->body, reply->body_len, s->answer, error,
               error_len)
        == 0
        && bc_sdp_read_answer(
            s->answer, s->params.direction, &s->agreed, error, error_len);
}

static void
on_reply(void *user, const struct relay_http_reply *reply)
{
    struct relay_session *s = user;
    char error[256];
    s->call = NULL;
    if (reply->status != 201) {
        if (reply->status == 0) {
            snprintf(error, sizeof(error), "%s", reply->error);
        } else {
            snprintf(error, sizeof(error), "the endpoint answered %d", reply->status);
        }
        fail(s, error, reply->retry_after_s);
        return;
    }
    snprintf(s->resource, sizeof(s->resource), "%s", reply->location);
    keep_servers(s, reply);
    if (!read_answer(s, reply, error, sizeof(error))) {
        fail(s, error, 0);
        return;
    }
    s->params.ops->on_agreed(s->params.user, s->peer, &s->agreed);
}

bool
relay_session_proceed(struct relay_session *s)
{
    const char *candidates[BC_SDP_CANDIDATES_MAX];
    for (unsigned i = 0; i < s->answer->candidate_count; i++) {
        candidates[i] = s->answer->candidates[i].text;
    }
    struct relay_agent_remote remote = { s->answer->ufrag, s->answer->pwd, candidates,
        s->answer->candidate_count };
    bool ok = bc_peer_start(s->peer, s->answer, &s->agreed) == 0
        && relay_agent_set_remote(s->agent, &remote) == 0;
    free(s->answer);
    s->answer = NULL;
    return ok;
}

// --- the offer ---

static bool
post_offer(struct relay_session *s, const struct relay_agent_local *mine)
{
    struct bc_writer offer = { 0 };
    struct bc_sdp_local local = { .cname = bc_peer_id(s->peer) + 2,
        .video_ssrc = s->params.video_ssrc,
        .video_rtx_ssrc = s->params.video_rtx_ssrc,
        .audio_ssrc = s->params.audio_ssrc };
    bc_peer_local(s->peer, &local);
    local.ufrag = mine->ufrag;
    local.pwd = mine->pwd;
    local.candidates = (const char *const *)mine->candidates;
    local.candidate_count = mine->candidate_count;
    bc_sdp_write_offer(s->params.direction, s->params.video, s->params.video_count,
        s->params.audio, &local, &offer);
    struct relay_http_params params = { .method = "POST", .url = s->params.url,
        .bearer = s->params.bearer, .content_type = "application/sdp",
        .body = offer.data, .body_len = offer.len, .worker = s->params.worker,
        .guarded = s->params.guarded, .on_reply = on_reply, .user = s };
    s->call = offer.failed ? NULL : relay_http_start(s->params.relay->http, &params);
    bc_writer_finish(&offer);
    return s->call != NULL;
}

static void
on_gathered(void *user, const struct relay_agent_local *local)
{
    struct relay_session *s = user;
    struct bc_peer_transport transport = { reserve, commit, NULL, s };
    struct bc_peer_params params
        = { .ops = &PEER_OPS, .user = s, .log = s->params.log, .peer_ip = "" };
    s->peer = bc_peer_create_over(
        s->params.webrtc, s->params.worker, &transport, &params);
    if (!s->peer || !post_offer(s, local)) {
        fail(s, "no memory for the offer", 0);
    }
}

// --- the agent ---

static void
on_ready(void *user)
{
    struct relay_session *s = user;
    bc_peer_transport_ready(s->peer);
}

static void
on_data(void *user, uint8_t *data, size_t len)
{
    struct relay_session *s = user;
    if (s->peer) {
        bc_peer_input(s->peer, data, len, bc_clock_us());
    }
}

static void
on_batch_end(void *user)
{
    struct relay_session *s = user;
    if (s->peer) {
        bc_peer_input_end(s->peer);
    }
}

static void
on_writable(void *user)
{
    struct relay_session *s = user;
    if (bc_peer_is_connected(s->peer)) {
        s->params.ops->on_writable(s->params.user);
    }
}

static void
on_failed(void *user, const char *reason)
{
    fail(user, reason, 0);
}

static const struct relay_agent_ops AGENT_OPS
    = { on_gathered, on_ready, on_data, on_batch_end, on_writable, on_failed };

struct relay_session *
relay_session_start(const struct relay_session_params *params)
{
    struct relay_session *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    struct bc_relay *relay = params->relay;
    s->params = *params;
    bc_list_init(&s->free_task.node);
    s->free_task.run = run_free;
    struct relay_ice_server servers[RELAY_ICE_SERVERS_MAX];
    unsigned count = relay->server_count;
    memcpy(servers, relay->servers, sizeof(servers));
    for (unsigned i = 0; i < *params->server_count && count < RELAY_ICE_SERVERS_MAX;
         i++) {
        servers[count++] = params->servers[i];
    }
    struct relay_agent_params agent = { .nice = relay->nice, .worker = params->worker,
        .controlling = true, .servers = servers, .server_count = count,
        .local_address = relay->bind_address[0] ? relay->bind_address : NULL,
        .port_min = relay->port_min, .port_max = relay->port_max, .ops = &AGENT_OPS,
        .user = s };
    s->agent = relay_agent_create(&agent);
    if (!s->agent) {
        free(s);
        return NULL;
    }
    return s;
}
