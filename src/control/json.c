// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/writer.h"
#include "utf8.h"

void
bc_json_begin(struct bc_json *j)
{
    j->value = json_object();
    j->failed = !j->value;
}

void
bc_json_begin_array(struct bc_json *j)
{
    j->value = json_array();
    j->failed = !j->value;
}

struct json_t *
bc_json_end(struct bc_json *j)
{
    json_t *value = j->value;
    j->value = NULL;
    if (j->failed) {
        json_decref(value);
        return NULL;
    }
    return value;
}

void
bc_json_put(struct bc_json *j, const char *key, struct json_t *value)
{
    if (json_object_set_new(j->value, key, value) != 0) {
        j->failed = true;
    }
}

void
bc_json_append(struct bc_json *j, struct json_t *value)
{
    if (json_array_append_new(j->value, value) != 0) {
        j->failed = true;
    }
}

static json_t *
make_text(const char *text)
{
    struct bc_writer w = { 0 };
    bc_utf8_repair(text, &w);
    json_t *value = w.failed ? NULL
                             : json_stringn(w.data ? (const char *)w.data : "", w.len);
    bc_writer_finish(&w);
    return value;
}

void
bc_json_text(struct bc_json *j, const char *key, const char *text)
{
    bc_json_put(j, key, text ? make_text(text) : json_null());
}

void
bc_json_null(struct bc_json *j, const char *key)
{
    bc_json_put(j, key, json_null());
}

void
bc_json_int(struct bc_json *j, const char *key, int64_t value)
{
    bc_json_put(j, key, json_integer(value));
}

void
bc_json_ms(struct bc_json *j, const char *key, int64_t us)
{
    bc_json_int(j, key, us / 1000);
}

struct json_t *
bc_json_nothing(void)
{
    return json_null();
}

void
bc_json_ms_exact(struct bc_json *j, const char *key, int64_t us)
{
    bc_json_put(j, key, json_real((double)us / 1000));
}

void
bc_json_bool(struct bc_json *j, const char *key, bool value)
{
    bc_json_put(j, key, json_boolean(value));
}

void
bc_json_real(struct bc_json *j, const char *key, double value)
{
    bc_json_put(j, key, json_real(isfinite(value) ? round(value * 100) / 100 : 0));
}

void
bc_json_time(struct bc_json *j, const char *key, int64_t wall_us)
{
    char text[BC_TIME_TEXT];
    if (wall_us == 0) {
        bc_json_null(j, key);
        return;
    }
    bc_clock_format(wall_us, text);
    bc_json_text(j, key, text);
}

struct json_t *
bc_json_parse(const void *text, size_t len)
{
    // Only objects and arrays are taken without JSON_DECODE_ANY, and no "\u0000".
    json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

size_t
bc_json_size(const struct json_t *object)
{
    return json_object_size(object);
}

const char *
bc_json_get_text(const struct json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

struct json_t *
bc_json_get_object(const struct json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_object(value) ? json_incref(value) : NULL;
}

void
bc_json_drop(struct json_t *value)
{
    json_decref(value);
}

char *
bc_json_print(struct json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(value);
    return text;
}

static int
write_chunk(const char *text, size_t len, void *user)
{
    struct bc_writer *w = user;
    bc_write_bytes(w, text, len);
    return w->failed ? -1 : 0;
}

struct bc_buf *
bc_json_dump(struct json_t *value)
{
    // 12 digits hide that 29.97 has no exact double.
    size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(12);
    struct bc_writer w = { 0 };
    struct bc_buf *buf = NULL;
    if (value && json_dump_callback(value, write_chunk, &w, flags) == 0) {
        bc_write_u8(&w, '\n');
        buf = bc_buf_from_writer(&w);
    }
    bc_writer_finish(&w);
    json_decref(value);
    return buf;
}

int
bc_json_get_bool(const struct json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);
    if (!value) {
        return 0;
    }
    if (!json_is_boolean(value)) {
        return -1;
    }
    *out = json_is_true(value);
    return 1;
}

int
bc_json_get_int(const struct json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!value) {
        return 0;
    }
    if (!json_is_integer(value)) {
        return -1;
    }
    *out = json_integer_value(value);
    return 1;
}

enum bc_json_kind
bc_json_get_kind(const struct json_t *object, const char *key, double *number)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_number(value)) {
        *number = json_number_value(value);
        return BC_JSON_NUMBER;
    }
    return !value               ? BC_JSON_MISSING
        : json_is_null(value)   ? BC_JSON_NULL
        : json_is_string(value) ? BC_JSON_TEXT
                                : BC_JSON_OTHER;
}

bool
bc_json_has_only(const struct json_t *object, const char *const *keys)
{
    size_t known = 0;
    for (; *keys; keys++) {
        known += json_object_get(object, *keys) != NULL;
    }
    return known == json_object_size(object);
}
