// SPDX-License-Identifier: Apache-2.0
// The sources of a channel and which one is on air, and whether the channel is open.
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "control_internal.h"
#include "json.h"
#include "source_body.h"
#include "stream/channel.h"
#include "stream/hub.h"
#include "stream/source.h"

static const char *
kind_name(enum bc_source_kind kind)
{
    switch (kind) {
    case BC_SOURCE_PUBLISHER:
        return "publisher";
    case BC_SOURCE_CHANNEL:
        return "channel";
    case BC_SOURCE_SLATE_IMAGE:
    case BC_SOURCE_SLATE_FILE:
        return "slate";
    case BC_SOURCE_PULL:
        return "pull";
    case BC_SOURCE_FILE:
        return "file";
    case BC_SOURCE_SCENE:
        return "scene";
    case BC_SOURCE_INVALID:
        break;
    }
    return "";
}

static const char *
state_name(enum bc_source_state state)
{
    switch (state) {
    case BC_SOURCE_STANDBY:
        return "standby";
    case BC_SOURCE_ON_AIR:
        return "on_air";
    case BC_SOURCE_DOWN:
        break;
    }
    return "down";
}

static struct json_t *
make_source(unsigned index, const struct bc_source_info *s)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_int(&j, "index", index);
    bc_json_text(&j, "kind", kind_name(s->kind));
    bc_json_text(&j, "name", s->name);
    bc_json_text(&j, "state", state_name(s->state));
    bc_json_time(&j, "since", s->since_wall_us);
    bc_json_text(&j, "peer", s->peer[0] ? s->peer : NULL);
    bc_json_text(&j, "error", s->error[0] ? s->error : NULL);
    return bc_json_end(&j);
}

static struct json_t *
make_sources(const struct bc_sources_info *info)
{
    struct bc_json list;
    bc_json_begin_array(&list);
    for (unsigned i = 0; i < info->count; i++) {
        bc_json_append(&list, make_source(i, &info->list[i]));
    }
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "mode", info->manual ? "manual" : "auto");
    bc_json_int(&j, "on_air", info->on_air);
    bc_json_text(&j, "program", info->program[0] ? info->program : NULL);
    bc_json_put(&j, "list", bc_json_end(&list));
    return bc_json_end(&j);
}

struct json_t *
bc_control_source_json(struct bc_control *control, const char *channel)
{
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    if (!found) {
        return bc_json_nothing();
    }
    struct bc_sources_info info;
    bc_channel_sources(found, &info);
    bc_channel_unref(&found);
    return make_sources(&info);
}

// -1: no source has this name.
static int
index_of(const struct bc_sources_info *info, const char *name)
{
    for (unsigned i = 0; i < info->count; i++) {
        if (strcmp(info->list[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

// 0, -ENOENT or -EHOSTDOWN.
static int
choose(struct bc_channel *channel, const struct bc_source_wish *wish)
{
    struct bc_sources_info info;
    bc_channel_sources(channel, &info);
    if (wish->automatic) {
        return bc_channel_choose_source(channel, -1, false);
    }
    int index = wish->name[0] ? index_of(&info, wish->name) : wish->index;
    return index < 0 || (unsigned)index >= info.count
        ? -ENOENT
        : bc_channel_choose_source(channel, index, wish->force);
}

void
bc_control_source_choose(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    struct bc_source_wish wish;
    const char *wrong = bc_source_body_read(body.data, body.len, &wish);
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_source", wrong, NULL);
        return;
    }
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    if (!found) {
        bc_control_respond_error(x, 404, "no_such_channel",
            "nothing is or was just live there", NULL);
        return;
    }
    int ret = choose(found, &wish);
    if (ret == -EHOSTDOWN) {
        bc_control_respond_error(x, 409, "source_down",
            "this source is not there now; with \"force\": true it goes on air when it comes",
            NULL);
    } else if (ret == -ENOENT) {
        bc_control_respond_error(
            x, 404, "no_such_source", "the channel has no such source", NULL);
    } else {
        bc_info(bc_channel_logger(found), "source chosen by %s", bc_http_peer(x));
        bc_control_respond_json(x, 200, bc_control_source_json(control, channel));
    }
    bc_channel_unref(&found);
}

// --- the kill switch ---

void
bc_control_channel_change(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    bool open;
    if (!bc_open_body_read(body.data, body.len, &open)) {
        bc_control_respond_error(x, 400, "bad_change",
            "the body is {\"open\": true} or {\"open\": false}", NULL);
        return;
    }
    struct bc_channel_info info;
    if (!bc_control_find_known(control, x, channel, &info)) {
        return;
    }
    bc_hub_set_open(control->params.hub, channel, open);
    bc_info(NULL, "%s %s by %s", channel, open ? "opened" : "closed", bc_http_peer(x));
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "channel", channel);
    bc_json_bool(&j, "open", open);
    bc_control_respond_json(x, 200, bc_json_end(&j));
}
