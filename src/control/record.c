// SPDX-License-Identifier: Apache-2.0
// What is recorded of a channel, and starting and ending that.
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"
#include "record/recorder.h"
#include "stream/hub.h"

// --- what is told of it ---

static const char *
state_name(enum bc_recorder_state state)
{
    switch (state) {
    case BC_RECORDER_WAITING:
        return "waiting";
    case BC_RECORDER_RUNNING:
        return "running";
    case BC_RECORDER_TROUBLE:
        return "trouble";
    case BC_RECORDER_OFF:
        break;
    }
    return "off";
}

// Zeroed, which is "off", without a recorder or such a channel.
static void
get_status(struct bc_control *control, const char *channel,
    struct bc_recorder_status *out)
{
    struct bc_recorder *recorder = control->params.recorder;
    *out = (struct bc_recorder_status){ .state = BC_RECORDER_OFF };
    if (recorder && !bc_recorder_status(recorder, channel, out)) {
        *out = (struct bc_recorder_status){ .state = BC_RECORDER_OFF };
    }
}

struct json_t *
bc_control_recording_json(struct bc_control *control, const char *channel)
{
    struct bc_recorder_status status;
    char url[BC_RECORDING_ID_MAX + 32];
    get_status(control, channel, &status);
    bool has = status.id[0] != '\0';
    snprintf(url, sizeof(url), "/watch/replay/%s", status.id);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "state", state_name(status.state));
    bc_json_text(&j, "id", has ? status.id : NULL);
    bc_json_text(&j, "replay_url", has ? url : NULL);
    bc_json_int(&j, "bytes", (int64_t)status.bytes);
    bc_json_int(&j, "lost_parts", (int64_t)status.lost_parts);
    bc_json_ms(&j, "behind_ms", status.queued_us);
    bc_json_text(&j, "trouble", status.trouble[0] ? status.trouble : NULL);
    bc_json_time(&j, "trouble_since", status.trouble_since_wall_us);
    return bc_json_end(&j);
}

struct json_t *
bc_control_dvr_json(struct bc_control *control, const char *channel)
{
    struct bc_recorder_status status;
    get_status(control, channel, &status);
    struct bc_config *config = bc_hub_config(control->params.hub);
    int64_t window_s = config->record.dvr_window_s;
    bc_config_unref(&config);
    if (!status.id[0] || window_s <= 0) {
        return bc_json_nothing();
    }
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_int(&j, "window_ms", window_s * 1000);
    bc_json_text(&j, "replay", status.id);
    return bc_json_end(&j);
}

// --- starting and ending it ---

static void
respond(struct bc_control *control, struct bc_http_exchange *x, const char *channel,
    bool record, int ret)
{
    switch (ret) {
    case 0:
        bc_info(NULL, "%s asks to %s recording %s", bc_http_peer(x),
            record ? "begin" : "end", channel);
        bc_control_respond_json(x, 202, bc_control_recording_json(control, channel));
        return;
    case -ENOENT:
        bc_control_respond_error(x, 404, "no_such_channel",
            "nothing is or was just live there", NULL);
        return;
    case -EPERM:
        bc_control_respond_error(x, 409, "never",
            "the configuration says that this channel is never recorded", NULL);
        return;
    case -EALREADY:
        bc_control_respond_error(x, 409, "already",
            record ? "it is recorded already" : "it is not recorded", NULL);
        return;
    default:
        bc_control_respond_json(x, 202, NULL);
    }
}

void
bc_control_record(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    struct json_t *request = bc_json_parse(body.data, body.len);
    bool record = false;
    bool ok = request && bc_json_size(request) == 1
        && bc_json_get_bool(request, "record", &record) == 1;
    bc_json_drop(request);
    struct bc_recorder *recorder = control->params.recorder;
    if (!ok) {
        bc_control_respond_error(x, 400, "bad_record",
            "the body is {\"record\": true} or {\"record\": false}", NULL);
    } else if (!recorder) {
        bc_control_respond_error(x, 503, "no_recordings",
            "this server keeps no recordings", NULL);
    } else {
        int ret = record ? bc_recorder_start(recorder, channel)
                         : bc_recorder_stop(recorder, channel);
        respond(control, x, channel, record, ret);
    }
}
