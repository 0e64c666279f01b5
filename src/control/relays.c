// SPDX-License-Identifier: Apache-2.0
// Streams from and to other servers.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"

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
    bc_json_text(&j, "url", r->url);
    bc_json_text(&j, "state", state_name(r->status.state));
    bc_json_time(&j, "since", r->since_wall_us);
    bc_json_int(&j, "attempts", r->status.attempts);
    bc_json_text(&j, "last_error", r->status.error[0] ? r->status.error : NULL);
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
url_is_valid(const char *url)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7
        : strncasecmp(url, "https://", 8) == 0          ? 8
                                                        : 0;
    if (scheme == 0 || strlen(url) > BC_CONTROL_RELAY_URL_MAX || !is_visible(url)
        || strchr(url, '#')) {
        return false;
    }
    const char *host = url + scheme;
    size_t len = strcspn(host, "/?");
    return len > 0 && host[0] != ':' && !memchr(host, '@', len);
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
    if (!channel || !kind || !url || bc_json_size(request) != (*token ? 4 : 3)) {
        return "a relay is {\"channel\": \"...\", \"kind\": \"pull\" or \"push\", "
               "\"url\": \"...\", \"token\": \"...\"}; token may be left out";
    }
    if (!bc_channel_name_is_valid(channel)) {
        return "channel: this is no channel's name, such as live/hq";
    }
    if (strcmp(kind, "pull") != 0 && strcmp(kind, "push") != 0) {
        return "kind: must be pull or push";
    }
    if (!url_is_valid(url)) {
        return "url: must be http://HOST/... or https://HOST/..., without user name, "
               "spaces and fragment, of at most 1024 characters";
    }
    if (*token
        && (!**token || strlen(*token) > BC_CONTROL_RELAY_TOKEN_MAX
            || !is_visible(*token))) {
        return "token: must have 1 to 256 visible ASCII characters";
    }
    out->push = strcmp(kind, "push") == 0;
    memcpy(out->channel, channel, strlen(channel) + 1);
    memcpy(out->url, url, strlen(url) + 1);
    return NULL;
}

static void
respond_started(struct bc_http_exchange *x, int ret, const struct bc_control_relay *relay)
{
    switch (ret) {
    case 0:
        bc_info(NULL, "relay %llu asked for by %s: %s %s, %s",
            (unsigned long long)relay->id, bc_http_peer(x),
            relay->push ? "push" : "pull", relay->channel, relay->url);
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
