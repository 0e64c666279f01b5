// SPDX-License-Identifier: Apache-2.0
// When a channel's broadcast begins and ends.
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"
#include "schedule/schedule.h"
#include "schedule_body.h"
#include "stream/hub.h"

bool
bc_control_find_schedule(
    struct bc_control *control, const char *channel, struct bc_schedule_found *out)
{
    if (!control->params.schedules) {
        return false;
    }
    struct bc_config *config = bc_hub_config(control->params.hub);
    bool found = bc_schedules_get(control->params.schedules, config, channel, out);
    bc_config_unref(&config);
    return found;
}

static struct json_t *
make_schedule(const struct bc_schedule_found *found)
{
    const struct bc_config_schedule *s = &found->schedule;
    struct bc_schedule_now now;
    bc_schedule_at(s, bc_clock_wall_us(), &now);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_time(&j, "starts_at", s->starts_at_wall_us);
    bc_json_time(&j, "ends_at", s->ends_at_wall_us);
    bc_json_time(&j, "keys_from", bc_schedule_keys_from(s));
    if (s->record == BC_RECORD_INVALID) {
        bc_json_null(&j, "record");
    } else {
        bc_json_bool(&j, "record", s->record == BC_RECORD_ALWAYS);
    }
    bc_json_text(&j, "title", s->title[0] ? s->title : NULL);
    bc_json_text(&j, "phase", bc_schedule_phase_name(now.phase));
    bc_json_bool(&j, "configured", found->configured);
    return bc_json_end(&j);
}

struct json_t *
bc_control_schedule_json(struct bc_control *control, const char *channel)
{
    struct bc_schedule_found found;
    return bc_control_find_schedule(control, channel, &found) ? make_schedule(&found)
                                                              : bc_json_nothing();
}

static void
respond_none(struct bc_http_exchange *x)
{
    bc_control_respond_error(
        x, 404, "no_schedule", "this channel has no schedule", NULL);
}

void
bc_control_schedule(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_schedule_found found;
    if (bc_control_find_schedule(control, channel, &found)) {
        bc_control_respond_json(x, 200, make_schedule(&found));
    } else {
        respond_none(x);
    }
}

static void
respond_configured(struct bc_http_exchange *x)
{
    bc_control_respond_error(x, 409, "configured",
        "the configuration file has this channel's schedule, which counts", NULL);
}

static bool
is_there(struct bc_control *control, struct bc_http_exchange *x)
{
    if (!control->params.schedules) {
        bc_control_respond_error(
            x, 503, "no_schedules", "this server keeps no schedules", NULL);
    }
    return control->params.schedules != NULL;
}

void
bc_control_schedule_set(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    struct bc_config_schedule schedule;
    if (!is_there(control, x)) {
        return;
    }
    const char *wrong = bc_schedule_body_read(body.data, body.len, &schedule);
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_schedule", wrong, NULL);
        return;
    }
    struct bc_config *config = bc_hub_config(control->params.hub);
    int ret = bc_schedules_set(control->params.schedules, config, channel, &schedule);
    bc_config_unref(&config);
    switch (ret) {
    case 0:
        bc_info(NULL, "schedule of %s set by %s", channel, bc_http_peer(x));
        bc_control_respond_json(x, 200, bc_control_schedule_json(control, channel));
        return;
    case -EPERM:
        respond_configured(x);
        return;
    case -ENOSPC:
        bc_control_respond_error(x, 409, "too_many_schedules",
            "there are 10000 schedules already; delete one", NULL);
        return;
    default:
        bc_control_respond_json(x, 200, NULL);
    }
}

void
bc_control_schedule_delete(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    if (!is_there(control, x)) {
        return;
    }
    struct bc_config *config = bc_hub_config(control->params.hub);
    int ret = bc_schedules_remove(control->params.schedules, config, channel);
    bc_config_unref(&config);
    if (ret == -EPERM) {
        respond_configured(x);
    } else if (ret != 0) {
        respond_none(x);
    } else {
        bc_info(NULL, "schedule of %s deleted by %s", channel, bc_http_peer(x));
        bc_control_respond_nothing(x);
    }
}
