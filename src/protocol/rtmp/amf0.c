// SPDX-License-Identifier: Apache-2.0
// AMF0 as Adobe's "Action Message Format -- AMF 0" has it, section 2.
#include <errno.h>

#include "amf_parser.h"

enum amf0_marker {
    AMF0_NUMBER = 0x00,
    AMF0_BOOLEAN = 0x01,
    AMF0_STRING = 0x02,
    AMF0_OBJECT = 0x03,
    AMF0_NULL = 0x05,
    AMF0_UNDEFINED = 0x06,
    AMF0_REFERENCE = 0x07,
    AMF0_ECMA_ARRAY = 0x08,
    AMF0_OBJECT_END = 0x09,
    AMF0_STRICT_ARRAY = 0x0a,
    AMF0_DATE = 0x0b,
    AMF0_LONG_STRING = 0x0c,
    AMF0_UNSUPPORTED = 0x0d,
    AMF0_XML = 0x0f,
    AMF0_TYPED_OBJECT = 0x10,
    AMF0_AVMPLUS = 0x11,
};

static void
read_text(struct amf_parser *p, size_t length_bytes, const char **text, size_t *len)
{
    size_t n = (size_t)bc_read_be(&p->r, length_bytes);
    *text = (const char *)bc_read_bytes(&p->r, n);
    *len = *text ? n : 0;
}

// Members up to 00 00 09. Some encoders leave the end out, so the end of the data ends it
// too.
static void
read_members(struct amf_parser *p, uint32_t object, const struct amf_place *outer)
{
    struct amf_place place = amf_inside(object, outer);
    while (amf_ok(p) && bc_reader_left(&p->r) > 0) {
        read_text(p, 2, &place.key, &place.key_len);
        if (amf_ok(p) && place.key_len == 0 && bc_reader_left(&p->r) > 0
                && p->r.p[0] == AMF0_OBJECT_END) {
            bc_read_skip(&p->r, 1);
            return;
        }
        bc_amf0_value(p, &place);
    }
}

static void
read_strict_array(struct amf_parser *p, uint32_t array, const struct amf_place *outer)
{
    struct amf_place place = amf_inside(array, outer);
    uint32_t count = bc_read_u32(&p->r);
    for (uint32_t i = 0; i < count && amf_ok(p); i++) {
        bc_amf0_value(p, &place);
    }
}

static void
read_text_value(struct amf_parser *p, uint32_t index, size_t length_bytes)
{
    const char *text;
    size_t len;
    read_text(p, length_bytes, &text, &len);
    p->amf->values[index].type = BC_AMF_STRING;
    p->amf->values[index].text = text;
    p->amf->values[index].text_len = len;
}

static void
read_compound(struct amf_parser *p, uint32_t index, enum amf0_marker marker,
    const struct amf_place *outer)
{
    bool strict = marker == AMF0_STRICT_ARRAY;
    p->amf->values[index].type = strict ? BC_AMF_ARRAY : BC_AMF_OBJECT;
    if (strict) {
        read_strict_array(p, index, outer);
        return;
    }
    if (marker == AMF0_ECMA_ARRAY) {
        bc_read_skip(&p->r, 4); // the count is a hint, often 0
    } else if (marker == AMF0_TYPED_OBJECT) {
        bc_read_skip(&p->r, bc_read_u16(&p->r)); // the class's name
    }
    read_members(p, index, outer);
}

static void
read_number(struct amf_parser *p, uint32_t index, enum bc_amf_type type, double number)
{
    p->amf->values[index].type = type;
    p->amf->values[index].number = number;
}

static void
read_body(struct amf_parser *p, uint32_t index, enum amf0_marker marker,
    const struct amf_place *outer)
{
    switch (marker) {
    case AMF0_NUMBER:
        read_number(p, index, BC_AMF_NUMBER, bc_read_f64(&p->r));
        break;
    case AMF0_BOOLEAN:
        read_number(p, index, BC_AMF_BOOLEAN, bc_read_u8(&p->r) != 0);
        break;
    case AMF0_DATE:
        read_number(p, index, BC_AMF_DATE, bc_read_f64(&p->r));
        bc_read_skip(&p->r, 2); // time zone, reserved
        break;
    case AMF0_STRING:
        read_text_value(p, index, 2);
        break;
    case AMF0_LONG_STRING:
    case AMF0_XML:
        read_text_value(p, index, 4);
        break;
    case AMF0_NULL:
        p->amf->values[index].type = BC_AMF_NULL;
        break;
    case AMF0_REFERENCE:
        bc_read_skip(&p->r, 2);
        p->amf->values[index].type = BC_AMF_UNDEFINED;
        break;
    case AMF0_UNDEFINED:
    case AMF0_UNSUPPORTED:
        p->amf->values[index].type = BC_AMF_UNDEFINED;
        break;
    case AMF0_OBJECT:
    case AMF0_ECMA_ARRAY:
    case AMF0_STRICT_ARRAY:
    case AMF0_TYPED_OBJECT:
        read_compound(p, index, marker, outer);
        break;
    default: // movie clips and record sets were never used; an object's end without its begin
        p->error = -EINVAL;
        break;
    }
}

void
bc_amf0_value(struct amf_parser *p, struct amf_place *place)
{
    uint8_t marker = bc_read_u8(&p->r);
    if (!amf_ok(p)) {
        return;
    }
    if (marker == AMF0_AVMPLUS) {
        bc_amf3_switch(p, place);
        return;
    }
    uint32_t index = bc_amf_add(p, place);
    if (index != 0) {
        read_body(p, index, (enum amf0_marker)marker, place);
    }
}
