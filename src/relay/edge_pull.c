// SPDX-License-Identifier: Apache-2.0
// A channel of an edge: pulled from the first origin that has it, and from the next one when
// that fails.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "input.h"
#include "input_take.h"
#include "kind.h"
#include "net/timer.h"
#include "net/worker.h"
#include "origin.h"
#include "relay_internal.h"
#include "stream/via.h"

// An origin that sends nothing for so long is left for the next one. Its own channel may
// wait for a host, so there is no shorter way to tell.
#define SILENT_US 5000000
#define LOOK_US 500000
// Between two rounds over all origins, once there was media.
#define PAUSE_FIRST_US 250000
#define PAUSE_MAX_US 2000000
// A take outlives its media so long that the next origin goes on in it without a word.
#define LINGER_US 1000000

// Owned by who started it; one worker; freed at the end of the turn in which it stops.
struct edge_pull {
    struct bc_relay_params params; // its strings are owned
    char via[BC_VIA_TEXT];
    char *urls[BC_CONFIG_MAX_ORIGINS]; // owned
    size_t count;
    size_t current;
    size_t asked;     // origins since the last media
    bool had_media;   // ever
    bool ended_clean; // the last media ended as a broadcast does
    bool all_refused; // those asked since then
    struct relay_input *input; // owned; NULL between attempts
    struct relay_take take;
    struct bc_timer timer; // the next attempt
    struct bc_timer look;
    int64_t pause_us;
    int64_t began_us; // the attempt
    int64_t last_us;  // its newest packet; 0: none
    int64_t lost_us;  // when media ended; 0: it comes
    struct bc_relay_status status;
    struct bc_logger log;
    struct bc_task free_task;
};

static const struct relay_input_ops INPUT_OPS;

static void
finish(struct edge_pull *e, bool clean, const char *reason)
{
    bc_timer_cancel(&e->timer);
    bc_timer_cancel(&e->look);
    relay_input_stop(e->input);
    e->input = NULL;
    relay_take_close(&e->take, clean, reason);
    e->status.state = BC_RELAY_ENDED;
}

// --- attempts ---

static void
attempt(struct edge_pull *e)
{
    const struct bc_relay_params *p = &e->params;
    struct relay_input_params params = { .inputs = p->relay->inputs, .worker = p->worker,
        .url = e->urls[e->current], .media_dir = "", .allow_private = true, .via = e->via,
        .ops = &INPUT_OPS, .user = e };
    e->status.attempts++;
    e->status.state = BC_RELAY_CONNECTING;
    e->began_us = bc_clock_us();
    e->last_us = 0;
    e->input = relay_input_start(&params);
    if (!e->input) {
        snprintf(e->status.error, sizeof(e->status.error), "%s",
            errno == EAGAIN ? "there are as many inputs as may be (relay.max_inputs)"
                            : "no memory");
        bc_warn(&e->log, "%s", e->status.error);
        finish(e, false, e->status.error);
    }
}

static void
on_timer(struct bc_timer *timer)
{
    attempt(bc_container_of(timer, struct edge_pull, timer));
}

// All origins were asked since there was media.
static void
end_round(struct edge_pull *e)
{
    if (!e->had_media) {
        finish(e, false, e->status.error);
    } else if (e->ended_clean && e->all_refused) {
        finish(e, true, "the broadcast ended");
    } else {
        e->asked = 0;
        e->all_refused = true;
        e->status.state = BC_RELAY_WAITING;
        bc_timer_set(&e->timer, e->pause_us);
        e->pause_us = 2 * e->pause_us < PAUSE_MAX_US ? 2 * e->pause_us : PAUSE_MAX_US;
    }
}

// The current origin failed, was silent or came to its end: `clean`.
static void
give_up_origin(struct edge_pull *e, const char *why, bool clean, bool refused)
{
    char text[sizeof(e->status.error)];
    snprintf(text, sizeof(text), "%s", why);
    relay_input_stop(e->input);
    e->input = NULL;
    memcpy(e->status.error, text, sizeof(text));
    char origin[256];
    relay_origin_text(e->urls[e->current], origin, sizeof(origin));
    if (e->last_us) {
        bc_info(&e->log, "%s: %s", origin, text);
        e->lost_us = bc_clock_us();
        e->ended_clean = clean;
        e->asked = 0;
        e->all_refused = true;
        e->pause_us = PAUSE_FIRST_US;
    } else {
        bc_debug(&e->log, "%s: %s", origin, text);
        e->asked++;
        e->all_refused = e->all_refused && refused;
    }
    e->current = (e->current + 1) % e->count;
    if (e->asked >= e->count) {
        end_round(e);
    } else {
        bc_timer_set(&e->timer, 0);
    }
}

// --- the input ---

static void
on_lost(void *user, const char *reason)
{
    struct edge_pull *e = user;
    snprintf(e->status.error, sizeof(e->status.error), "%s", reason);
    bc_info(&e->log, "%s", reason);
    finish(e, false, reason);
}

// Media comes, from this origin as the first or as the next one.
static void
begin_media(struct edge_pull *e)
{
    char peer[256];
    const struct bc_relay_params *p = &e->params;
    relay_origin_text(e->urls[e->current], peer, sizeof(peer));
    bc_info(&e->log, "media comes from %s", peer);
    relay_take_close(&e->take, false, "another origin goes on");
    struct bc_take_params params = { .hub = p->hub, .worker = p->worker,
        .channel = p->channel, .credential = relay_origin_credential(p->channel),
        .protocol = strncmp(peer, "rtmp", 4) == 0 ? "rtmp" : "http", .peer = peer,
        .peer_ip = "", .encoder = "edge", .input = e->urls[e->current],
        .upstream = e->input ? relay_input_upstream(e->input) : NULL };
    e->had_media = true;
    e->lost_us = 0;
    e->asked = 0;
    e->all_refused = true;
    e->status.state = BC_RELAY_CONNECTED;
    e->status.error[0] = '\0';
    if (!relay_take_open(&e->take, &params)) {
        on_lost(e, "no room for another channel");
    }
}

static void
on_packet(void *user, struct bc_packet *packet)
{
    struct edge_pull *e = user;
    bool first = e->last_us == 0;
    e->last_us = bc_clock_us();
    if (first) {
        begin_media(e);
    }
    relay_take_push(&e->take, packet);
}

static void
on_batch_end(void *user)
{
    struct edge_pull *e = user;
    relay_take_flush(&e->take);
}

static void
on_ended(void *user, const char *error)
{
    struct edge_pull *e = user;
    give_up_origin(e, error[0] ? error : "the stream ended", error[0] == '\0',
        relay_input_was_refused(e->input));
}

static const struct relay_input_ops INPUT_OPS = { on_packet, on_batch_end, on_ended };

static void
on_look(struct bc_timer *timer)
{
    struct edge_pull *e = bc_container_of(timer, struct edge_pull, look);
    int64_t now = bc_clock_us();
    bc_timer_set(&e->look, LOOK_US);
    if (e->take.take && e->lost_us && now - e->lost_us > LINGER_US) {
        relay_take_close(&e->take, false, e->status.error);
    }
    if (e->input && now - (e->last_us ? e->last_us : e->began_us) > SILENT_US) {
        give_up_origin(e, "the origin is silent", false, false);
    }
}

// --- life ---

static void
free_edge(struct edge_pull *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->urls[i]);
    }
    free((char *)e->params.channel);
    free(e);
}

static void
run_free(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    free_edge(bc_container_of(task, struct edge_pull, free_task));
}

static bool
make_urls(struct edge_pull *e, const struct bc_config_url_list *origins)
{
    for (size_t i = 0; i < origins->n; i++) {
        char url[BC_CONFIG_URL_MAX + BC_CHANNEL_NAME_MAX + 8];
        relay_origin_url(origins->items[i], e->params.channel, url, sizeof(url));
        e->urls[e->count] = strdup(url);
        if (!e->urls[e->count++]) {
            return false;
        }
    }
    return e->count > 0;
}

static void *
edge_start(const struct bc_relay_params *params)
{
    struct edge_pull *e = calloc(1, sizeof(*e));
    if (!e) {
        return NULL;
    }
    e->params = *params;
    e->params.channel = strdup(params->channel);
    e->params.url = NULL;
    e->params.origins = NULL;
    e->take.on_lost = on_lost;
    e->take.user = e;
    e->all_refused = true;
    e->pause_us = PAUSE_FIRST_US;
    e->status.state = BC_RELAY_CONNECTING;
    bc_via_extend(params->hub, params->via, e->via);
    bc_list_init(&e->free_task.node);
    e->free_task.run = run_free;
    bc_logger_init(&e->log, NULL, "edge %.40s", params->channel);
    bc_timer_init(&e->timer, params->worker, on_timer);
    bc_timer_init(&e->look, params->worker, on_look);
    if (!e->params.channel || !make_urls(e, params->origins)
        || bc_timer_set(&e->look, LOOK_US) != 0 || bc_timer_set(&e->timer, 0) != 0) {
        bc_timer_cancel(&e->look);
        free_edge(e);
        return NULL;
    }
    return e;
}

static void
edge_stop(void *relay)
{
    struct edge_pull *e = relay;
    finish(e, true, "nobody watches");
    bc_worker_defer(e->params.worker, &e->free_task);
}

static void
edge_status(const void *relay, struct bc_relay_status *out)
{
    const struct edge_pull *e = relay;
    *out = e->status;
}

const struct relay_kind RELAY_EDGE_PULL = { { NULL }, edge_start, edge_stop, edge_status };
