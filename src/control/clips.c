// SPDX-License-Identifier: Apache-2.0
// Cutting clips.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "clip/clip.h"
#include "control_internal.h"
#include "errand.h"
#include "record/recorder.h"
#include "recording_json.h"

#define BODY_BYTES_MAX 4096
#define QUEUE_RETRY "Retry-After: 2\r\n"

// --- reading ---

// False: the request is wrong, which was answered.
static bool
read_request(struct bc_control *control, struct bc_http_exchange *x,
    struct bc_clip_wish *out)
{
    struct bc_http_body body = bc_http_request_body(x);
    if (body.len > BODY_BYTES_MAX) {
        bc_control_respond_error(x, 413, "body_too_long",
            "a clip's description has at most 4096 bytes", NULL);
        return false;
    }
    const char *code;
    const char *wrong = bc_clip_wish_read(body.data, body.len, out, &code);
    if (wrong) {
        bc_control_respond_error(x, 400, code, wrong, NULL);
        return false;
    }
    if (!control->params.clips) {
        bc_control_respond_error(x, 503, "no_recordings",
            "this server keeps no recordings", NULL);
        return false;
    }
    return true;
}

// --- cutting ---

// As it is in the catalogue in a moment.
static struct json_t *
make_started(struct bc_control *control, const struct bc_recording *r,
    const struct bc_clip_wish *wish, const struct bc_moment_range *range, const char *id)
{
    struct bc_catalogue_entry e = { .state = BC_CATALOGUE_RUNNING };
    struct bc_recording_info info;
    struct bc_recording_part part;
    size_t place;
    bc_recording_info(r, &info);
    e.info.kind = BC_RECORDING_CLIP;
    snprintf(e.info.id, sizeof(e.info.id), "%s", id);
    memcpy(e.info.channel, info.channel, sizeof(e.info.channel));
    memcpy(e.info.title, wish->title, sizeof(e.info.title));
    memcpy(e.info.source, info.id, sizeof(e.info.source));
    e.info.source_from_us = range->from_us;
    e.info.duration_us = range->to_us - range->from_us;
    e.info.source_to_us = range->to_us;
    e.info.frame_exact = wish->frame_exact;
    if (bc_recording_find(r, range->from_us, &place)
        && bc_recording_parts(r, place, &part, 1) == 1) {
        e.info.began_wall_us = part.wall_us + range->from_us - part.start_us;
        e.info.ended_wall_us = e.info.began_wall_us + e.info.duration_us;
    }
    return bc_clip_json(control, &e, NULL);
}

static void
respond_refused(struct bc_http_exchange *x, int error)
{
    switch (error) {
    case -EAGAIN:
        bc_control_respond_error(x, 429, "queue_full",
            "as many clips wait as may (clip.queue); try again in a few seconds",
            QUEUE_RETRY BC_CONTROL_NO_STORE);
        return;
    case -ERANGE:
        bc_control_respond_error(x, 400, "outside",
            "from and to are outside the recording, or less than a frame apart", NULL);
        return;
    case -EINVAL:
        bc_control_respond_error(x, 400, "bad_range", "from must be before to", NULL);
        return;
    default:
        bc_control_respond_json(x, 201, NULL);
    }
}

static void
cut(struct bc_control *control, struct bc_http_exchange *x, struct bc_recording *r,
    const struct bc_clip_wish *wish)
{
    struct bc_moment_range range;
    if (!bc_moment_resolve(r, &wish->from, &wish->to, &range)) {
        bc_control_respond_error(x, 400, range.code, range.error, NULL);
        return;
    }
    char id[BC_RECORDING_ID_MAX + 1];
    struct bc_clip_request request = { .source = r,
        .from_us = range.from_us,
        .to_us = range.to_us,
        .frame_exact = wish->frame_exact,
        .title = wish->title };
    int ret = bc_clips_start(control->params.clips, &request, id);
    if (ret != 0) {
        respond_refused(x, ret);
        return;
    }
    bc_info(NULL, "clip %s asked for by %s: %lld to %lld ms", id, bc_http_peer(x),
        (long long)(range.from_us / 1000), (long long)(range.to_us / 1000));
    bc_control_respond_json(x, 201, make_started(control, r, wish, &range, id));
}

static bool
answer_cut(struct bc_errand *e, struct bc_recording *r)
{
    if (r) {
        cut(e->control, e->x, r, &e->wish);
    } else {
        bc_control_respond_error(e->x, 404, "no_recording",
            "the recording's files are gone", NULL);
    }
    return true;
}

static void
ask(struct bc_control *control, struct bc_http_exchange *x,
    const struct bc_clip_wish *wish, const char *channel, const char *id)
{
    struct bc_errand *e = bc_errand_begin(control, x);
    if (!e) {
        return;
    }
    struct bc_catalogue_filter *filter = &e->query.filter;
    snprintf(filter->channel, sizeof(filter->channel), "%s", channel);
    snprintf(filter->id, sizeof(filter->id), "%s", id);
    e->one = true;
    e->open = true;
    e->wish = *wish;
    e->answer = answer_cut;
    bc_errand_ask(e);
}

void
bc_control_clip_replay(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    struct bc_clip_wish wish;
    if (read_request(control, x, &wish)) {
        ask(control, x, &wish, "", id);
    }
}

void
bc_control_clip_channel(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    struct bc_clip_wish wish;
    if (!read_request(control, x, &wish)) {
        return;
    }
    struct bc_recorder *recorder = control->params.recorder;
    struct bc_recording *r = recorder ? bc_recorder_current(recorder, channel) : NULL;
    if (r) {
        cut(control, x, r, &wish);
        bc_recording_unref(&r);
    } else {
        ask(control, x, &wish, channel, "");
    }
}
