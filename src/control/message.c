// SPDX-License-Identifier: Apache-2.0
// Messages to the pages that watch a channel by WebRTC, over their data channel.
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control_internal.h"
#include "json.h"
#include "stream/channel.h"
#include "stream/hub.h"

// Of the request, and of what the pages get.
#define MESSAGE_BYTES_MAX 4096

// {"text":"…"} becomes {"type":"text","text":"…"}, {"data":{…}} likewise. NULL without
// memory; *known tells whether it is one of these.
static char *
make_message(const struct json_t *request, bool *known)
{
    const char *text = bc_json_get_text(request, "text");
    struct json_t *data = bc_json_get_object(request, "data");
    *known = bc_json_size(request) == 1 && (text || data);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "type", text ? "text" : "data");
    if (text) {
        bc_json_text(&j, "text", text);
        bc_json_drop(data);
    } else {
        bc_json_put(&j, "data", data);
    }
    return bc_json_print(bc_json_end(&j));
}

// Sends what the pages are to get.
static void
deliver(struct bc_control *control, struct bc_http_exchange *x, const char *channel,
    const char *message)
{
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    if (!found) {
        bc_control_respond_error(x, 404, "no_such_channel",
            "nothing is or was just live there", NULL);
        return;
    }
    if (bc_channel_state(found) == BC_CHANNEL_ENDED) {
        bc_control_respond_error(x, 409, "not_live", "the broadcast is over already",
            NULL);
    } else {
        bc_debug(bc_channel_logger(found), "message to viewers by %s", bc_http_peer(x));
        bool ok = control->params.send_message(control->params.user, channel, message);
        bc_control_respond_json(x, 202, ok ? bc_control_accepted_json(channel) : NULL);
    }
    bc_channel_unref(&found);
}

void
bc_control_message(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    bool fits = body.len <= MESSAGE_BYTES_MAX;
    struct json_t *request = fits ? bc_json_parse(body.data, body.len) : NULL;
    bool known = false;
    char *message = request ? make_message(request, &known) : NULL;
    bc_json_drop(request);
    if (!fits || (message && strlen(message) > MESSAGE_BYTES_MAX)) {
        bc_control_respond_error(x, 413, "message_too_long",
            "a message has at most 4096 bytes", NULL);
    } else if (!known) {
        bc_control_respond_error(x, 400, "bad_message",
            "a message is {\"text\": \"...\"} or {\"data\": {...}}", NULL);
    } else if (!message) {
        bc_control_respond_json(x, 202, NULL);
    } else {
        deliver(control, x, channel, message);
    }
    free(message);
}
