// SPDX-License-Identifier: Apache-2.0
// The resources `replays` and `clips`: lists, single ones, their end, and exports.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "access/keys.h"
#include "base/log.h"
#include "base/query.h"
#include "clip/clip.h"
#include "control_internal.h"
#include "errand.h"
#include "json.h"
#include "protocol/http/token.h"
#include "recording_json.h"
#include "stream/hub.h"

#define TOKEN_MAX 256
#define QUEUE_RETRY "Retry-After: 5\r\n"

// --- lists ---

typedef struct json_t *
make_json(struct bc_control *control, const struct bc_catalogue_entry *entry,
    const struct bc_recording *r);

static bool
answer_list(struct bc_errand *e, struct bc_recording *r)
{
    (void)r;
    bool clips = e->query.filter.kind == BC_RECORDING_CLIP;
    make_json *make = clips ? bc_clip_json : bc_replay_json;
    const struct bc_catalogue_query *q = &e->query;
    struct bc_json list;
    bc_json_begin_array(&list);
    for (size_t i = 0; i < q->count; i++) {
        bc_json_append(&list, make(e->control, &q->entries[i], NULL));
    }
    struct bc_json root;
    bc_json_begin(&root);
    bc_json_put(&root, clips ? "clips" : "replays", bc_json_end(&list));
    bool more = q->more && q->count > 0;
    bc_json_text(&root, "cursor", more ? q->entries[q->count - 1].info.id : NULL);
    bc_control_respond_json(e->x, 200, bc_json_end(&root));
    return true;
}

// A value of the query that is wrong was answered.
static bool
read_filter(struct bc_http_exchange *x, struct bc_catalogue_filter *out)
{
    const char *query = bc_http_query(x);
    if (!bc_control_read_limit(x, &out->limit)) {
        return false;
    }
    int ret = bc_query_get(query, "cursor", out->cursor, sizeof(out->cursor));
    if (ret != -ENOENT && (ret < 0 || !bc_recording_id_is_valid(out->cursor))) {
        bc_control_respond_error(x, 400, "bad_cursor",
            "cursor is what the answer before gave", NULL);
        return false;
    }
    char channel[BC_CHANNEL_NAME_MAX + 1];
    ret = bc_query_get(query, "channel", channel, sizeof(channel));
    if (ret != -ENOENT
        && (ret < 0 || !bc_channel_name_is_valid(channel)
            || strlen(channel) >= sizeof(out->channel))) {
        bc_control_respond_error(x, 400, "bad_channel",
            "channel is a channel's name, such as live/hq", NULL);
        return false;
    }
    if (ret != -ENOENT) {
        memcpy(out->channel, channel, strlen(channel) + 1);
    }
    return true;
}

static void
list(struct bc_control *control, struct bc_http_exchange *x, enum bc_recording_kind kind)
{
    struct bc_catalogue_filter filter = { .kind = kind };
    if (!read_filter(x, &filter)) {
        return;
    }
    struct bc_errand *e = bc_errand_begin(control, x);
    if (e) {
        e->query.filter = filter;
        e->answer = answer_list;
        bc_errand_ask(e);
    }
}

void
bc_control_replays(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    list(control, x, BC_RECORDING_REPLAY);
}

void
bc_control_clips(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    list(control, x, BC_RECORDING_CLIP);
}

// --- one ---

static void
ask_one(struct bc_control *control, struct bc_http_exchange *x,
    enum bc_recording_kind kind, const char *id,
    bool (*answer)(struct bc_errand *e, struct bc_recording *r))
{
    struct bc_errand *e = bc_errand_begin(control, x);
    if (e) {
        bc_errand_open_one(e, kind, id, answer);
        bc_errand_ask(e);
    }
}

static bool
answer_one(struct bc_errand *e, struct bc_recording *r)
{
    bool clip = e->query.filter.kind == BC_RECORDING_CLIP;
    make_json *make = clip ? bc_clip_json : bc_replay_json;
    bc_control_respond_json(e->x, 200, make(e->control, e->query.entries, r));
    return true;
}

void
bc_control_replay(struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    ask_one(control, x, BC_RECORDING_REPLAY, id, answer_one);
}

void
bc_control_clip(struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    ask_one(control, x, BC_RECORDING_CLIP, id, answer_one);
}

// Whoever may play it may know of it.
static bool
may_play(struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_config *config = bc_hub_config(control->params.hub);
    bool allowed = config->access.play == BC_ACCESS_OPEN;
    if (!allowed) {
        char token[TOKEN_MAX];
        bc_http_token(x, token, sizeof(token));
        allowed = bc_keys_play_check(control->params.keys, config, channel, token)
            || bc_keys_api_check(control->params.keys, token);
        explicit_bzero(token, sizeof(token));
    }
    bc_config_unref(&config);
    return allowed;
}

static bool
answer_public(struct bc_errand *e, struct bc_recording *r)
{
    const struct bc_catalogue_entry *entry = e->query.entries;
    if (may_play(e->control, e->x, entry->info.channel)) {
        bc_control_respond_json(
            e->x, 200, bc_public_recording_json(e->control, entry, r));
    } else {
        bc_control_respond_error(e->x, 403, "forbidden",
            "a valid token is needed to watch this", NULL);
    }
    return true;
}

void
bc_control_public_replay(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    ask_one(control, x, BC_RECORDING_REPLAY, id, answer_public);
}

void
bc_control_public_clip(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    ask_one(control, x, BC_RECORDING_CLIP, id, answer_public);
}

// --- deleting ---

static void
respond_deleted(struct bc_errand *e)
{
    bool clip = e->deletion.kind == BC_RECORDING_CLIP;
    switch (e->deletion.result) {
    case 0:
        bc_control_respond_nothing(e->x);
        return;
    case -ENOENT:
        bc_control_respond_error(e->x, 404, clip ? "no_such_clip" : "no_such_replay",
            "there is nothing of this id", NULL);
        return;
    case -EBUSY:
        bc_control_respond_error(e->x, 409, "running",
            "the broadcast is being recorded; end it first", NULL);
        return;
    default:
        bc_control_respond_error(e->x, 503, "catalogue_unreadable",
            "the catalogue cannot be read; the log says why", NULL);
    }
}

static void
on_deleted(struct bc_retention_request *request)
{
    struct bc_errand *e = bc_container_of(request, struct bc_errand, deletion);
    if (request->result == 0 && e->control->params.clips) {
        bc_clips_cancel(e->control->params.clips, request->id);
    }
    if (e->x) {
        respond_deleted(e);
    }
    bc_errand_end(e);
}

static void
delete_one(struct bc_control *control, struct bc_http_exchange *x,
    enum bc_recording_kind kind, const char *id)
{
    if (!control->params.retention) {
        bc_control_respond_error(x, 503, "no_recordings",
            "this server keeps no recordings", NULL);
        return;
    }
    struct bc_errand *e = bc_errand_begin(control, x);
    if (!e) {
        return;
    }
    bc_info(NULL, "%s asks to delete %s %s", bc_http_peer(x),
        kind == BC_RECORDING_CLIP ? "clip" : "replay", id);
    e->deletion.kind = kind;
    snprintf(e->deletion.id, sizeof(e->deletion.id), "%s", id);
    e->deletion.worker = bc_http_worker(x);
    e->deletion.done = on_deleted;
    bc_errand_watch(e);
    bc_retention_delete(control->params.retention, &e->deletion);
}

void
bc_control_replay_delete(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    delete_one(control, x, BC_RECORDING_REPLAY, id);
}

void
bc_control_clip_delete(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    delete_one(control, x, BC_RECORDING_CLIP, id);
}

// --- exports ---

static void
respond_export(struct bc_errand *e, struct bc_recording *r, int status)
{
    bc_control_respond_json(
        e->x, status, bc_replay_json(e->control, e->query.entries, r));
}

static bool
answer_export(struct bc_errand *e, struct bc_recording *r)
{
    const struct bc_catalogue_entry *entry = e->query.entries;
    if (!r) {
        bc_control_respond_error(e->x, 404, "no_such_replay", "its files are gone", NULL);
        return true;
    }
    if (entry->state == BC_CATALOGUE_RUNNING) {
        bc_control_respond_error(e->x, 409, "running",
            "the broadcast is being recorded; end it first", NULL);
        return true;
    }
    int ret = entry->has_classic ? -EALREADY
                                 : bc_clips_export(e->control->params.clips, r);
    if (ret == 0 || ret == -EALREADY) {
        respond_export(e, r, ret == 0 ? 202 : 200);
    } else if (ret == -EAGAIN) {
        bc_control_respond_error(e->x, 429, "queue_full",
            "as many jobs wait as may (clip.queue); try again in a few seconds",
            QUEUE_RETRY BC_CONTROL_NO_STORE);
    } else {
        bc_control_respond_json(e->x, 202, NULL);
    }
    return true;
}

void
bc_control_replay_export(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    if (!control->params.clips) {
        bc_control_respond_error(x, 503, "no_recordings",
            "this server keeps no recordings", NULL);
        return;
    }
    ask_one(control, x, BC_RECORDING_REPLAY, id, answer_export);
}
