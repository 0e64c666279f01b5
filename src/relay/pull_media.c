// SPDX-License-Identifier: Apache-2.0
// Files, and streams of other servers by RTMP, HTTP-FLV, HLS and RTSP: an input's packets
// become takes.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "input.h"
#include "input_read.h"
#include "kind.h"
#include "net/timer.h"
#include "net/worker.h"
#include "origin.h"
#include "relay_internal.h"
#include "stream/hub.h"
#include "stream/take.h"
#include "stream/via.h"

#define PAUSE_FIRST_S 1
#define PAUSE_MAX_S 30
// Media for so long says that the source is well.
#define STEADY_US 10000000
#define LOOK_US 1000000
#define PENDING 256

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct relay_media {
    struct bc_relay_params params; // its strings are owned
    struct relay_input *input;     // owned; NULL between attempts and while standing by
    struct bc_take *take;          // owned; from the first packet on
    bool accepted;
    struct bc_packet *pending[PENDING]; // owned; until the take is accepted
    unsigned pending_count;
    struct bc_timer timer; // the next attempt
    struct bc_timer look;  // once a second of an attempt
    int64_t asked_us;      // the take, 0: not
    int64_t began_us;      // the attempt
    int64_t media_us;      // its first packet, 0: none
    int64_t last_us;       // its newest
    unsigned pause_s;
    struct bc_relay_status status;
    struct bc_logger log;
    struct bc_task free_task;
};

static const struct relay_input_ops INPUT_OPS;

// --- the end of an attempt ---

static void
drop_pending(struct relay_media *m)
{
    for (unsigned i = 0; i < m->pending_count; i++) {
        bc_packet_unref(&m->pending[i]);
    }
    m->pending_count = 0;
}

static void
stop_input(struct relay_media *m)
{
    if (m->input) {
        uint64_t dropped = relay_input_dropped(m->input);
        m->status.dropped += dropped;
        if (dropped > 0) {
            bc_warn(&m->log, "%llu packets were dropped as the server did not keep up",
                (unsigned long long)dropped);
        }
        relay_input_stop(m->input);
        m->input = NULL;
    }
    drop_pending(m);
}

static void
end_attempt(struct relay_media *m, bool clean, const char *reason)
{
    bc_timer_cancel(&m->look);
    stop_input(m);
    if (m->take) {
        bc_take_close(m->take, clean, reason);
        m->take = NULL;
    }
    m->accepted = false;
    m->asked_us = 0;
}

// 0.8 to 1.2 of it, so that what failed together does not come back together.
static int64_t
with_jitter(const struct relay_media *m, unsigned s)
{
    uint64_t x = (uint64_t)bc_clock_us() ^ (uint64_t)(uintptr_t)m;
    x *= 0x9e3779b97f4a7c15u;
    return (int64_t)s * (800000 + (int64_t)((x >> 40) % 400000));
}

static void
end_and_retry(struct relay_media *m, const char *reason)
{
    char why[sizeof(m->status.error)];
    snprintf(why, sizeof(why), "%s", reason);
    bool steady = m->media_us && bc_clock_us() - m->media_us > STEADY_US;
    end_attempt(m, false, why);
    unsigned s = steady ? PAUSE_FIRST_S : m->pause_s;
    m->pause_s = 2 * s < PAUSE_MAX_S ? 2 * s : PAUSE_MAX_S;
    memcpy(m->status.error, why, sizeof(why));
    m->status.state = BC_RELAY_WAITING;
    bc_info(&m->log, "%s; again in %u s", why, s);
    bc_timer_set(&m->timer, with_jitter(m, s));
}

// --- the take ---

static void
start_input(struct relay_media *m)
{
    const struct bc_relay_params *p = &m->params;
    char via[BC_VIA_TEXT];
    bc_via_extend(p->hub, NULL, via);
    struct relay_input_params params = { .inputs = p->relay->inputs, .worker = p->worker,
        .url = p->url, .media_dir = p->relay->media_dir,
        .allow_private = p->relay->allow_private, .loop = p->loop,
        .start_at_us = p->start_at_us, .via = via, .ops = &INPUT_OPS, .user = m };
    m->status.attempts++;
    m->status.state = BC_RELAY_CONNECTING;
    m->began_us = bc_clock_us();
    m->media_us = 0;
    m->input = relay_input_start(&params);
    if (!m->input) {
        end_and_retry(m, errno == EAGAIN ? "there are as many inputs as may be "
                                           "(relay.max_inputs)"
                                         : "no memory");
        return;
    }
    bc_timer_set(&m->look, LOOK_US);
}

static void
push(struct relay_media *m, struct bc_packet *packet)
{
    if (packet->len == 0) {
        bc_take_set_track(m->take, packet->track);
        bc_packet_unref(&packet);
    } else {
        bc_take_push(m->take, packet);
    }
}

static void
on_accepted(void *user)
{
    struct relay_media *m = user;
    m->accepted = true;
    if (!m->input) {
        bc_info(&m->log, "the channel is free again");
        start_input(m); // it stood by
        return;
    }
    for (unsigned i = 0; i < m->pending_count; i++) {
        push(m, m->pending[i]);
    }
    m->pending_count = 0;
    bc_take_flush(m->take);
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

static const char *
protocol_of(const char *url)
{
    switch (input_kind_of(url)) {
    case INPUT_FILE:
        return "file";
    case INPUT_RTMP:
        return "rtmp";
    case INPUT_RTSP:
        return "rtsp";
    case INPUT_HTTP:
    case INPUT_NONE:
        break;
    }
    return "http";
}

static void
open_take(struct relay_media *m)
{
    char peer[256];
    const struct bc_relay_params *p = &m->params;
    relay_origin_text(p->url, peer, sizeof(peer));
    struct bc_take_params params = { .hub = p->hub, .worker = p->worker,
        .channel = p->channel, .credential = relay_origin_credential(p->url),
        .protocol = protocol_of(p->url), .peer = peer, .peer_ip = "", .encoder = "relay",
        .input = p->url, .ops = &TAKE_OPS, .user = m,
        .upstream = m->input ? relay_input_upstream(m->input) : NULL };
    m->asked_us = bc_clock_us();
    m->take = bc_take_open(&params);
    if (!m->take) {
        end_and_retry(m, "no room for another channel");
    }
}

// --- the input ---

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct relay_media *m = user;
    m->last_us = bc_clock_us();
    if (!m->media_us) {
        m->media_us = m->last_us;
        m->status.state = BC_RELAY_CONNECTED;
        m->status.error[0] = '\0';
        bc_info(&m->log, "media comes");
    }
    if (!m->take) {
        open_take(m);
    }
    if (m->accepted) {
        push(m, packet);
    } else if (m->take && m->pending_count < PENDING) {
        m->pending[m->pending_count++] = packet;
    } else {
        bc_packet_unref(&packet);
    }
}

static void
on_batch_end(void *user)
{
    struct relay_media *m = user;
    if (m->accepted) {
        bc_take_flush(m->take);
    }
}

static void
on_ended(void *user, const char *error)
{
    struct relay_media *m = user;
    if (error[0] || input_kind_of(m->params.url) != INPUT_FILE) {
        end_and_retry(m, error[0] ? error : "the source ended");
        return;
    }
    bc_info(&m->log, "played to its end");
    end_attempt(m, true, "the file is over");
    m->status.state = BC_RELAY_ENDED;
}

static const struct relay_input_ops INPUT_OPS = { on_packet, on_batch_end, on_ended };

// A host has the channel: its media is not needed until that one leaves.
static void
stand_by(struct relay_media *m)
{
    stop_input(m);
    bc_info(&m->log, "stands by while a host feeds the channel");
    m->status.state = BC_RELAY_WAITING;
    snprintf(m->status.error, sizeof(m->status.error), "a host feeds the channel");
}

static void
on_look(struct bc_timer *timer)
{
    struct relay_media *m = bc_container_of(timer, struct relay_media, look);
    struct bc_config *config = bc_hub_config(m->params.hub);
    int64_t idle_us = config->stream.idle_timeout_s * 1000000;
    int64_t first_us = config->stream.first_packet_timeout_s * 1000000;
    bc_config_unref(&config);
    int64_t now = bc_clock_us();
    if (m->take && !m->accepted && now - m->asked_us > LOOK_US) {
        stand_by(m);
    } else if (m->media_us && now - m->last_us > idle_us) {
        end_and_retry(m, "the source is silent");
    } else if (!m->media_us && now - m->began_us > first_us) {
        end_and_retry(m, "no media comes");
    } else {
        bc_timer_set(&m->look, LOOK_US);
    }
}

static void
on_timer(struct bc_timer *timer)
{
    start_input(bc_container_of(timer, struct relay_media, timer));
}

// --- life ---

bool
relay_media_claims(const char *url)
{
    static const char *const ENDS[] = { ".flv", ".m3u8", ".ts", ".mp4", ".m4a", ".mov",
        ".mkv", ".webm", ".mp3", ".aac", ".ogg", ".flac" };
    enum input_kind kind = input_kind_of(url);
    if (kind != INPUT_HTTP) {
        return kind != INPUT_NONE;
    }
    size_t len = strcspn(url, "?");
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        size_t n = strlen(ENDS[i]);
        if (len > n && strncasecmp(url + len - n, ENDS[i], n) == 0) {
            return true;
        }
    }
    return false;
}

static void
free_media(struct relay_media *m)
{
    free((char *)m->params.channel);
    free((char *)m->params.url);
    free(m);
}

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free_media(bc_container_of(task, struct relay_media, free_task));
}

static void *
media_start(const struct bc_relay_params *params)
{
    struct relay_media *m = calloc(1, sizeof(*m));
    if (!m) {
        return NULL;
    }
    m->params = *params;
    m->params.channel = strdup(params->channel);
    m->params.url = strdup(params->url);
    m->pause_s = PAUSE_FIRST_S;
    m->status.state = BC_RELAY_WAITING;
    bc_list_init(&m->free_task.node);
    m->free_task.run = run_free;
    bc_logger_init(&m->log, NULL, "input %.40s", params->channel);
    bc_timer_init(&m->timer, params->worker, on_timer);
    bc_timer_init(&m->look, params->worker, on_look);
    if (!m->params.channel || !m->params.url || bc_timer_set(&m->timer, 0) != 0) {
        free_media(m);
        return NULL;
    }
    return m;
}

static void
media_stop(void *relay)
{
    struct relay_media *m = relay;
    bc_timer_cancel(&m->timer);
    end_attempt(m, false, "stopped");
    bc_worker_defer(m->params.worker, &m->free_task);
}

static void
media_status(const void *relay, struct bc_relay_status *out)
{
    const struct relay_media *m = relay;
    *out = m->status;
    if (m->input) {
        out->dropped += relay_input_dropped(m->input);
    }
}

const struct relay_kind RELAY_MEDIA_PULL
    = { { NULL }, media_start, media_stop, media_status };
