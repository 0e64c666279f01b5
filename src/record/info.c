// SPDX-License-Identifier: Apache-2.0
#include "info.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "layout.h"
#include "bounds.h"

#define FORMAT_VERSION 1

// Cuts between characters of UTF-8, never in one.
static void
take_text(const json_t *object, const char *key, char *out, size_t out_bytes)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (!text) {
        return;
    }
    size_t len = strlen(text);
    if (len >= out_bytes) {
        len = out_bytes - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

static void
take_time(const json_t *object, const char *key, int64_t max_us, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t v = json_integer_value(value);
    if (json_is_integer(value) && v >= 0 && v <= max_us) {
        *out = v;
    }
}

int
record_info_parse(const char *text, size_t len, struct bc_recording_info *out)
{
    json_t *object = json_loadb(text, len, 0, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return -EINVAL;
    }
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (kind) {
        out->kind = strcmp(kind, "clip") == 0 ? BC_RECORDING_CLIP : BC_RECORDING_REPLAY;
    }
    take_text(object, "channel", out->channel, sizeof(out->channel));
    take_text(object, "title", out->title, sizeof(out->title));
    take_text(object, "source", out->source, sizeof(out->source));
    if (!bc_recording_id_is_valid(out->source)) {
        out->source[0] = '\0';
    }
    take_time(object, "source_from_us", RECORD_TIME_MAX_US, &out->source_from_us);
    take_time(object, "source_to_us", RECORD_TIME_MAX_US, &out->source_to_us);
    out->frame_exact = json_is_true(json_object_get(object, "frame_exact"));
    take_time(object, "began_us", RECORD_WALL_MAX_US, &out->began_wall_us);
    take_time(object, "ended_us", RECORD_WALL_MAX_US, &out->ended_wall_us);
    json_decref(object);
    return 0;
}

static int
read_file(int dir, struct bc_recording_info *out)
{
    uint64_t size;
    int fd = record_open_file(dir, RECORD_JSON_NAME, O_RDONLY, &size);
    if (fd < 0) {
        return fd;
    }
    int e = size > 0 && size <= RECORD_JSON_MAX ? 0 : -EINVAL;
    char *text = e ? NULL : malloc((size_t)size);
    if (!e) {
        e = text ? record_read(fd, text, (size_t)size, 0) : -ENOMEM;
    }
    if (!e) {
        e = record_info_parse(text, (size_t)size, out);
    }
    free(text);
    close(fd);
    return e;
}

// "20261122-153111-…"; 0 where an id has another form.
static int64_t
time_of_id(const char *id)
{
    struct tm tm = { 0 };
    int n = 0;
    if (sscanf(id, "%4d%2d%2d-%2d%2d%2d-%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
            &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &n)
            != 6
        || n == 0) {
        return 0;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    time_t s = timegm(&tm);
    return s > 0 && s < RECORD_WALL_MAX_US / 1000000 ? (int64_t)s * 1000000 : 0;
}

int
record_info_load(int dir, const char *folder, struct bc_recording_info *out)
{
    *out = (struct bc_recording_info){ 0 };
    if (!record_folder_id(folder, out->id)) {
        return -EINVAL;
    }
    if (strstr(folder, "clips/")) {
        out->kind = BC_RECORDING_CLIP;
    }
    out->began_wall_us = time_of_id(out->id);
    int e = read_file(dir, out);
    return e == -ENOMEM ? e : 0;
}

// Channels and titles were checked where they came in; bytes that are no UTF-8 all the
// same must not cost the recording its file.
static json_t *
make_text(const char *text)
{
    json_t *value = json_string(text);
    if (value) {
        return value;
    }
    char copy[BC_RECORDING_TITLE_MAX + 1];
    size_t n = 0;
    for (; text[n] != '\0' && n < sizeof(copy) - 1; n++) {
        copy[n] = text[n];
        if ((unsigned char)text[n] >= 0x80) {
            copy[n] = '?';
        }
    }
    copy[n] = '\0';
    return json_string(copy);
}

static json_t *
make_object(const struct bc_recording_info *info)
{
    bool clip = info->kind == BC_RECORDING_CLIP;
    bool ended = info->ended_wall_us > 0;
    json_t *object = json_object();
    int e = json_object_set_new(object, "version", json_integer(FORMAT_VERSION))
        | json_object_set_new(object, "kind", json_string(clip ? "clip" : "replay"))
        | json_object_set_new(object, "id", json_string(info->id))
        | json_object_set_new(object, "channel", make_text(info->channel))
        | json_object_set_new(object, "title", make_text(info->title))
        | json_object_set_new(object, "began_us", json_integer(info->began_wall_us))
        | json_object_set_new(
            object, "ended_us", ended ? json_integer(info->ended_wall_us) : json_null());
    if (ended) {
        e |= json_object_set_new(object, "duration_us", json_integer(info->duration_us))
            | json_object_set_new(object, "bytes", json_integer((json_int_t)info->bytes));
    }
    if (clip) {
        e |= json_object_set_new(object, "source", json_string(info->source))
            | json_object_set_new(
                object, "source_from_us", json_integer(info->source_from_us))
            | json_object_set_new(
                object, "source_to_us", json_integer(info->source_to_us))
            | json_object_set_new(
                object, "frame_exact", json_boolean(info->frame_exact));
    }
    if (e) {
        json_decref(object);
        return NULL;
    }
    return object;
}

int
record_info_save(int dir, const struct bc_recording_info *info)
{
    json_t *object = make_object(info);
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    int e = text
        ? record_replace_file(dir, RECORD_JSON_NAME, text, strlen(text))
        : -ENOMEM;
    free(text);
    json_decref(object);
    return e;
}
