// SPDX-License-Identifier: Apache-2.0
// Signalling of Janus's streaming plugin over its HTTP API: create a session, attach to
// the plugin, watch; its offer comes as an event of a long poll, and our answer starts
// the stream.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "whep_signal.h"

enum { CREATE, ATTACH, WATCH, POLL, START };

// "/janus", without the query, with the session and the handle as far as there are any.
static void
write_path(const struct bc_signal *s, char *out, size_t size)
{
    int n = snprintf(out, size, "%.*s", (int)strcspn(s->url->path, "?"), s->url->path);
    if (s->session) {
        n += snprintf(out + n, size - (size_t)n, "/%llu", (unsigned long long)s->session);
    }
    if (s->handle && s->step != POLL) {
        snprintf(out + n, size - (size_t)n, "/%llu", (unsigned long long)s->handle);
    }
}

// `more` is taken; may be NULL.
static void
post(struct bc_signal *s, const char *verb, json_t *more)
{
    char path[1200];
    struct bc_buf body = { 0 };
    json_t *message = json_pack("{ssss}", "janus", verb, "transaction", "bcbench");
    if (!message || (more && json_object_update(message, more))) {
        bc_die("out of memory");
    }
    json_decref(more);
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    if (!text) {
        bc_die("out of memory");
    }
    bc_buf_add_text(&body, text);
    free(text);
    write_path(s, path, sizeof(path));
    bc_signal_request(s, "POST", path, "application/json", &body);
    bc_buf_finish(&body);
}

static void
poll_events(struct bc_signal *s)
{
    char path[1200];
    s->step = POLL;
    write_path(s, path, sizeof(path));
    strncat(path, "?maxev=1", sizeof(path) - strlen(path) - 1);
    bc_signal_request(s, "GET", path, NULL, NULL);
}

static void
begin(struct bc_signal *s)
{
    s->step = CREATE;
    post(s, "create", NULL);
}

static uint64_t
id_of(const json_t *message)
{
    return (uint64_t)json_integer_value(
        json_object_get(json_object_get(message, "data"), "id"));
}

static void
watch(struct bc_signal *s)
{
    const char *id = strstr(s->url->path, "id=");
    s->step = WATCH;
    post(s, "message",
        json_pack("{s{sssi}}", "body", "request", "watch", "id", id ? atoi(id + 3) : 1));
}

static const char *
answer(struct bc_signal *s, const char *offer)
{
    struct bc_buf sdp = { 0 };
    const char *error = bc_sdp_parse(&s->remote, offer, &s->url->address);
    if (error) {
        return error;
    }
    bc_sdp_write_answer(&sdp, &s->local, &s->remote);
    s->step = START;
    post(s, "message",
        json_pack("{s{ss}s{ssss%}}", "body", "request", "start", "jsep", "type", "answer",
            "sdp", (const char *)sdp.data, sdp.len));
    bc_buf_finish(&sdp);
    return NULL;
}

static const char *
on_message(struct bc_signal *s, const json_t *message)
{
    const char *offer =
        json_string_value(json_object_get(json_object_get(message, "jsep"), "sdp"));
    switch (s->step) {
    case CREATE:
        s->session = id_of(message);
        s->step = ATTACH;
        post(s, "attach", json_pack("{ss}", "plugin", "janus.plugin.streaming"));
        return NULL;
    case ATTACH:
        s->handle = id_of(message);
        watch(s);
        return NULL;
    case START:
        bc_signal_finish(s);
        return NULL;
    default:
        if (offer) {
            return answer(s, offer);
        }
        poll_events(s); // the acknowledgement, or an event of something else
        return NULL;
    }
}

static const char *
on_response(struct bc_signal *s, const char *body)
{
    json_t *message = json_loads(body, 0, NULL);
    if (!message) {
        return "janus_not_json";
    }
    const json_t *event = json_object_get(message, "plugindata");
    bool refused = json_object_get(message, "error")
        || json_object_get(json_object_get(event, "data"), "error");
    const char *error = refused ? "janus_error" : on_message(s, message);
    json_decref(message);
    return error;
}

const struct bc_signal_style bc_signal_janus = { begin, on_response };
