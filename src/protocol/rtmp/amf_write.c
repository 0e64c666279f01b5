// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/writer.h"
#include "protocol/rtmp/amf.h"

static void
write_text(struct bc_writer *w, const char *text, size_t len)
{
    if (len > UINT16_MAX) {
        w->failed = true;
        return;
    }
    bc_write_u16(w, (uint16_t)len);
    bc_write_bytes(w, text, len);
}

void
bc_amf_write_number(struct bc_writer *w, double v)
{
    bc_write_u8(w, 0x00);
    bc_write_f64(w, v);
}

void
bc_amf_write_boolean(struct bc_writer *w, bool v)
{
    bc_write_u8(w, 0x01);
    bc_write_u8(w, v);
}

void
bc_amf_write_string(struct bc_writer *w, const char *v)
{
    bc_write_u8(w, 0x02);
    write_text(w, v, strlen(v));
}

void
bc_amf_write_null(struct bc_writer *w)
{
    bc_write_u8(w, 0x05);
}

void
bc_amf_write_undefined(struct bc_writer *w)
{
    bc_write_u8(w, 0x06);
}

void
bc_amf_write_object_begin(struct bc_writer *w)
{
    bc_write_u8(w, 0x03);
}

void
bc_amf_write_ecma_begin(struct bc_writer *w, uint32_t count)
{
    bc_write_u8(w, 0x08);
    bc_write_u32(w, count);
}

void
bc_amf_write_strict_begin(struct bc_writer *w, uint32_t count)
{
    bc_write_u8(w, 0x0a);
    bc_write_u32(w, count);
}

void
bc_amf_write_key(struct bc_writer *w, const char *key)
{
    write_text(w, key, strlen(key));
}

void
bc_amf_write_object_end(struct bc_writer *w)
{
    bc_write_u24(w, 0x000009);
}

static uint32_t
count_members(const struct bc_amf *amf, const struct bc_amf_value *v)
{
    uint32_t n = 0;
    for (v = bc_amf_child(amf, v); v; v = bc_amf_next(amf, v)) {
        n++;
    }
    return n;
}

static void
write_members(struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v)
{
    bool named = v->type == BC_AMF_OBJECT;
    for (const struct bc_amf_value *m = bc_amf_child(amf, v); m;
         m = bc_amf_next(amf, m)) {
        if (named) {
            write_text(w, m->key, m->key_len);
        }
        // As deep as the parser allowed, BC_AMF_MAX_DEPTH.
        bc_amf_write_value(w, amf, m);
    }
}

static void
write_string_value(struct bc_writer *w, const struct bc_amf_value *v)
{
    if (v->text_len <= UINT16_MAX) {
        bc_write_u8(w, 0x02);
        bc_write_u16(w, (uint16_t)v->text_len);
    } else {
        bc_write_u8(w, 0x0c);
        bc_write_u32(w, (uint32_t)v->text_len);
    }
    bc_write_bytes(w, v->text, v->text_len);
}

void
bc_amf_write_value(
    struct bc_writer *w, const struct bc_amf *amf, const struct bc_amf_value *v)
{
    switch (v->type) {
    case BC_AMF_NUMBER:
        bc_amf_write_number(w, v->number);
        break;
    case BC_AMF_BOOLEAN:
        bc_amf_write_boolean(w, v->number != 0);
        break;
    case BC_AMF_STRING:
        write_string_value(w, v);
        break;
    case BC_AMF_NULL:
        bc_amf_write_null(w);
        break;
    case BC_AMF_DATE:
        bc_write_u8(w, 0x0b);
        bc_write_f64(w, v->number);
        bc_write_u16(w, 0);
        break;
    case BC_AMF_OBJECT:
        bc_amf_write_ecma_begin(w, count_members(amf, v));
        write_members(w, amf, v);
        bc_amf_write_object_end(w);
        break;
    case BC_AMF_ARRAY:
        bc_amf_write_strict_begin(w, count_members(amf, v));
        write_members(w, amf, v);
        break;
    case BC_AMF_NONE:
    case BC_AMF_UNDEFINED:
        bc_amf_write_undefined(w);
        break;
    }
}
