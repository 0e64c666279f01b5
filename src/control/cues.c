// SPDX-License-Identifier: Apache-2.0
// A channel's cues: posting, looking, changing, ending.
#include "cue/cue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/query.h"
#include "control_internal.h"
#include "cue/rules.h"

struct bc_cues *
bc_control_cues_of(struct bc_control *control, struct bc_http_exchange *x)
{
    if (!control->params.cues) {
        bc_control_respond_error(x, 503, "no_cues", "this server has no cues", NULL);
    }
    return control->params.cues;
}

// --- answers ---

static void
respond_bytes(struct bc_http_exchange *x, int status, struct bc_buf *body)
{
    if (!body) {
        bc_control_respond_json(x, status, NULL);
        return;
    }
    struct bc_http_response r = { .status = status, .content_type = "application/json",
        .headers = BC_CONTROL_NO_STORE, .bufs = &body, .count = 1 };
    bc_http_respond(x, &r);
}

// Takes the cue's reference over.
static void
respond_cue(struct bc_http_exchange *x, int status, struct bc_cue *cue)
{
    respond_bytes(x, status, bc_cue_json(cue));
    bc_cue_unref(&cue);
}

// What went wrong with one cue; `ret` as in cue/cue.h.
struct problem {
    int ret;
    int status;
    const char *code;
    const char *text;
};

static const struct problem PROBLEMS[] = {
    { -EEXIST, 409, "cue_exists", "the channel has a cue of this id, or had one just now" },
    { -ENOSPC, 409, "too_many_cues", "64 cues of the channel run already; end one" },
    { -ERANGE, 400, "bad_time",
        "a cue begins between a minute ago and 24 hours from now, and lasts up to 24 hours" },
    { -EINVAL, 400, "bad_cue", "the cue's data is no JSON object" },
    { -E2BIG, 413, "cue_too_long", "a cue's data has at most 4096 bytes and 8 levels" },
    { -ENOENT, 404, "no_such_cue", "the channel has no such cue" },
    { -EALREADY, 409, "cue_over", "the cue is over already" },
};

static void
respond_problem(struct bc_http_exchange *x, int ret)
{
    for (size_t i = 0; i < sizeof(PROBLEMS) / sizeof(PROBLEMS[0]); i++) {
        if (PROBLEMS[i].ret == ret) {
            bc_control_respond_error(
                x, PROBLEMS[i].status, PROBLEMS[i].code, PROBLEMS[i].text, NULL);
            return;
        }
    }
    bc_control_respond_json(x, 200, NULL); // no memory
}

// --- handlers ---

void
bc_control_cue_post(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    struct bc_http_body sent = bc_http_request_body(x);
    struct bc_channel_info info;
    struct bc_cue_body body;
    struct bc_cue *cue;
    if (!cues || !bc_control_find_known(control, x, channel, &info)) {
        return;
    }
    const char *wrong
        = bc_cue_body_read(cues, channel, (const char *)sent.data, sent.len, &body);
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_cue", wrong, NULL);
        return;
    }
    int ret = bc_cues_post(cues, channel, &body.wish, &cue);
    bc_cue_body_finish(&body);
    if (ret != 0) {
        respond_problem(x, ret);
        return;
    }
    bc_info(NULL, "cue %s (%s) of %s posted by %s", cue->id, bc_cue_kind_name(cue->kind),
        channel, bc_http_peer(x));
    respond_cue(x, 201, cue);
}

static bool
has_flag(const struct bc_http_exchange *x, const char *name)
{
    char value[8];
    return bc_query_get(bc_http_query(x), name, value, sizeof(value)) > 0
        && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

void
bc_control_cues(struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    struct bc_channel_info info;
    if (!cues || !bc_control_find_known(control, x, channel, &info)) {
        return;
    }
    struct bc_buf *body = bc_cues_list_json(
        cues, channel, has_flag(x, "own") ? BC_CUES_OWN : BC_CUES_COUNTING);
    respond_bytes(x, 200, body);
    bc_buf_unref(&body);
}

// The last part of the path.
static const char *
id_of(const struct bc_http_exchange *x)
{
    return strrchr(bc_http_path(x), '/') + 1;
}

void
bc_control_cue(struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    struct bc_cue *cue = cues ? bc_cues_find(cues, channel, id_of(x)) : NULL;
    if (cue) {
        respond_cue(x, 200, cue);
    } else if (cues) {
        respond_problem(x, -ENOENT);
    }
}

static void
respond_change(struct bc_http_exchange *x, int ret, struct bc_cue *cue)
{
    if (ret == 0) {
        respond_cue(x, 200, cue);
    } else if (ret == -EPERM) {
        bc_control_respond_error(x, 409, "not_so",
            "a cue of another channel has its own duration, and the channel's own is ended, "
            "not hidden",
            NULL);
    } else {
        respond_problem(x, ret);
    }
}

void
bc_control_cue_change(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    struct bc_http_body sent = bc_http_request_body(x);
    struct bc_cue_change change;
    struct bc_cue *cue = NULL;
    char *data;
    if (!cues) {
        return;
    }
    const char *wrong
        = bc_cue_change_read((const char *)sent.data, sent.len, &change, &data);
    if (wrong) {
        bc_control_respond_error(x, 400, "bad_cue", wrong, NULL);
    } else {
        int ret = bc_cues_change(cues, channel, id_of(x), &change, &cue);
        respond_change(x, ret, cue);
    }
    free(data);
}

void
bc_control_cue_end(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_cues *cues = bc_control_cues_of(control, x);
    int ret = cues ? bc_cues_end(cues, channel, id_of(x)) : 0;
    if (!cues) {
        return;
    }
    if (ret == 0) {
        bc_info(
            NULL, "cue %s of %s ended by %s", id_of(x), channel, bc_http_peer(x));
        bc_control_respond_nothing(x);
    } else if (ret == -EPERM) {
        bc_control_respond_error(x, 409, "inherited",
            "the cue is another channel's: hide it with PATCH {\"hidden\": true}", NULL);
    } else {
        respond_problem(x, ret);
    }
}
