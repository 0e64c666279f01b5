// SPDX-License-Identifier: Apache-2.0
#ifndef CONTROL_INTERNAL_H
#define CONTROL_INTERNAL_H

#include "control/control.h"
#include "last_replay.h"
#include "protocol/http/exchange.h"
#include "stream/info.h"

struct bc_hub;
struct bc_schedule_found;
struct json_t;

// See control.h. Read by every worker, written by none but for what has a lock.
struct bc_control {
    struct bc_control_params params;
    struct bc_buf *openapi; // owned
    struct bc_replay_memo replays;
};

// --- answers (respond.c) ---

// What is true now is wrong a second later.
#define BC_CONTROL_NO_STORE "Cache-Control: no-store\r\n"

// Takes over `value`; NULL (there was no memory) is answered with 503.
void
bc_control_respond_json(struct bc_http_exchange *x, int status, struct json_t *value);

// {"error":{"code":…,"message":…}}. `headers` are complete lines, or NULL. Texts are
// ours, never the client's.
void
bc_control_respond_error(struct bc_http_exchange *x, int status, const char *code,
    const char *message, const char *headers);

// 204.
void
bc_control_respond_nothing(struct bc_http_exchange *x);

// --- handlers of the route table; `channel` stands for {app}/{stream}, {id} or
// {recording} or {picture}, else "" ---

typedef void
bc_control_handler(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel);

bc_control_handler bc_control_healthz;
bc_control_handler bc_control_readyz;
bc_control_handler bc_control_openapi;
bc_control_handler bc_control_metrics;
bc_control_handler bc_control_channels;
bc_control_handler bc_control_channel;
bc_control_handler bc_control_kick;
bc_control_handler bc_control_cut;
bc_control_handler bc_control_message;
bc_control_handler bc_control_relays;
bc_control_handler bc_control_relay_start;
bc_control_handler bc_control_relay_stop;
bc_control_handler bc_control_relay_enable;
bc_control_handler bc_control_relay_disable;
bc_control_handler bc_control_public_channels;
bc_control_handler bc_control_public_channel;
bc_control_handler bc_control_public_info;
bc_control_handler bc_control_public_replay;
bc_control_handler bc_control_public_clip;
bc_control_handler bc_control_record;
bc_control_handler bc_control_channel_change;
bc_control_handler bc_control_source_choose;
bc_control_handler bc_control_scene;
bc_control_handler bc_control_scene_set;
bc_control_handler bc_control_scene_delete;
bc_control_handler bc_control_scene_preview;
bc_control_handler bc_control_scene_preview_set;
bc_control_handler bc_control_scene_take;
bc_control_handler bc_control_scene_picture;
bc_control_handler bc_control_scene_status;
bc_control_handler bc_control_scene_presets;
bc_control_handler bc_control_composer;
bc_control_handler bc_control_composer_find;
bc_control_handler bc_control_composer_status;
bc_control_handler bc_control_composer_picture;
bc_control_handler bc_control_composer_asset;
bc_control_handler bc_control_schedule;
bc_control_handler bc_control_schedule_set;
bc_control_handler bc_control_schedule_delete;
bc_control_handler bc_control_cues;
bc_control_handler bc_control_cue;
bc_control_handler bc_control_cue_post;
bc_control_handler bc_control_cue_change;
bc_control_handler bc_control_cue_end;
bc_control_handler bc_control_cue_rules;
bc_control_handler bc_control_cue_rules_set;
bc_control_handler bc_control_products;
bc_control_handler bc_control_products_set;
bc_control_handler bc_control_about;
bc_control_handler bc_control_clip_channel;
bc_control_handler bc_control_clip_replay;
bc_control_handler bc_control_replays;
bc_control_handler bc_control_replay;
bc_control_handler bc_control_replay_delete;
bc_control_handler bc_control_replay_export;
bc_control_handler bc_control_replay_frames;
bc_control_handler bc_control_clips;
bc_control_handler bc_control_pictures;
bc_control_handler bc_control_picture_add;
bc_control_handler bc_control_picture_delete;
bc_control_handler bc_control_picture;
bc_control_handler bc_control_clip;
bc_control_handler bc_control_clip_delete;

// --- shared by handlers ---

// Fills `out`; false: there is no such channel, which was answered.
bool
bc_control_find(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, struct bc_channel_info *out);

// Calls `visit` for every channel in the order of names, until it returns false. False:
// there was no memory.
bool
bc_control_each(struct bc_hub *hub,
    bool (*visit)(void *user, const struct bc_channel_info *info), void *user);

// The same for all that are configured, scheduled or there; those that are not there have the
// state NONE.
bool
bc_control_each_known(struct bc_control *control,
    bool (*visit)(void *user, const struct bc_channel_info *info), void *user);

// As bc_control_find(), also for those.
bool
bc_control_find_known(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, struct bc_channel_info *out);

struct bc_cues;

// NULL: the server has none, which was answered.
struct bc_cues *
bc_control_cues_of(struct bc_control *control, struct bc_http_exchange *x);

// Answers {"channels":[…],"cursor":…} by the request's `limit` and `cursor`. `make` gives
// a channel's JSON; `with_ended` tells whether broadcasts that are over belong to the
// list, and with ?all=true channels that are not there.
void
bc_control_respond_list(struct bc_control *control, struct bc_http_exchange *x,
    bool with_ended,
    struct json_t *(*make)(struct bc_control *control, const struct bc_channel_info *info));

// [{"code","params","message"}], what a host should be told.
struct json_t *
bc_control_advice_json(const struct bc_channel_info *info);

// {"channel":…,"accepted":true}, what is under way.
struct json_t *
bc_control_accepted_json(const char *channel);

// A page's `limit`, at least 1, of the query. False: it is wrong, which was answered.
bool
bc_control_read_limit(struct bc_http_exchange *x, size_t *limit);

// What the recorder does with a channel; the second for everybody: null when there is
// nothing to go back to.
struct json_t *
bc_control_recording_json(struct bc_control *control, const char *channel);

struct json_t *
bc_control_dvr_json(struct bc_control *control, const char *channel);

// False: the channel has no schedule.
bool
bc_control_find_schedule(
    struct bc_control *control, const char *channel, struct bc_schedule_found *out);

// The same for an answer; null for none.
struct json_t *
bc_control_schedule_json(struct bc_control *control, const char *channel);

// The channel's sources for an answer; null when it is not there.
struct json_t *
bc_control_source_json(struct bc_control *control, const char *channel);

unsigned
bc_control_viewers(const struct bc_channel_info *info);

// --- pages.c ---

// Answers the web pages and their files; false: no page of ours.
bool
bc_control_page(struct bc_control *control, struct bc_http_exchange *x);

#endif
