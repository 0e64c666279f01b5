// SPDX-License-Identifier: Apache-2.0
// The file's text.
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "file.h"

#define VERSION 1
#define MS_US 1000

static bool
take_time(const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!value) {
        return true;
    }
    const char *text = json_string_value(value);
    if (!text || !bc_clock_parse(text, out)) {
        return false;
    }
    *out -= *out % MS_US;
    return *out != 0;
}

static bool
take_schedule(const json_t *object, struct bc_config_schedule *out)
{
    const json_t *record = json_object_get(object, "record");
    const json_t *title = json_object_get(object, "title");
    *out = (struct bc_config_schedule){ 0 };
    if (!json_is_object(object) || (record && !json_is_boolean(record))
        || (title && json_string_length(title) > BC_SCHEDULE_TITLE_MAX)
        || (title && !json_is_string(title))
        || !take_time(object, "starts_at", &out->starts_at_wall_us)
        || !take_time(object, "ends_at", &out->ends_at_wall_us)
        || !take_time(object, "keys_from", &out->keys_from_wall_us)) {
        return false;
    }
    if (record) {
        out->record = json_is_true(record) ? BC_RECORD_ALWAYS : BC_RECORD_NEVER;
    }
    if (title) {
        strcpy(out->title, json_string_value(title));
    }
    return bc_config_schedule_is_set(out) && !bc_config_schedule_problem(out);
}

bool
schedule_file_parse(const char *text, size_t len, schedule_file_each *each, void *user,
    size_t *skipped)
{
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *list = json_object_get(root, "schedules");
    bool ok = json_integer_value(json_object_get(root, "version")) == VERSION
        && json_is_object(list);
    *skipped = 0;
    const char *channel;
    json_t *value;
    json_object_foreach(list, channel, value)
    {
        struct bc_config_schedule schedule;
        if (!ok) {
            break;
        }
        if (bc_channel_name_is_valid(channel) && take_schedule(value, &schedule)) {
            each(user, channel, &schedule);
        } else {
            (*skipped)++;
        }
    }
    json_decref(root);
    return ok;
}

struct json_t *
schedule_file_begin(void)
{
    return json_pack("{s:i,s:{}}", "version", VERSION, "schedules");
}

static int
put_time(json_t *object, const char *key, int64_t wall_us)
{
    char text[BC_TIME_TEXT];
    if (wall_us == 0) {
        return 0;
    }
    bc_clock_format(wall_us, text);
    return json_object_set_new(object, key, json_string(text));
}

bool
schedule_file_add(
    struct json_t *file, const char *channel, const struct bc_config_schedule *s)
{
    json_t *object = json_object();
    int failed = !object;
    failed |= put_time(object, "starts_at", s->starts_at_wall_us);
    failed |= put_time(object, "ends_at", s->ends_at_wall_us);
    failed |= put_time(object, "keys_from", s->keys_from_wall_us);
    if (s->record != BC_RECORD_INVALID) {
        failed |= json_object_set_new(
            object, "record", json_boolean(s->record == BC_RECORD_ALWAYS));
    }
    if (s->title[0]) {
        failed |= json_object_set_new(object, "title", json_string(s->title));
    }
    // Takes the object over, also when it fails.
    failed |= json_object_set_new(json_object_get(file, "schedules"), channel, object);
    return !failed;
}

char *
schedule_file_end(struct json_t *file)
{
    char *text = json_dumps(file, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(file);
    return text;
}
