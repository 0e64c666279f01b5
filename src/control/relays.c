// SPDX-License-Identifier: Apache-2.0
// Streams from and to other servers.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"

#define START_AT_MAX_S 1000000

// --- answers ---

static const char *
state_name(enum bc_relay_state state)
{
    switch (state) {
    case BC_RELAY_WAITING:
        return "waiting";
    case BC_RELAY_CONNECTING:
        return "connecting";
    case BC_RELAY_CONNECTED:
        return "live";
    case BC_RELAY_ENDED:
        return "ended";
    case BC_RELAY_STOPPED:
        return "stopped";
    case BC_RELAY_IDLE:
        return "idle";
    case BC_RELAY_NONE:
        break;
    }
    return "failed";
}

static struct json_t *
make_relay(const struct bc_control_relay *r)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_int(&j, "id", (int64_t)r->id);
    bc_json_text(&j, "channel", r->channel);
    bc_json_text(&j, "kind", r->push ? "push" : "pull");
    bc_json_text(&j, "direction", r->push ? "push" : "pull");
    char url[BC_CONTROL_RELAY_URL_MAX + 16];
    bc_relay_show_url(r->url, r->push, url, sizeof(url));
    bc_json_text(&j, "url", r->edge ? NULL : url);
    bc_json_text(&j, "name", r->name[0] ? r->name : NULL);
    bc_json_bool(&j, "enabled", r->enabled);
    bc_json_bool(&j, "edge", r->edge);
    bc_json_bool(&j, "on_demand", r->on_demand);
    bc_json_bool(&j, "loop", r->loop);
    bc_json_int(&j, "start_at_s", r->start_at_s);
    bc_json_bool(&j, "configured", r->configured);
    bc_json_text(&j, "state", state_name(r->status.state));
    bc_json_time(&j, "since", r->since_wall_us);
    bc_json_int(&j, "attempts", r->status.attempts);
    bc_json_text(&j, "last_error", r->status.error[0] ? r->status.error : NULL);
    bc_json_text(&j, "error", r->status.error[0] ? r->status.error : NULL);
    bc_json_int(&j, "dropped", (int64_t)r->status.dropped);
    bc_json_int(&j, "dropped_packets", (int64_t)r->status.dropped);
    return bc_json_end(&j);
}

void
bc_control_relays(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    struct bc_control_relay *relays = calloc(BC_CONTROL_RELAYS_MAX, sizeof(*relays));
    if (!relays) {
        bc_control_respond_json(x, 200, NULL);
        return;
    }
    size_t count = control->params.relays->list(control->params.user, relays);
    struct bc_json list;
    bc_json_begin_array(&list);
    for (size_t i = 0; i < count; i++) {
        bc_json_append(&list, make_relay(&relays[i]));
    }
    free(relays);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_put(&j, "relays", bc_json_end(&list));
    bc_control_respond_json(x, 200, bc_json_end(&j));
}

// --- starting one ---

// Only what is visible: it becomes part of a request's head.
static bool
is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

static bool
has_control(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

// A name below the media directory, which is looked at when it is opened.
static bool
file_is_valid(const char *url)
{
    size_t len = strlen(url);
    return len > 5 && len <= BC_CONTROL_RELAY_URL_MAX && !strstr(url, "..");
}

// Past "://"; NULL: this is no URL of a kind that a relay may have.
static const char *
host_of(const char *url, bool push)
{
    static const struct {
        const char *name;
        bool push;
    } SCHEMES[] = { { "http", true }, { "https", true }, { "rtmp", true },
        { "rtmps", true }, { "rtsp", false }, { "rtsps", false }, { "srt", true } };
    const char *end = strstr(url, "://");
    for (size_t i = 0; end && i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        size_t len = strlen(SCHEMES[i].name);
        if ((size_t)(end - url) == len && (SCHEMES[i].push || !push)
            && strncasecmp(url, SCHEMES[i].name, len) == 0) {
            return end + 3;
        }
    }
    return NULL;
}

static bool
url_is_valid(const char *url, bool push)
{
    if (!push && strncmp(url, "file:", 5) == 0) {
        return file_is_valid(url);
    }
    const char *host = host_of(url, push);
    if (!host || strlen(url) > BC_CONTROL_RELAY_URL_MAX || !is_visible(url)
        || strchr(url, '#')) {
        return false;
    }
    size_t len = strcspn(host, "/?");
    bool may_name_user = strncasecmp(url, "rtsp", 4) == 0;
    return len > 0 && host[0] != ':' && (may_name_user || !memchr(host, '@', len));
}

// Why it is refused; NULL: it is not.
static const char *
read_request(const struct json_t *request, struct bc_control_relay *out,
    const char **token)
{
    const char *channel = bc_json_get_text(request, "channel");
    const char *kind = bc_json_get_text(request, "kind");
    const char *url = bc_json_get_text(request, "url");
    *token = bc_json_get_text(request, "token");
    int loop = bc_json_get_bool(request, "loop", &out->loop);
    int start_at = bc_json_get_int(request, "start_at_s", &out->start_at_s);
    const char *name = bc_json_get_text(request, "name");
    size_t known = 3 + (*token ? 1u : 0u) + (name ? 1u : 0u) + (size_t)(loop > 0)
        + (size_t)(start_at > 0);
    if (!channel || !kind || !url || bc_json_size(request) != known) {
        return "a relay is {\"channel\": \"...\", \"kind\": \"pull\" or \"push\", "
               "\"url\": \"...\", \"token\": \"...\", \"name\": \"...\", \"loop\": false, "
               "\"start_at_s\": 0}; the last four may be left out";
    }
    if (name && (strlen(name) > BC_CONTROL_RELAY_NAME_MAX || has_control(name))) {
        return "name: must have at most 100 bytes, and no control characters";
    }
    if (out->start_at_s < 0 || out->start_at_s > START_AT_MAX_S) {
        return "start_at_s: must be from 0 to 1000000";
    }
    if (!bc_channel_name_is_valid(channel)) {
        return "channel: this is no channel's name, such as live/hq";
    }
    if (strcmp(kind, "pull") != 0 && strcmp(kind, "push") != 0) {
        return "kind: must be pull or push";
    }
    if (!url_is_valid(url, strcmp(kind, "push") == 0)) {
        return "url: must be SCHEME://HOST/... of a kind that can be pulled or pushed, "
               "such as http or https, or file:PATH, without user name, spaces and "
               "fragment, of at most 1024 characters";
    }
    if (*token
        && (!**token || strlen(*token) > BC_CONTROL_RELAY_TOKEN_MAX
            || !is_visible(*token))) {
        return "token: must have 1 to 256 visible ASCII characters";
    }
    out->push = strcmp(kind, "push") == 0;
    snprintf(out->name, sizeof(out->name), "%s", name ? name : "");
    memcpy(out->channel, channel, strlen(channel) + 1);
    memcpy(out->url, url, strlen(url) + 1);
    return NULL;
}

static void
respond_started(struct bc_http_exchange *x, int ret, const struct bc_control_relay *relay)
{
    char url[BC_CONTROL_RELAY_URL_MAX + 16];
    switch (ret) {
    case 0:
        bc_relay_show_url(relay->url, relay->push, url, sizeof(url));
        bc_info(NULL, "relay %llu asked for by %s: %s %s, %s",
            (unsigned long long)relay->id, bc_http_peer(x),
            relay->push ? "push" : "pull", relay->channel, url);
        bc_control_respond_json(x, 201, make_relay(relay));
        return;
    case -EEXIST:
        bc_control_respond_error(x, 409, "relay_exists",
            "there is a relay of this kind, channel and url already", NULL);
        return;
    case -ENOSPC:
        bc_control_respond_error(x, 409, "too_many_relays",
            "there are 64 relays already; delete one", NULL);
        return;
    case -EPROTONOSUPPORT:
        bc_control_respond_error(x, 400, "bad_relay",
            "url: there is no such way to pull or push", NULL);
        return;
    case -ESHUTDOWN:
        bc_control_respond_error(x, 503, "going_down", "the server is going down", NULL);
        return;
    default:
        bc_control_respond_json(x, 201, NULL);
    }
}

void
bc_control_relay_start(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    struct bc_http_body body = bc_http_request_body(x);
    struct json_t *request = bc_json_parse(body.data, body.len);
    struct bc_control_relay relay = { 0 };
    const char *token = NULL;
    const char *wrong = request ? read_request(request, &relay, &token)
                                : "the body must be a JSON object";
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_relay", wrong, NULL);
    } else {
        int ret = control->params.relays->start(control->params.user, &relay, token);
        respond_started(x, ret, &relay);
    }
    bc_json_drop(request);
}

// --- ending one ---

void
bc_control_relay_stop(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    uint64_t number = strtoull(id, NULL, 10);
    if (!control->params.relays->stop(control->params.user, number)) {
        bc_control_respond_error(x, 404, "no_such_relay", "there is no relay of this id",
            NULL);
        return;
    }
    bc_info(NULL, "relay %s deleted by %s", id, bc_http_peer(x));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_int(&j, "id", (int64_t)number);
    bc_json_bool(&j, "accepted", true);
    bc_control_respond_json(x, 202, bc_json_end(&j));
}

// --- letting one rest ---

static void
enable(struct bc_control *control, struct bc_http_exchange *x, const char *id, bool on)
{
    uint64_t number = strtoull(id, NULL, 10);
    if (!control->params.relays->enable(control->params.user, number, on)) {
        bc_control_respond_error(x, 404, "no_such_relay", "there is no relay of this id",
            NULL);
        return;
    }
    bc_info(NULL, "relay %s %s by %s", id, on ? "started" : "stopped", bc_http_peer(x));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_int(&j, "id", (int64_t)number);
    bc_json_bool(&j, "enabled", on);
    bc_control_respond_json(x, 202, bc_json_end(&j));
}

void
bc_control_relay_enable(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    enable(control, x, id, true);
}

void
bc_control_relay_disable(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    enable(control, x, id, false);
}
