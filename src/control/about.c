// SPDX-License-Identifier: Apache-2.0
// /live/hq/about.json: what a page that shows the channel needs, for everybody. Also of
// channels that are not live now, and after the end.
#include <stdio.h>

#include "base/clock.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"
#include "last_replay.h"
#include "schedule/schedule.h"
#include "stream/channel.h"
#include "stream/hub.h"
#include "stream/source.h"

// A broadcast that ended so recently is "over"; after that the channel is merely off.
#define OVER_US ((int64_t)24 * 3600 * 1000000)

struct about {
    bool known;
    bool there; // the channel exists now
    struct bc_channel_info info;
    bool scheduled;
    struct bc_config_schedule schedule;
    enum bc_schedule_phase phase;
    bool open;
    char title[BC_SCHEDULE_TITLE_MAX + 1];
};

static void
look(struct bc_control *control, const char *channel, struct about *out)
{
    *out = (struct about){ .open = bc_hub_is_open(control->params.hub, channel) };
    struct bc_schedule_found found;
    out->scheduled = bc_control_find_schedule(control, channel, &found);
    if (out->scheduled) {
        struct bc_schedule_now now;
        bc_schedule_at(&found.schedule, bc_clock_wall_us(), &now);
        out->schedule = found.schedule;
        out->phase = now.phase;
    }
    struct bc_channel *live = bc_hub_find(control->params.hub, channel);
    out->there = live != NULL;
    if (live) {
        bc_channel_info(live, &out->info);
        bc_channel_unref(&live);
    }
    struct bc_config *config = bc_hub_config(control->params.hub);
    const struct bc_config_channel *own = bc_config_channel(config, channel);
    const char *title = out->scheduled && out->schedule.title[0] ? out->schedule.title
        : own                                                    ? own->title
                                                                 : "";
    snprintf(out->title, sizeof(out->title), "%s", title);
    out->known = out->there || own || out->scheduled;
    bc_config_unref(&config);
}

static bool
is_on(const struct about *a)
{
    return a->there
        && (a->info.state == BC_CHANNEL_LIVE || a->info.state == BC_CHANNEL_WAITING);
}

static bool
is_before(const struct about *a)
{
    return a->phase == BC_SCHEDULE_LOBBY
        || (a->phase == BC_SCHEDULE_EARLY && a->schedule.starts_at_wall_us != 0
            && !is_on(a));
}

static const char *
state_of(const struct about *a, const struct bc_last_replay *last)
{
    if (!a->open) {
        return "closed";
    }
    if (is_before(a)) {
        return "lobby";
    }
    if (is_on(a)) {
        return bc_channel_state_name(a->info.state);
    }
    bool was_on = a->there && a->info.broadcast > 0;
    bool recent = last->id[0] && bc_clock_wall_us() - last->ended_wall_us < OVER_US;
    return a->phase == BC_SCHEDULE_OVER || was_on || recent ? "ended" : "offline";
}

static void
respond(struct bc_control *control, struct bc_http_exchange *x, const char *channel,
    const struct bc_last_replay *last)
{
    struct about a;
    char url[BC_RECORDING_ID_MAX + 32];
    look(control, channel, &a);
    if (!a.known && !last->id[0]) {
        bc_control_respond_error(
            x, 404, "no_such_channel", "there is no channel of this name", NULL);
        return;
    }
    snprintf(url, sizeof(url), "/watch/replay/%s", last->id);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "channel", channel);
    bc_json_text(&j, "state", state_of(&a, last));
    bc_json_text(&j, "title", a.title[0] ? a.title : NULL);
    bc_json_time(&j, "starts_at", a.schedule.starts_at_wall_us);
    bc_json_time(&j, "ends_at", a.schedule.ends_at_wall_us);
    bc_json_time(&j, "now", bc_clock_wall_us());
    bool over = last->id[0] && a.open && !is_before(&a) && !is_on(&a);
    bc_json_text(&j, "replay_url", over ? url : NULL);
    bc_control_respond_json(x, 200, bc_json_end(&j));
}

void
bc_control_about(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct about a;
    look(control, channel, &a);
    if (a.known && (!a.open || is_before(&a) || is_on(&a))) {
        const struct bc_last_replay none = { "", 0 };
        respond(control, x, channel, &none);
    } else {
        bc_last_replay_get(control, x, channel, respond);
    }
}
