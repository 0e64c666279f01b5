// SPDX-License-Identifier: Apache-2.0
// The resource `channels`, for who has the administrator's token.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"
#include "last_replay.h"
#include "stream/hub.h"
#include "stream/source.h"

#define HOST_MAX 255 // RFC 1035 2.3.4

unsigned
bc_control_viewers(const struct bc_channel_info *info)
{
    unsigned sum = 0;
    for (int i = 0; i < BC_PROTOCOL_COUNT; i++) {
        sum += info->viewers[i];
    }
    return sum;
}

static struct json_t *
make_viewers(const struct bc_channel_info *info)
{
    struct bc_json j;
    bc_json_begin(&j);
    for (int i = 0; i < BC_PROTOCOL_COUNT; i++) {
        bc_json_int(&j, bc_protocol_name((enum bc_protocol)i), info->viewers[i]);
    }
    return bc_json_end(&j);
}

static void
begin_track(struct bc_json *j, const char *kind, const struct bc_track_info *track)
{
    bc_json_begin(j);
    bc_json_text(j, "kind", kind);
    bc_json_text(j, "codec", bc_codec_name(track->codec));
    bc_json_text(j, "codec_string", track->codec_string);
    bc_json_int(j, "bitrate_kbps", track->kbps);
}

static struct json_t *
make_tracks(const struct bc_channel_info *info)
{
    struct bc_json tracks;
    struct bc_json track;
    bc_json_begin_array(&tracks);
    if (info->video.present) {
        begin_track(&track, "video", &info->video);
        bc_json_int(&track, "width", info->video.width);
        bc_json_int(&track, "height", info->video.height);
        bc_json_real(&track, "fps", info->video.fps);
        bc_json_append(&tracks, bc_json_end(&track));
    }
    if (info->audio.present) {
        begin_track(&track, "audio", &info->audio);
        bc_json_int(&track, "sample_rate", info->audio.sample_rate);
        bc_json_int(&track, "channels", info->audio.channels);
        bc_json_append(&tracks, bc_json_end(&track));
    }
    return bc_json_end(&tracks);
}

// What is counted on both sides of a line.
static void
put_counts(struct bc_json *j, const struct bc_line_stats *line)
{
    bc_json_int(j, "packets", (int64_t)line->packets);
    bc_json_int(j, "lost", (int64_t)line->lost);
    bc_json_int(j, "retransmitted", (int64_t)line->retransmitted);
    bc_json_int(j, "dropped", (int64_t)line->dropped);
}

static struct json_t *
make_line(const struct bc_line_stats *line)
{
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_bool(&j, "encrypted", line->encrypted);
    bc_json_int(&j, "latency_ms", line->latency_ms);
    bc_json_real(&j, "rtt_ms", line->rtt_us / 1e3);
    bc_json_int(&j, "bandwidth_kbps", (int64_t)(line->bandwidth_bps / 1000));
    put_counts(&j, line);
    bc_json_int(&j, "undecrypted", (int64_t)line->undecrypted);
    return bc_json_end(&j);
}

static struct json_t *
make_viewer_lines(const struct bc_line_stats *lines)
{
    struct bc_json j;
    bc_json_begin(&j);
    put_counts(&j, lines);
    return bc_json_end(&j);
}

static struct json_t *
make_take(const struct bc_take_info *take)
{
    bool over = take->ended_wall_us != 0;
    int64_t until_us = over ? take->ended_wall_us : bc_clock_wall_us();
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_int(&j, "number", (int64_t)take->number);
    bc_json_text(&j, "protocol", take->protocol);
    bc_json_text(&j, "peer", take->peer);
    bc_json_text(&j, "encoder", take->encoder);
    bc_json_time(&j, "began_at", take->began_wall_us);
    bc_json_time(&j, "ended_at", take->ended_wall_us);
    bc_json_ms(&j, "duration_ms", until_us - take->began_wall_us);
    bc_json_text(&j, "end_reason", over ? take->end_reason : NULL);
    bc_json_int(&j, "bytes", (int64_t)take->bytes);
    bc_json_int(&j, "video_frames", (int64_t)take->video_frames);
    bc_json_int(&j, "audio_frames", (int64_t)take->audio_frames);
    if (take->line.present) {
        bc_json_put(&j, "srt", make_line(&take->line));
    } else {
        bc_json_null(&j, "srt");
    }
    return bc_json_end(&j);
}

static void
begin_channel(struct bc_json *j, const struct bc_channel_info *info)
{
    bc_json_begin(j);
    bc_json_text(j, "channel", info->name);
    bc_json_text(j, "state", bc_channel_state_name(info->state));
    bc_json_int(j, "broadcast", (int64_t)info->broadcast);
    bc_json_int(j, "epoch", info->epoch);
    bc_json_time(j, "began_at", info->began_wall_us);
    bc_json_ms(j, "duration_ms", info->media_us);
    bc_json_int(j, "viewers", bc_control_viewers(info));
    bc_json_put(j, "viewers_by_protocol", make_viewers(info));
    bc_json_put(j, "viewers_srt", make_viewer_lines(&info->viewer_lines));
    bc_json_put(j, "tracks", make_tracks(info));
    bc_json_int(j, "bitrate_kbps", info->video.kbps + info->audio.kbps);
    bc_json_int(j, "usual_bitrate_kbps", info->usual_kbps);
    bc_json_ms(j, "gop_ms", info->gop_us);
    bc_json_ms(j, "gop_max_ms", info->gop_max_us);
    bc_json_bool(j, "has_b_frames", info->has_b_frames);
    bc_json_int(j, "timestamp_repairs", (int64_t)info->timestamp_repairs);
    bc_json_int(j, "timestamp_jumps", (int64_t)info->timestamp_jumps);
    bc_json_put(j, "advice", bc_control_advice_json(info));
    if (info->history_count > 0 && info->history[0].ended_wall_us == 0) {
        bc_json_put(j, "take", make_take(&info->history[0]));
    } else {
        bc_json_null(j, "take");
    }
    bc_json_int(j, "takes_total", (int64_t)info->takes);
}

// What operators decide about it.
static void
put_plan(struct bc_json *j, struct bc_control *control, const char *channel)
{
    struct bc_config *config = bc_hub_config(control->params.hub);
    const struct bc_config_channel *own = bc_config_channel(config, channel);
    bc_json_int(j, "delay_s", own ? own->delay_s : 0);
    bc_config_unref(&config);
    bc_json_bool(j, "open", bc_hub_is_open(control->params.hub, channel));
    bc_json_put(j, "source", bc_control_source_json(control, channel));
    bc_json_put(j, "schedule", bc_control_schedule_json(control, channel));
}

static struct json_t *
make_summary(struct bc_control *control, const struct bc_channel_info *info)
{
    struct bc_json j;
    begin_channel(&j, info);
    put_plan(&j, control, info->name);
    return bc_json_end(&j);
}

static void
put_url(struct bc_json *urls, const char *key, const char *before, const char *channel,
    const char *after)
{
    char url[HOST_MAX + BC_CHANNEL_NAME_MAX + 64];
    snprintf(url, sizeof(url), "%s%s%s", before, channel, after);
    bc_json_text(urls, key, url);
}

// The host by which the client knows us, without its port. What else may stand in a Host
// header must not become part of an address that is copied into an encoder.
static bool
host_of(const struct bc_http_exchange *x, char out[HOST_MAX + 1])
{
    const char *host = bc_http_header(x, "host");
    if (!host) {
        return false;
    }
    bool bracket = host[0] == '[';
    size_t len = bracket ? strcspn(host, "]") + 1 : strcspn(host, ":");
    static const char *const ALLOWED =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789.-_";
    size_t inner = bracket ? strspn(host + 1, "0123456789abcdefABCDEF:.") + 2
                           : strspn(host, ALLOWED);
    bool empty = bracket ? len <= 2 || host[len - 1] != ']' : len == 0;
    if (empty || len > HOST_MAX || inner != len) {
        return false;
    }
    memcpy(out, host, len);
    out[len] = '\0';
    return true;
}

// Addresses by HTTP are relative, so that they hold behind a proxy too.
static struct json_t *
make_urls(struct bc_control *control, const struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_json j;
    bc_json_begin(&j);
    put_url(&j, "watch", "/watch/", channel, "");
    put_url(&j, "embed", "/embed/", channel, "");
    put_url(&j, "hls", "/", channel, "/index.m3u8");
    put_url(&j, "audio", "/", channel, "/audio.m3u8");
    put_url(&j, "flv", "/", channel, ".flv");
    struct bc_config *config = bc_hub_config(control->params.hub);
    if (config->webrtc.listen.n > 0) {
        put_url(&j, "whep", "/", channel, "/whep");
        put_url(&j, "whip", "/", channel, "/whip");
        put_url(&j, "go_live", "/go-live/", channel, "");
    } else {
        bc_json_null(&j, "whep");
        bc_json_null(&j, "whip");
        bc_json_null(&j, "go_live");
    }
    char host[HOST_MAX + 1];
    char rtmp[HOST_MAX + 32];
    if (config->rtmp.listen.n > 0 && host_of(x, host)) {
        unsigned port = config->rtmp.listen.items[0].port;
        char suffix[16] = "";
        if (port != 1935) {
            snprintf(suffix, sizeof(suffix), ":%u", port);
        }
        snprintf(rtmp, sizeof(rtmp), "rtmp://%s%s/", host, suffix);
        put_url(&j, "rtmp", rtmp, channel, "");
    } else {
        bc_json_null(&j, "rtmp");
    }
    bc_config_unref(&config);
    return bc_json_end(&j);
}

void
bc_control_channels(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    bc_control_respond_list(control, x, true, make_summary);
}

static void
respond_channel(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, const struct bc_last_replay *last)
{
    struct bc_channel_info info;
    if (!bc_control_find_known(control, x, channel, &info)) {
        return;
    }
    struct bc_json takes;
    bc_json_begin_array(&takes);
    for (unsigned i = 0; i < info.history_count; i++) {
        bc_json_append(&takes, make_take(&info.history[i]));
    }
    struct bc_json j;
    begin_channel(&j, &info);
    put_plan(&j, control, channel);
    bc_json_put(&j, "takes", bc_json_end(&takes));
    bc_json_put(&j, "recording", bc_control_recording_json(control, channel));
    bc_json_text(&j, "replay", last->id[0] ? last->id : NULL);
    bc_json_put(&j, "urls", make_urls(control, x, channel));
    bc_control_respond_json(x, 200, bc_json_end(&j));
}

void
bc_control_channel(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_channel_info info;
    if (bc_control_find_known(control, x, channel, &info)) {
        bc_last_replay_get(control, x, channel, respond_channel);
    }
}
