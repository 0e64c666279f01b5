// SPDX-License-Identifier: Apache-2.0
// What somebody wants cut, as the API takes it.
#include "clip_wish.h"

#include <string.h>

#include "json.h"

// 1: there; 0: not there or null; -1: no moment.
static int
read_moment(const struct json_t *request, const char *key, size_t *known,
    struct bc_moment *out)
{
    double ms = 0;
    enum bc_json_kind kind = bc_json_get_kind(request, key, &ms);
    *known += kind != BC_JSON_MISSING;
    switch (kind) {
    case BC_JSON_MISSING:
    case BC_JSON_NULL:
        return 0;
    case BC_JSON_TEXT:
        return bc_moment_of_text(bc_json_get_text(request, key), out) ? 1 : -1;
    case BC_JSON_NUMBER:
        return bc_moment_of_ms(ms, out) ? 1 : -1;
    case BC_JSON_OTHER:
        break;
    }
    return -1;
}

static bool
read_title(const struct json_t *request, size_t *known, char out[BC_RECORDING_TITLE_MAX + 1])
{
    double unused;
    enum bc_json_kind kind = bc_json_get_kind(request, "title", &unused);
    *known += kind != BC_JSON_MISSING;
    out[0] = '\0';
    if (kind == BC_JSON_MISSING || kind == BC_JSON_NULL) {
        return true;
    }
    const char *title = bc_json_get_text(request, "title");
    if (!title || strlen(title) > BC_RECORDING_TITLE_MAX) {
        return false;
    }
    for (const char *p = title; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            return false;
        }
    }
    memcpy(out, title, strlen(title) + 1);
    return true;
}

static bool
read_precision(const struct json_t *request, size_t *known, bool *frame_exact)
{
    double unused;
    enum bc_json_kind kind = bc_json_get_kind(request, "precision", &unused);
    *known += kind != BC_JSON_MISSING;
    *frame_exact = true;
    if (kind == BC_JSON_MISSING || kind == BC_JSON_NULL) {
        return true;
    }
    const char *text = bc_json_get_text(request, "precision");
    *frame_exact = text && strcmp(text, "frame") == 0;
    return text && (*frame_exact || strcmp(text, "keyframe") == 0);
}

static const char *
read_wish(const struct json_t *request, struct bc_clip_wish *out, const char **code)
{
    size_t known = 0;
    int from = read_moment(request, "from", &known, &out->from);
    int to = read_moment(request, "to", &known, &out->to);
    *code = "bad_range";
    if (from <= 0) {
        return "from: must be a time such as \"2026-03-01T12:00:00.5+08:00\", or "
               "milliseconds of recording time, below 0 before the end";
    }
    if (to < 0) {
        return "to: must be a time as from, or null for the end, or now";
    }
    *code = "bad_clip";
    if (!read_title(request, &known, out->title)) {
        return "title: must be a text of at most 200 bytes without control characters";
    }
    if (!read_precision(request, &known, &out->frame_exact)) {
        return "precision: must be frame or keyframe";
    }
    if (known != bc_json_size(request)) {
        return "a clip is {\"from\": ..., \"to\": ..., \"title\": \"...\", \"precision\": "
               "\"frame\" or \"keyframe\"}, and nothing else";
    }
    return NULL;
}

const char *
bc_clip_wish_read(
    const void *body, size_t len, struct bc_clip_wish *out, const char **code)
{
    *out = (struct bc_clip_wish){ 0 };
    *code = "bad_clip";
    struct json_t *request = bc_json_parse(body, len);
    const char *wrong = request ? read_wish(request, out, code)
                                : "the body must be a JSON object";
    bc_json_drop(request);
    return wrong;
}
