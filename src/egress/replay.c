// SPDX-License-Identifier: Apache-2.0
// Requests for recordings: who may, which recording, what a disk thread has to look up, and
// the answer. Nothing here waits on a worker.
#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/query.h"
#include "net/disk.h"
#include "picture/picture.h"
#include "record/recorder.h"
#include "replay_job.h"
#include "stream/hub.h"

// A request on its way: to the library, to a disk thread and back. Owned by itself; belongs
// to the worker of its exchange but while `job` runs.
struct request {
    struct bc_media *media; // borrowed
    struct bc_http_exchange *x; // NULL once the client is gone
    struct bc_worker *worker;
    struct bc_replay_url url; // `file` is not used here: the path may be gone
    struct bc_library_waiter waiter;
    struct bc_task task;
    struct bc_replay_job job;
    bool may_play; // decided before the recording was known
};

static void
destroy(struct request *q)
{
    bc_replay_job_finish(&q->job);
    bc_recording_unref(&q->job.recording);
    free(q);
}

static void
refuse_unknown(struct bc_http_exchange *x, enum bc_recording_kind kind)
{
    bool clip = kind == BC_RECORDING_CLIP;
    bc_http_respond_error(x, 404, clip ? "no_such_clip" : "no_such_replay",
        clip ? "there is no such clip" : "there is no such replay");
}

// --- the way through the threads ---

static void
on_done(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct request *q = bc_container_of(task, struct request, task);
    if (q->x) {
        bc_replay_job_answer(&q->job, q->x);
    }
    destroy(q);
}

static void
run_on_disk(struct bc_task *task, struct bc_worker *thread)
{
    (void)thread;
    struct request *q = bc_container_of(task, struct request, task);
    bc_replay_job_run(&q->job);
    q->task.run = on_done;
    bc_worker_post(q->worker, &q->task);
}

static void
on_gone_from_disk(void *user)
{
    ((struct request *)user)->x = NULL;
}

static void
on_gone_from_library(void *user)
{
    struct request *q = user;
    bc_library_cancel(q->media->library, &q->waiter);
    destroy(q);
}

// --- once the recording is known ---

static bool
may_play(struct request *q, const struct bc_recording_info *info)
{
    if (q->may_play) {
        return true;
    }
    bool allowed = bc_media_allows(q->media, q->x, info->channel, "");
    if (!allowed) {
        bc_http_respond_error(
            q->x, 403, "forbidden", "a valid token is needed to watch this");
    }
    return allowed;
}

// Pictures are made when somebody asks for them; those of a running recording, and of one
// whose end nobody saw to, are brought up to date.
static void
ask_for_pictures(struct request *q)
{
    if (q->url.what == BC_REPLAY_PICTURE && q->media->pictures) {
        bc_pictures_update(q->media->pictures, q->job.recording);
    }
}

static void
set_lengths(struct bc_replay_job *job, struct bc_media *media)
{
    struct bc_config *config = bc_hub_config(media->hub);
    job->window_us = config->record.dvr_window_s * 1000000;
    job->target_us = config->hls.target_s * 1000000;
    bc_config_unref(&config);
}

// Answers at once what was made already, else sends the request to a disk thread. `q` is
// done with or on its way.
static void
go_on(struct request *q)
{
    struct bc_recording_info info;
    bc_recording_info(q->job.recording, &info);
    if (q->url.dvr && strcmp(q->url.channel, info.channel) != 0) {
        refuse_unknown(q->x, q->url.kind);
        destroy(q);
        return;
    }
    if (!may_play(q, &info)) {
        destroy(q);
        return;
    }
    ask_for_pictures(q);
    if (bc_replay_job_peek(&q->job)) {
        bc_replay_job_answer(&q->job, q->x);
        destroy(q);
        return;
    }
    bc_http_on_gone(q->x, on_gone_from_disk, q);
    q->task.run = run_on_disk;
    bc_disk_post(q->media->disk, &q->task);
}

static void
on_found(struct bc_library_waiter *waiter, struct bc_recording *r)
{
    struct request *q = bc_container_of(waiter, struct request, waiter);
    if (!r) {
        refuse_unknown(q->x, q->url.kind);
        destroy(q);
        return;
    }
    q->job.recording = bc_recording_ref(r);
    go_on(q);
}

// --- requests ---

static struct request *
create(struct bc_media *media, struct bc_http_exchange *x, const struct bc_replay_url *url)
{
    struct request *q = calloc(1, sizeof(*q));
    if (!q) {
        bc_http_respond_error(x, 503, "no_memory", "the server is out of memory");
        return NULL;
    }
    q->media = media;
    q->x = x;
    q->worker = bc_http_worker(x);
    q->url = *url;
    q->url.file = NULL;
    q->waiter.worker = q->worker;
    q->waiter.ready = on_found;
    bc_list_init(&q->waiter.node);
    bc_list_init(&q->task.node);
    bc_replay_job_init(&q->job, media, url, x);
    return q;
}

// What an id in the path is a proof of, when there is no channel: the recording.
static void
name_of(const struct bc_replay_url *url, char out[BC_CHANNEL_NAME_MAX + 1])
{
    snprintf(out, BC_CHANNEL_NAME_MAX + 1, "%s/%s",
        url->kind == BC_RECORDING_CLIP ? "clip" : "replay", url->id);
}

// With an id in the path the recording needs not be known to tell who may play.
static bool
check_sid(struct request *q)
{
    char name[BC_CHANNEL_NAME_MAX + 1];
    if (!q->url.sid[0]) {
        return true;
    }
    name_of(&q->url, name);
    q->may_play = bc_media_allows(
        q->media, q->x, q->url.dvr ? q->url.channel : name, q->url.sid);
    if (!q->may_play) {
        bc_http_respond_error(
            q->x, 403, "forbidden", "this address is not valid (any more)");
    }
    return q->may_play;
}

static void
count_viewer(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_replay_url *url)
{
    struct bc_channel *channel = bc_hub_find(media->hub, url->channel);
    if (channel) {
        bc_hls_sessions_touch(media->sessions, channel, url->sid, bc_http_peer_ip(x),
            bc_clock_us());
    }
    bc_channel_unref(&channel);
}

// A DVR playlist names its recording in the query, so that a player of a broadcast that is
// over gets the end of that one; without, it is what is recorded now.
static struct bc_recording *
find_dvr(struct bc_media *media, struct bc_http_exchange *x, struct bc_replay_url *url)
{
    char id[BC_RECORDING_ID_MAX + 1];
    if (bc_query_get(bc_http_query(x), "r", id, sizeof(id)) > 0
        && bc_recording_id_is_valid(id)) {
        strcpy(url->id, id);
        return NULL;
    }
    return media->recorder ? bc_recorder_current(media->recorder, url->channel) : NULL;
}

// Gives every viewer of a recording that needs a token an id, for players that do not carry
// the token along to what the playlist points to.
static void
set_uri(struct request *q)
{
    char name[BC_CHANNEL_NAME_MAX + 1];
    char sid[BC_HLS_SID_TEXT];
    struct bc_config *config = bc_hub_config(q->media->hub);
    bool open = config->access.play == BC_ACCESS_OPEN;
    bc_config_unref(&config);
    if (open || q->url.sid[0] || q->url.what != BC_REPLAY_MULTIVARIANT) {
        snprintf(q->job.uri, sizeof(q->job.uri), "main.m3u8");
        return;
    }
    name_of(&q->url, name);
    bc_hls_sessions_issue(q->media->sessions, name, sid);
    snprintf(q->job.uri, sizeof(q->job.uri), "s/%s/main.m3u8", sid);
}

static bool
method_allowed(struct bc_http_exchange *x)
{
    enum bc_http_method m = bc_http_method(x);
    if (m != BC_HTTP_GET && m != BC_HTTP_HEAD) {
        bc_media_refuse_method(x);
        return false;
    }
    return true;
}

void
bc_replay_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_replay_url *parsed)
{
    struct bc_replay_url url = *parsed;
    if (!method_allowed(x)) {
        return;
    }
    if (!media->library || url.what == BC_REPLAY_NOTHING) {
        bc_http_respond_error(x, 404, "not_found", "there is nothing at this address");
        return;
    }
    struct bc_recording *r = NULL;
    if (url.dvr && url.what == BC_REPLAY_PLAYLIST) {
        r = find_dvr(media, x, &url);
    }
    struct request *q = create(media, x, &url);
    if (!q || !check_sid(q)) {
        bc_recording_unref(&r);
        if (q) {
            destroy(q);
        }
        return;
    }
    if (url.dvr && url.what == BC_REPLAY_PLAYLIST) {
        count_viewer(media, x, &url);
    }
    set_lengths(&q->job, media);
    set_uri(q);
    q->job.recording = r ? r : url.id[0] ? bc_library_peek(media->library, url.kind, url.id)
                                         : NULL;
    if (q->job.recording) {
        go_on(q);
    } else if (!url.id[0]) {
        refuse_unknown(x, url.kind);
        destroy(q);
    } else {
        bc_http_on_gone(x, on_gone_from_library, q);
        bc_library_get(media->library, url.kind, url.id, q->worker, &q->waiter);
    }
}

bool
bc_replay_handle_dvr_index(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url)
{
    char value[8];
    struct bc_recording_segment first;
    if (!media->recorder || bc_query_get(bc_http_query(x), "dvr", value, sizeof(value)) < 0
        || strcmp(value, "0") == 0) {
        return false;
    }
    struct bc_recording *r = bc_recorder_current(media->recorder, url->channel);
    if (!r || bc_recording_segments(r, 0, &first, 1) == 0 || !first.closed) {
        bc_recording_unref(&r);
        return false;
    }
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    struct bc_replay_url of = { .what = BC_REPLAY_MULTIVARIANT, .dvr = true, .file = "" };
    snprintf(of.id, sizeof(of.id), "%s", info.id);
    snprintf(of.channel, sizeof(of.channel), "%s", url->channel);
    struct request *q = create(media, x, &of);
    if (!q) {
        bc_recording_unref(&r);
        return true;
    }
    char prefix[BC_HLS_PREFIX_TEXT];
    bc_hls_child_prefix(media, url, prefix);
    snprintf(q->job.uri, sizeof(q->job.uri), "%sdvr.m3u8?r=%s", prefix, info.id);
    q->may_play = true; // as bc_media_handle() found out
    q->job.recording = r;
    go_on(q);
    return true;
}
