// SPDX-License-Identifier: Apache-2.0
// What cues need to know of channels, and the other way round.
#include <string.h>

#include "cue/cue.h"
#include "protocol/rtmp/cue_point.h"
#include "parts.h"
#include "scenes/scenes.h"
#include "stream/marks.h"
#include "stream/program.h"

static int64_t
clock_us(void *user)
{
    const struct bc_server *s = user;
    return bc_hub_clock_us(s->hub);
}

static bool
shown(void *user, const char *name, int64_t *clock_us_out, int64_t *wall_us)
{
    const struct bc_server *s = user;
    struct bc_channel *channel = bc_hub_find(s->hub, name);
    bool any = channel && bc_channel_shown_at(channel, clock_us_out, wall_us);
    bc_channel_unref(&channel);
    return any;
}

// Whose media carries the name's own cues: its own, or what its delay makes of that, as a
// cue's times are those of what is shown.
static struct bc_channel *
find_media(const struct bc_server *s, const char *name)
{
    struct bc_channel *channel = bc_hub_find(s->hub, name);
    struct bc_channel *program = channel ? bc_channel_program(channel) : NULL;
    if (program && bc_channel_is_hidden(program, BC_CHANNEL_DELAY)) {
        bc_channel_unref(&channel);
        return program;
    }
    bc_channel_unref(&program);
    return channel;
}

static void
on_own(void *user, const char *name, const struct bc_cue *cue)
{
    const struct bc_server *s = user;
    struct bc_channel *channel = find_media(s, name);
    struct bc_mark mark = { .id = cue->id, .json = bc_cue_json(cue), .at_us = cue->at_us,
        .until_us = bc_cue_end_us(cue), .ended = cue->ended };
    if (channel && !bc_channel_add_mark(channel, &mark)) {
        bc_error(bc_channel_logger(channel), "no memory for a cue in the media");
    }
    bc_channel_unref(&channel);
}

// Composites draw them.
static void
on_change(void *user, const char *name)
{
    const struct bc_server *s = user;
    (void)name;
    if (s->scenes) {
        bc_scenes_look(s->scenes);
    }
}

static const struct bc_cues_ops OPS = { .clock_us = clock_us,
    .shown = shown,
    .on_own = on_own,
    .on_change = on_change };

// Of a delayed channel's host: the hidden one that it shows has its cues.
static const char *
name_of(const struct bc_channel *channel)
{
    const char *name = bc_channel_name(channel);
    return name + (bc_channel_is_hidden(channel, BC_CHANNEL_DELAY) ? strlen(BC_CHANNEL_DELAY) : 0);
}

// When a cue began that is told of by a script on the way: its time and the message's stamp
// are on the sender's one timeline. A delay in between has its own.
static int64_t
began_us(const struct bc_channel *channel, const struct bc_cue_point *point,
    const struct bc_packet *packet, int64_t sent_us)
{
    int64_t ago_us = point->has_time ? sent_us - (int64_t)(point->time_s * 1e6) : 0;
    bool usable = !point->foreign && ago_us > 0 && ago_us <= BC_CUE_DURATION_MAX_US
        && !bc_channel_is_hidden(channel, BC_CHANNEL_DELAY);
    return packet->dts_us - (usable ? ago_us : 0);
}

// Another channel's, with a delay: it is in a list of its own, whose program's it is.
static int
take_relayed(struct bc_server *s, struct bc_channel *channel,
    const struct bc_packet *packet, int64_t sent_us)
{
    const char *list = bc_channel_name(channel);
    struct bc_cue_relayed cue = { .text = (const char *)packet->data,
        .len = packet->len,
        .sent_us = sent_us,
        .packet_us = packet->dts_us,
        .shower = name_of(channel) };
    if (packet->data[0] == '[') {
        bc_cues_forget_imported(s->cues, list);
        return 0;
    }
    return bc_cues_import_json(s->cues, list, &cue);
}

static int
take_script(struct bc_server *s, struct bc_channel *channel,
    const struct bc_packet *packet, int64_t sent_us)
{
    struct bc_cue_point point;
    int ret = bc_cue_point_parse(&point, packet->data, packet->len);
    if (ret == 0) {
        struct bc_cue_import in = { .id = point.id, .kind = BC_CUE_CUSTOM,
            .revision = point.revision, .ended = point.ended,
            .at_us = began_us(channel, &point, packet, sent_us),
            .duration_us = point.duration_ms * 1000, .data = point.data,
            .data_len = point.data_len };
        bc_cue_kind_parse(point.kind, &in.kind);
        ret = bc_cues_import(s->cues, name_of(channel), &in);
    }
    bc_cue_point_finish(&point);
    return ret;
}

void
bc_server_on_cue_point(struct bc_server *s, struct bc_channel *channel,
    const struct bc_packet *packet, int64_t sent_us)
{
    bool relayed = packet->kind == BC_KIND_CUE;
    int ret = relayed ? take_relayed(s, channel, packet, sent_us)
                      : take_script(s, channel, packet, sent_us);
    if (ret < 0) {
        bc_debug(bc_channel_logger(channel), "cue left out: %s", strerror(-ret));
    }
}

bool
bc_server_cues_open(struct bc_server *s)
{
    s->cues = bc_cues_open(s->config->data.dir, &OPS, s);
    if (s->cues) {
        bc_hub_set_cues(s->hub, s->cues);
    }
    return s->cues != NULL;
}

void
bc_server_on_program(
    struct bc_server *s, struct bc_channel *channel, struct bc_channel *program)
{
    const char *name = bc_channel_name(channel);
    if (bc_channel_is_hidden(channel, BC_CHANNEL_DELAY)) {
        return; // its list is what the delay brings
    }
    // What it shows itself of others with a delay is in the hidden channel's list; what others
    // show of that has its own cues too.
    bool own = program && strcmp(name_of(program), name) == 0;
    const char *list = !program ? NULL : own ? bc_channel_name(program) : name_of(program);
    bc_cues_set_program(s->cues, name, list);
    if (own && program != channel) {
        bc_cues_tell_own(s->cues, name);
    }
    on_change(s, name);
}

void
bc_server_cues_tick(struct bc_server *s)
{
    bc_cues_tick(s->cues);
}

void
bc_server_cues_save(struct bc_server *s)
{
    bc_cues_save(s->cues);
}
