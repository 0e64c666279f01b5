// SPDX-License-Identifier: Apache-2.0
// What a broadcast delay holds back is cut out.
#include <errno.h>

#include "control_internal.h"
#include "json.h"
#include "stream/channel.h"
#include "stream/delay.h"
#include "stream/hub.h"

#define SECONDS_MAX 60

// -1: all of it. False: the body is wrong.
static bool
read_seconds(const struct bc_http_body *body, int64_t *seconds)
{
    static const char *const KEYS[] = { "seconds", NULL };
    *seconds = -1;
    if (body->len == 0) {
        return true;
    }
    struct json_t *object = bc_json_parse(body->data, body->len);
    int found = object ? bc_json_get_int(object, "seconds", seconds) : -1;
    bool ok = object && bc_json_has_only(object, KEYS) && found >= 0
        && (found == 0 || (*seconds >= 1 && *seconds <= SECONDS_MAX));
    bc_json_drop(object);
    return ok;
}

void
bc_control_cut(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    int64_t seconds;
    if (!read_seconds(&body, &seconds)) {
        bc_control_respond_error(x, 400, "bad_cut",
            "the body is {\"seconds\": 1 to 60}, or none for all that is held back", NULL);
        return;
    }
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    if (!found) {
        bc_control_respond_error(x, 404, "no_such_channel",
            "nothing is or was just live there", NULL);
        return;
    }
    int ret = bc_channel_cut(found, seconds);
    if (ret == -ENOTSUP) {
        bc_control_respond_error(x, 409, "no_delay",
            "the channel has no delay (channels.*.delay_s), so all was seen already", NULL);
    } else {
        bc_info(bc_channel_logger(found), "cut asked for by %s", bc_http_peer(x));
        bc_control_respond_json(
            x, 202, ret == 0 ? bc_control_accepted_json(channel) : NULL);
    }
    bc_channel_unref(&found);
}
