// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "relay_internal.h"

#define PAUSE_FIRST_S 1
#define PAUSE_MAX_S 30
#define RETRY_AFTER_MAX_S 300
// A connection that held this long says that the other side is well.
#define STEADY_US 30000000
#define WAIT_US 500000

static void
on_timer(struct bc_timer *timer)
{
    struct relay_client *c = bc_container_of(timer, struct relay_client, timer);
    c->attempt(c);
}

static void
free_texts(struct bc_relay_params *p)
{
    free((char *)p->channel);
    free((char *)p->url);
    free((char *)p->bearer);
}

bool
relay_client_init(struct relay_client *c, const struct bc_relay_params *params,
    const char *kind, void (*attempt)(struct relay_client *client))
{
    c->params = *params;
    c->params.channel = strdup(params->channel);
    c->params.url = strdup(params->url);
    c->params.bearer = params->bearer ? strdup(params->bearer) : NULL;
    c->attempt = attempt;
    c->pause_s = PAUSE_FIRST_S;
    c->status.state = BC_RELAY_WAITING;
    bc_timer_init(&c->timer, params->worker, on_timer);
    bc_logger_init(&c->log, NULL, "%s %.40s", kind, params->channel);
    if (!c->params.channel || !c->params.url || (params->bearer && !c->params.bearer)
        || bc_timer_set(&c->timer, 0) != 0) {
        free_texts(&c->params);
        return false;
    }
    return true;
}

void
relay_client_finish(struct relay_client *c, const char *reason)
{
    bc_timer_cancel(&c->timer);
    relay_session_close(c->session, reason);
    c->session = NULL;
    // The session's last request has copies of them.
    free_texts(&c->params);
}

bool
relay_client_connect(struct relay_client *c, struct relay_session_params *p)
{
    p->relay = c->params.relay;
    p->webrtc = c->params.webrtc;
    p->worker = c->params.worker;
    p->url = c->params.url;
    p->bearer = c->params.bearer;
    p->guarded = !c->params.trusted && !c->params.relay->allow_private;
    p->servers = c->servers;
    p->server_count = &c->server_count;
    p->log = &c->log;
    c->status.attempts++;
    c->status.state = BC_RELAY_CONNECTING;
    c->session = relay_session_start(p);
    return c->session != NULL;
}

void
relay_client_connected(struct relay_client *c)
{
    c->connected_us = bc_clock_us();
    c->status.state = BC_RELAY_CONNECTED;
    bc_info(&c->log, "connected to %s", c->params.url);
}

static void
pause_for(struct relay_client *c, const char *reason, int64_t us)
{
    c->status.state = BC_RELAY_WAITING;
    snprintf(c->status.error, sizeof(c->status.error), "%s", reason);
    bc_timer_set(&c->timer, us);
}

// 0.8 to 1.2 of it, so that what failed together does not come back together.
static int64_t
with_jitter(const struct relay_client *c, unsigned s)
{
    uint64_t x = (uint64_t)bc_clock_us() ^ (uint64_t)(uintptr_t)c;
    x *= 0x9e3779b97f4a7c15u;
    return (int64_t)s * (800000 + (int64_t)((x >> 40) % 400000));
}

void
relay_client_retry(struct relay_client *c, const char *reason, unsigned retry_after_s)
{
    relay_session_close(c->session, reason);
    c->session = NULL;
    bool steady = c->connected_us && bc_clock_us() - c->connected_us > STEADY_US;
    c->connected_us = 0;
    unsigned s = steady ? PAUSE_FIRST_S : c->pause_s;
    c->pause_s = 2 * s < PAUSE_MAX_S ? 2 * s : PAUSE_MAX_S;
    if (retry_after_s > s) {
        s = retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S;
    }
    bc_info(&c->log, "%s: %s; again in %u s", c->params.url, reason, s);
    pause_for(c, reason, with_jitter(c, s));
}

void
relay_client_wait(struct relay_client *c, const char *reason)
{
    pause_for(c, reason, WAIT_US);
}
