// SPDX-License-Identifier: Apache-2.0
// A whole composer: what the server wants, again and again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "compose/compose.h"
#include "ffmpeg.h"
#include "http.h"
#include "painter.h"
#include "reporter.h"

#define POLL_TIMEOUT_MS 35000 // the server answers within 20 s
#define CALL_TIMEOUT_MS 10000
#define RETRY_MIN_MS 200
#define RETRY_MAX_MS 5000
#define STAND_BY_MS 1000
#define ANSWER_MAX (1 << 20)
#define BASE_BYTES 1024

// Lives as long as bc_compose_run().
struct composer {
    const struct bc_compose_params *params;
    const atomic_bool *stop;
    char base[BASE_BYTES];
    struct compose_http http;
    struct compose_outlet *outlet;
    struct compose_engine *engine;
    struct compose_painter *painter;
    struct compose_reporter *reporter;
    struct bc_writer answer;
    int64_t version; // of the last wish; -1: none
    unsigned wait_ms;
};

// --- what the parts tell each other ---

static void
on_cue(void *user, struct compose_cue *cue)
{
    struct composer *c = user;
    compose_painter_cue(c->painter, cue);
}

static void
on_forget(void *user, const char *channel)
{
    struct composer *c = user;
    compose_painter_forget(c->painter, channel);
}

static void
on_level(void *user, enum compose_level level)
{
    struct composer *c = user;
    compose_painter_level(c->painter, level);
}

static void
pause_ms(struct composer *c, unsigned ms)
{
    static const unsigned STEP_MS = 50;
    for (unsigned waited = 0; waited < ms && !atomic_load(c->stop); waited += STEP_MS) {
        struct timespec t = { 0, (long)STEP_MS * 1000000 };
        nanosleep(&t, NULL);
    }
}

static void
back_off(struct composer *c, const char *what, int status, const char *why)
{
    bc_warn(NULL, "%s: HTTP %d %s", what, status, why);
    pause_ms(c, c->wait_ms);
    c->wait_ms = c->wait_ms * 2 < RETRY_MAX_MS ? c->wait_ms * 2 : RETRY_MAX_MS;
}

// --- the server ---

static void
take_wish(struct composer *c)
{
    char why[256];
    struct compose_wish *wish =
        compose_wish_parse(c->answer.data, c->answer.len, why, sizeof(why));
    if (!wish) {
        back_off(c, "what the server wants", 200, why);
        return;
    }
    if (why[0]) {
        bc_warn(NULL, "the scene: %s", why);
    }
    c->wait_ms = RETRY_MIN_MS;
    // A poll that ended without news.
    if (wish->version == c->version) {
        compose_wish_drop(wish);
        return;
    }
    c->version = wish->version;
    compose_outlet_set_url(c->outlet, wish->publish);
    compose_painter_want(c->painter, wish);
}

// False: this composer is not wanted any more.
static bool
poll_once(struct composer *c)
{
    char url[BASE_BYTES + 64];
    snprintf(url, sizeof(url), "%s?after=%lld", c->base, (long long)c->version);
    struct compose_request request = {
        .method = "GET", .url = url, .timeout_ms = POLL_TIMEOUT_MS
    };
    int status = compose_http_call(&c->http, &request, &c->answer, ANSWER_MAX);
    if (status == 404) {
        bc_info(NULL, "this composer is not wanted any more");
        return false;
    }
    if (status == 200) {
        take_wish(c);
    } else if (status != 204 && status != 304 && !atomic_load(c->stop)) {
        back_off(c, "the server", status, c->http.error);
    }
    return true;
}

// On another machine: asks for the composer of a channel.
static bool
ask_for_id(struct composer *c, char *id, size_t size)
{
    char url[BASE_BYTES + 64];
    char *body = compose_wanted_json(c->params->channel);
    bool got = false;
    bool waits = false;
    snprintf(url, sizeof(url), "%s/api/v1/composers", c->params->server);
    while (body && !got && !atomic_load(c->stop)) {
        struct compose_request request = { .method = "POST",
            .url = url,
            .content_type = "application/json",
            .body = body,
            .body_len = strlen(body),
            .timeout_ms = CALL_TIMEOUT_MS };
        int status = compose_http_call(&c->http, &request, &c->answer, ANSWER_MAX);
        got = status / 100 == 2
            && compose_id_parse(c->answer.data, c->answer.len, id, size);
        if (!got && status == 409) {
            if (!waits) {
                bc_info(NULL, "another process composes this scene; waiting for its end");
            }
            waits = true;
            pause_ms(c, STAND_BY_MS);
        } else if (!got && !atomic_load(c->stop)) {
            back_off(c, "asking for a composer", status, c->http.error);
        }
    }
    free(body);
    return got;
}

// --- life ---

static bool
start(struct composer *c)
{
    struct compose_engine_params engine = { NULL, on_cue, on_forget, on_level, c };
    struct compose_painter_params painter = { NULL, c->base, c->params->token,
        c->params->cards, c->stop };
    c->outlet = compose_outlet_create();
    engine.outlet = c->outlet;
    c->engine = c->outlet ? compose_engine_create(&engine) : NULL;
    painter.engine = c->engine;
    // The engine calls it only once the painter has shown it something.
    c->painter = c->engine ? compose_painter_create(&painter) : NULL;
    struct compose_reporter_params reporter = { c->engine, c->painter, c->base,
        c->params->token, c->stop };
    c->reporter = c->painter ? compose_reporter_create(&reporter) : NULL;
    return c->reporter != NULL;
}

static void
finish(struct composer *c)
{
    compose_reporter_destroy(c->reporter);
    compose_engine_halt(c->engine);
    compose_painter_destroy(c->painter);
    compose_engine_destroy(c->engine);
    compose_outlet_destroy(c->outlet);
    compose_http_finish(&c->http);
    bc_writer_finish(&c->answer);
}

int
bc_compose_run(const struct bc_compose_params *params, atomic_bool *stop)
{
    struct composer c = {
        .params = params, .stop = stop, .version = -1, .wait_ms = RETRY_MIN_MS
    };
    char id[128] = "";
    av_log_set_level(AV_LOG_FATAL);
    compose_http_start();
    if (!compose_http_init(&c.http, stop, params->token)) {
        return -1;
    }
    snprintf(id, sizeof(id), "%s", params->composer ? params->composer : "");
    if (!id[0] && !ask_for_id(&c, id, sizeof(id))) {
        finish(&c);
        return 0;
    }
    snprintf(c.base, sizeof(c.base), "%s/api/v1/composers/%s", params->server, id);
    bool ok = start(&c);
    while (ok && !atomic_load(stop) && poll_once(&c)) {
    }
    atomic_store(stop, true);
    finish(&c);
    return ok ? 0 : -1;
}
