// SPDX-License-Identifier: Apache-2.0
// Who calls by SRT, and who gets the connection.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/tcp.h"
#include "protocol/srt/srt.h"
#include "parts.h"

// --- SRT's thread ---

static void
choose_passphrase(
    const struct bc_config *config, const char *channel, struct bc_srt_terms *terms)
{
    const struct bc_config_channel *own = bc_config_channel(config, channel);
    snprintf(terms->passphrase, sizeof(terms->passphrase), "%s",
        own && own->srt_passphrase[0] ? own->srt_passphrase : config->srt.passphrase);
}

static bool
is_full(const struct bc_server *s, const struct bc_config *config)
{
    struct bc_srt_totals totals;
    bc_srt_totals(s->srt, &totals);
    return bc_tcp_open_count() + totals.open >= (uint64_t)config->limits.connections;
}

static enum bc_srt_reject
judge(struct bc_server *s, const struct bc_srt_hello *hello, struct bc_srt_terms *terms,
    const char **why)
{
    struct bc_config *config = bc_hub_config(s->hub);
    choose_passphrase(config, hello->id.channel, terms);
    bool full = is_full(s, config);
    bc_config_unref(&config);
    if (bc_hub_is_draining(s->hub)) {
        *why = "the server is going down";
        return BC_SRT_DOWN;
    }
    if (full) {
        *why = "limits.connections reached";
        return BC_SRT_OVERLOAD;
    }
    return hello->id.mode == BC_SRT_PUBLISH
        ? bc_srt_ingest_admit(s->hub, s->keys, hello, why)
        : bc_srt_egress_admit(s->hub, s->keys, hello, why);
}

// Callers may come by the hundred a second, and each line is written in the thread that
// receives for all.
static void
log_refusal(struct bc_server *s, const struct bc_srt_hello *hello, const char *why)
{
    bool host = hello->id.mode == BC_SRT_PUBLISH;
    unsigned more = 0;
    pthread_mutex_lock(&s->srt_refusals_lock);
    bool pass = bc_log_limit_pass(&s->srt_refusals[host], bc_clock_us(), &more);
    pthread_mutex_unlock(&s->srt_refusals_lock);
    if (pass) {
        bc_info(NULL, "srt %s %s %s refused: %s (%u more were)", host ? "host" : "viewer",
            hello->peer, hello->id.channel, why, more);
    }
}

static enum bc_srt_reject
on_hello(void *user, const struct bc_srt_hello *hello, struct bc_srt_terms *terms)
{
    struct bc_server *s = user;
    const char *why = "";
    enum bc_srt_reject answer = judge(s, hello, terms, &why);
    if (answer != BC_SRT_ACCEPT) {
        log_refusal(s, hello, why);
    }
    return answer;
}

static struct bc_worker *
choose_worker(void *user)
{
    struct bc_server *s = user;
    return s->workers[s->srt_next++ % s->worker_count].worker;
}

// --- the worker that was chosen ---

static void
on_conn(void *user, struct bc_srt_conn *conn)
{
    struct bc_server *s = user;
    for (unsigned i = 0; i < s->worker_count; i++) {
        struct bc_server_worker *w = &s->workers[i];
        if (!bc_worker_is_current(w->worker)) {
            continue;
        }
        if (bc_srt_conn_id(conn)->mode == BC_SRT_PUBLISH) {
            bc_srt_ingest_serve(&w->srt_ingest, conn);
        } else {
            bc_srt_egress_serve(&w->srt_egress, conn);
        }
        return;
    }
    bc_srt_conn_close(conn, "the server is going down"); // its thread has ended
}

static const struct bc_srt_listener_ops OPS = { on_hello, choose_worker, on_conn };

// --- life ---

bool
bc_server_srt_create(struct bc_server *s)
{
    struct bc_srt_params params = { .latency_ms = s->config->srt.latency_ms, .ops = &OPS,
        .user = s };
    pthread_mutex_init(&s->srt_refusals_lock, NULL);
    s->srt = bc_srt_create(&params);
    if (!s->srt) {
        pthread_mutex_destroy(&s->srt_refusals_lock);
    }
    return s->srt != NULL;
}

bool
bc_server_srt_listen(struct bc_server *s)
{
    const struct bc_config_listen_list *list = &s->config->srt.listen;
    for (; s->srt_listening < list->n; s->srt_listening++) {
        size_t i = s->srt_listening;
        char text[80];
        char error[256];
        bool v6 = strchr(list->items[i].host, ':') != NULL;
        snprintf(text, sizeof(text), v6 ? "[%s]:%u" : "%s:%u", list->items[i].host,
            (unsigned)list->items[i].port);
        if (bc_srt_listen(s->srt, text, error, sizeof(error))) {
            continue;
        }
        if (s->srt_until_us > bc_clock_us()) {
            return true; // the tick goes on
        }
        s->srt_until_us = 0;
        bc_error(NULL, "%s", error);
        return false;
    }
    return true;
}

void
bc_server_srt_tick(struct bc_server *s)
{
    if (s->srt_until_us > 0 && s->srt_listening < s->config->srt.listen.n
        && bc_server_srt_listen(s) && s->srt_listening == s->config->srt.listen.n) {
        s->srt_until_us = 0;
        bc_info(NULL, "srt listens too");
    }
}

void
bc_server_srt_destroy(struct bc_server *s)
{
    if (s->srt) {
        bc_srt_destroy(s->srt);
        s->srt = NULL;
        pthread_mutex_destroy(&s->srt_refusals_lock);
    }
}
