// SPDX-License-Identifier: Apache-2.0
#include "schedule_body.h"

#include <string.h>

#include "base/clock.h"
#include "json.h"

#define MS_US 1000

static const char *
read_time(const struct json_t *body, const char *key, int64_t *out)
{
    double unused;
    enum bc_json_kind kind = bc_json_get_kind(body, key, &unused);
    if (kind == BC_JSON_MISSING || kind == BC_JSON_NULL) {
        return NULL;
    }
    if (kind != BC_JSON_TEXT || !bc_clock_parse(bc_json_get_text(body, key), out)
        || *out < MS_US) {
        return "times are like 2026-03-01T20:00:00+08:00";
    }
    *out -= *out % MS_US;
    return NULL;
}

static const char *
read_record(const struct json_t *body, struct bc_config_schedule *out)
{
    double unused;
    bool record = false;
    if (bc_json_get_kind(body, "record", &unused) == BC_JSON_NULL) {
        return NULL;
    }
    int has = bc_json_get_bool(body, "record", &record);
    if (has == 1) {
        out->record = record ? BC_RECORD_ALWAYS : BC_RECORD_NEVER;
    }
    return has < 0 ? "record is true, false or null" : NULL;
}

static const char *
read_title(const struct json_t *body, struct bc_config_schedule *out)
{
    double unused;
    enum bc_json_kind kind = bc_json_get_kind(body, "title", &unused);
    if (kind == BC_JSON_MISSING || kind == BC_JSON_NULL) {
        return NULL;
    }
    const char *text = bc_json_get_text(body, "title");
    if (!text || strlen(text) > BC_SCHEDULE_TITLE_MAX) {
        return "title is a text of at most 200 bytes";
    }
    strcpy(out->title, text);
    return NULL;
}

static const char *
read_members(const struct json_t *body, struct bc_config_schedule *out)
{
    static const char *const KEYS[] = { "starts_at", "ends_at", "keys_from", "record",
        "title", NULL };
    if (!bc_json_has_only(body, KEYS)) {
        return "a schedule has starts_at, ends_at, keys_from, record and title";
    }
    const char *wrong = read_time(body, "starts_at", &out->starts_at_wall_us);
    wrong = wrong ? wrong : read_time(body, "ends_at", &out->ends_at_wall_us);
    wrong = wrong ? wrong : read_time(body, "keys_from", &out->keys_from_wall_us);
    wrong = wrong ? wrong : read_record(body, out);
    wrong = wrong ? wrong : read_title(body, out);
    if (!wrong && !bc_config_schedule_is_set(out)) {
        return "a schedule needs starts_at, ends_at or keys_from";
    }
    return wrong ? wrong : bc_config_schedule_problem(out);
}

const char *
bc_schedule_body_read(const void *body, size_t len, struct bc_config_schedule *out)
{
    struct json_t *object = bc_json_parse(body, len);
    *out = (struct bc_config_schedule){ 0 };
    const char *wrong = object ? read_members(object, out)
                               : "the body must be a JSON object";
    bc_json_drop(object);
    return wrong;
}
