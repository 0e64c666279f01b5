// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/cue_point.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "protocol/rtmp/amf.h"

#define NAME "onCuePoint"
#define DURATION_MAX_MS (24.0 * 3600 * 1000)
#define EXACT_MAX 1e15 // whole numbers that are written as such

// What messages of ours begin with: the time has its place right behind it.
static const uint8_t HEAD[] = { 2, 0, 10, 'o', 'n', 'C', 'u', 'e', 'P', 'o', 'i', 'n', 't', 3,
    0, 4, 't', 'i', 'm', 'e', 0 };
#define NAME_BYTES 13 // of them, the name
#define NUMBER_BYTES 8

static void
put_text(struct bc_writer *w, const char *key, const char *text)
{
    bc_amf_write_key(w, key);
    bc_amf_write_string(w, text);
}

static void
put_number(struct bc_writer *w, const char *key, double v)
{
    bc_amf_write_key(w, key);
    bc_amf_write_number(w, v);
}

void
bc_cue_point_write(struct bc_writer *w, const struct bc_cue_point *cue)
{
    bc_write_bytes(w, HEAD, sizeof(HEAD));
    bc_write_f64(w, cue->time_s);
    put_text(w, "name", cue->id);
    put_text(w, "type", "event");
    bc_amf_write_key(w, "parameters");
    bc_amf_write_object_begin(w);
    put_text(w, "id", cue->id);
    put_text(w, "kind", cue->kind);
    put_number(w, "revision", cue->revision);
    put_text(w, "at", cue->at);
    put_number(w, "at_ms", (double)cue->at_ms);
    if (cue->duration_ms > 0) {
        put_number(w, "duration_ms", (double)cue->duration_ms);
    }
    if (cue->ended) {
        bc_amf_write_key(w, "ended");
        bc_amf_write_boolean(w, true);
    }
    put_text(w, "data", cue->data);
    bc_amf_write_object_end(w);
    bc_amf_write_object_end(w);
}

bool
bc_cue_point_is(const uint8_t *data, size_t len)
{
    return len > NAME_BYTES && memcmp(data, HEAD, NAME_BYTES) == 0;
}

bool
bc_cue_point_move(uint8_t *data, size_t len, double seconds)
{
    if (len < sizeof(HEAD) + NUMBER_BYTES || memcmp(data, HEAD, sizeof(HEAD)) != 0) {
        return false;
    }
    struct bc_reader r = bc_reader_init(data + sizeof(HEAD), NUMBER_BYTES);
    double time_s = bc_read_f64(&r) + seconds;
    uint64_t bits;
    memcpy(&bits, &time_s, sizeof(bits));
    for (unsigned i = 0; i < NUMBER_BYTES; i++) {
        data[sizeof(HEAD) + i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    return true;
}

// --- a foreign one as JSON ---

static void
put_string(struct bc_writer *w, const char *text, size_t len)
{
    bc_write_u8(w, '"');
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c < 0x20) {
            bc_write_fmt(w, "\\u%04x", c);
        } else {
            if (c == '"' || c == '\\') {
                bc_write_u8(w, '\\');
            }
            bc_write_u8(w, c);
        }
    }
    bc_write_u8(w, '"');
}

static void
put_json_number(struct bc_writer *w, double v)
{
    if (!isfinite(v)) {
        bc_write_str(w, "null");
    } else if (fabs(v) < EXACT_MAX && v == (double)(long long)v) {
        bc_write_fmt(w, "%lld", (long long)v);
    } else {
        bc_write_fmt(w, "%.15g", v);
    }
}

static void
put_value(struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v);

// As deep as the parser went (BC_AMF_MAX_DEPTH).
static void
put_members(struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v,
    bool named)
{
    bool first = true;
    bc_write_u8(w, named ? '{' : '[');
    for (v = bc_amf_child(amf, v); v; v = bc_amf_next(amf, v)) {
        if (!first) {
            bc_write_u8(w, ',');
        }
        first = false;
        if (named) {
            put_string(w, v->key, v->key_len);
            bc_write_u8(w, ':');
        }
        put_value(w, amf, v);
    }
    bc_write_u8(w, named ? '}' : ']');
}

static void
put_value(struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v)
{
    if (w->len > BC_CUE_POINT_DATA_MAX) {
        return; // too much already, which the caller sees
    }
    switch (v->type) {
    case BC_AMF_NUMBER:
    case BC_AMF_DATE:
        put_json_number(w, v->number);
        break;
    case BC_AMF_BOOLEAN:
        bc_write_str(w, v->number != 0 ? "true" : "false");
        break;
    case BC_AMF_STRING:
        put_string(w, v->text, v->text_len);
        break;
    case BC_AMF_OBJECT:
    case BC_AMF_ARRAY:
        put_members(w, amf, v, v->type == BC_AMF_OBJECT);
        break;
    case BC_AMF_NONE:
    case BC_AMF_NULL:
    case BC_AMF_UNDEFINED:
        bc_write_str(w, "null");
        break;
    }
}

static int
read_foreign(struct bc_cue_point *cue, const struct bc_amf *amf,
    const struct bc_amf_value *object)
{
    static const char *const KEYS[] = { "name", "type", "parameters" };
    struct bc_writer w = { 0 };
    bc_write_u8(&w, '{');
    for (unsigned i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        const struct bc_amf_value *v = bc_amf_get(amf, object, KEYS[i]);
        if (v) {
            bc_write_fmt(&w, "%s\"%s\":", w.len > 1 ? "," : "", KEYS[i]);
            put_value(&w, amf, v);
        }
    }
    bc_write_u8(&w, '}');
    size_t len = w.len;
    bc_write_u8(&w, 0);
    int ret = w.failed ? -ENOMEM : len > BC_CUE_POINT_DATA_MAX ? -E2BIG : 0;
    if (ret < 0) {
        bc_writer_finish(&w);
        return ret;
    }
    cue->foreign = true;
    cue->owned = (char *)w.data; // taken over
    cue->data = cue->owned;
    cue->data_len = len;
    return 0;
}

// --- one of ours ---

static bool
is_ours(const struct bc_amf *amf, const struct bc_amf_value *parameters)
{
    const struct bc_amf_value *data = bc_amf_get(amf, parameters, "data");
    const struct bc_amf_value *id = bc_amf_get(amf, parameters, "id");
    const struct bc_amf_value *kind = bc_amf_get(amf, parameters, "kind");
    return id && id->type == BC_AMF_STRING && kind && kind->type == BC_AMF_STRING && data
        && data->type == BC_AMF_STRING && data->text_len > 0 && data->text[0] == '{';
}

static int
read_ours(struct bc_cue_point *cue, const struct bc_amf *amf,
    const struct bc_amf_value *parameters)
{
    const struct bc_amf_value *data = bc_amf_get(amf, parameters, "data");
    if (!bc_amf_copy_text(bc_amf_get(amf, parameters, "id"), cue->id, sizeof(cue->id))
        || !bc_amf_copy_text(
            bc_amf_get(amf, parameters, "kind"), cue->kind, sizeof(cue->kind))) {
        return -EINVAL;
    }
    if (data->text_len > BC_CUE_POINT_DATA_MAX) {
        return -E2BIG;
    }
    double revision = bc_amf_number(bc_amf_get(amf, parameters, "revision"), 0);
    double duration = bc_amf_number(bc_amf_get(amf, parameters, "duration_ms"), 0);
    cue->revision = revision >= 1 && revision <= UINT32_MAX ? (uint32_t)revision : 0;
    cue->duration_ms
        = duration >= 1 && duration <= DURATION_MAX_MS ? (int64_t)duration : 0;
    cue->ended = bc_amf_number(bc_amf_get(amf, parameters, "ended"), 0) != 0;
    cue->owned = malloc(data->text_len + 1);
    if (!cue->owned) {
        return -ENOMEM;
    }
    memcpy(cue->owned, data->text, data->text_len);
    cue->owned[data->text_len] = '\0';
    cue->data = cue->owned;
    cue->data_len = data->text_len;
    return 0;
}

static int
read_object(struct bc_cue_point *cue, const struct bc_amf *amf,
    const struct bc_amf_value *object)
{
    const struct bc_amf_value *parameters = bc_amf_get(amf, object, "parameters");
    double time_s = bc_amf_number(bc_amf_get(amf, object, "time"), NAN);
    cue->has_time = isfinite(time_s) && fabs(time_s) < BC_CUE_POINT_TIME_MAX_S;
    cue->time_s = cue->has_time ? time_s : 0;
    return is_ours(amf, parameters) ? read_ours(cue, amf, parameters)
                                    : read_foreign(cue, amf, object);
}

int
bc_cue_point_parse(struct bc_cue_point *cue, const uint8_t *data, size_t len)
{
    *cue = (struct bc_cue_point){ 0 };
    struct bc_amf amf = { 0 };
    int ret = bc_amf_parse(&amf, data, len);
    const struct bc_amf_value *object = bc_amf_at(&amf, 1);
    if (ret == 0 && !bc_amf_is(bc_amf_at(&amf, 0), NAME)) {
        ret = -ENOENT;
    } else if (ret == 0 && (!object || object->type != BC_AMF_OBJECT)) {
        ret = -EINVAL;
    } else if (ret == 0) {
        ret = read_object(cue, &amf, object);
    }
    bc_amf_finish(&amf);
    return ret;
}

void
bc_cue_point_finish(struct bc_cue_point *cue)
{
    free(cue->owned);
    cue->owned = NULL;
    cue->data = NULL;
}
