// SPDX-License-Identifier: Apache-2.0
// What everybody may know of a channel: the watch page and the start page ask this. No
// addresses, no encoders, no keys.
#include "control_internal.h"
#include "json.h"
#include "stream/channel.h"
#include "stream/hub.h"
#include "stream/program.h"
#include "stream/source.h"

static const char *
codec_of(const struct bc_track_info *track)
{
    return track->codec_string[0] ? track->codec_string : bc_codec_name(track->codec);
}

static struct json_t *
make_video(const struct bc_track_info *track)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "codec", codec_of(track));
    bc_json_int(&j, "width", track->width);
    bc_json_int(&j, "height", track->height);
    bc_json_real(&j, "fps", track->fps);
    return bc_json_end(&j);
}

static struct json_t *
make_audio(const struct bc_track_info *track)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "codec", codec_of(track));
    bc_json_int(&j, "sample_rate", track->sample_rate);
    bc_json_int(&j, "channels", track->channels);
    return bc_json_end(&j);
}

static struct json_t *
make_empty_list(void)
{
    struct bc_json j;
    bc_json_begin_array(&j);
    return bc_json_end(&j);
}

// What a viewer may choose among.
static struct json_t *
make_qualities(const struct bc_channel_info *info)
{
    struct bc_json list;
    bc_json_begin_array(&list);
    for (unsigned i = 0; i < BC_RENDITION_MAX; i++) {
        if (info->heights[i] > 0) {
            struct bc_json j;
            bc_json_begin(&j);
            bc_json_int(&j, "rendition", i);
            bc_json_int(&j, "height", info->heights[i]);
            bc_json_append(&list, bc_json_end(&j));
        }
    }
    return bc_json_end(&list);
}

// To viewers a broadcast that is over is a channel that is off.
static void
begin_channel(struct bc_json *out, const struct bc_channel_info *info)
{
    bool on = info->state == BC_CHANNEL_LIVE || info->state == BC_CHANNEL_WAITING;
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "channel", info->name);
    bc_json_text(&j, "state", bc_channel_state_name(on ? info->state : BC_CHANNEL_NONE));
    bc_json_int(&j, "viewers", bc_control_viewers(info));
    bc_json_time(&j, "since", on ? info->began_wall_us : 0);
    if (on && info->video.present) {
        bc_json_put(&j, "video", make_video(&info->video));
    } else {
        bc_json_null(&j, "video");
    }
    if (on && info->audio.present) {
        bc_json_put(&j, "audio", make_audio(&info->audio));
    } else {
        bc_json_null(&j, "audio");
    }
    bc_json_put(&j, "qualities", on ? make_qualities(info) : make_empty_list());
    bc_json_bool(&j, "audio_only", on && info->audio.present && !info->video.present);
    bc_json_put(&j, "advice", on ? bc_control_advice_json(info) : make_empty_list());
    *out = j;
}

static struct json_t *
make_channel(struct bc_control *control, const struct bc_channel_info *info)
{
    (void)control;
    struct bc_json j;
    begin_channel(&j, info);
    return bc_json_end(&j);
}

void
bc_control_public_channels(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    bc_control_respond_list(control, x, false, make_channel);
}

// Whether there is anything to see now: a host, another channel, a slate.
static bool
is_playable(struct bc_control *control, const char *channel)
{
    struct bc_channel *found = bc_hub_find(control->params.hub, channel);
    struct bc_channel *program = NULL;
    if (found && bc_hub_is_open(control->params.hub, channel)) {
        program = bc_channel_program(found);
    }
    bool playable = program && bc_channel_state(program) != BC_CHANNEL_ENDED;
    bc_channel_unref(&program);
    bc_channel_unref(&found);
    return playable;
}

void
bc_control_public_channel(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_channel_info info;
    if (bc_control_find(control, x, channel, &info)) {
        struct bc_json j;
        begin_channel(&j, &info);
        bc_json_bool(&j, "playable", is_playable(control, channel));
        bc_json_put(&j, "dvr", bc_control_dvr_json(control, channel));
        bc_control_respond_json(x, 200, bc_json_end(&j));
    }
}
