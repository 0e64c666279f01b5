// SPDX-License-Identifier: Apache-2.0
// AMF3 as Adobe's "Action Message Format -- AMF 3" has it, section 3. Only what hosts and
// players put into commands: references to objects are recognised and not followed.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "amf_parser.h"

enum amf3_marker {
    AMF3_UNDEFINED = 0x00,
    AMF3_NULL = 0x01,
    AMF3_FALSE = 0x02,
    AMF3_TRUE = 0x03,
    AMF3_INTEGER = 0x04,
    AMF3_DOUBLE = 0x05,
    AMF3_STRING = 0x06,
    AMF3_XML_DOCUMENT = 0x07,
    AMF3_DATE = 0x08,
    AMF3_ARRAY = 0x09,
    AMF3_OBJECT = 0x0a,
    AMF3_XML = 0x0b,
    AMF3_BYTE_ARRAY = 0x0c,
    AMF3_VECTOR_INT = 0x0d,
    AMF3_VECTOR_UINT = 0x0e,
    AMF3_VECTOR_DOUBLE = 0x0f,
    AMF3_VECTOR_OBJECT = 0x10,
    AMF3_DICTIONARY = 0x11,
};

#define MAX_TEXTS 256
#define MAX_TRAITS 32

struct text {
    const char *p;
    size_t len;
};

// The shape of a class: its sealed members are `names[first_name]` and following.
struct traits {
    uint32_t first_name;
    uint32_t count;
    bool dynamic;
    bool externalizable;
};

// What later values of the same AMF3 value may refer to.
struct amf3_tables {
    struct text texts[MAX_TEXTS];
    uint32_t text_count;
    struct text names[MAX_TEXTS];
    uint32_t name_count;
    struct traits traits[MAX_TRAITS];
    uint32_t trait_count;
};

static void
read_value(struct amf_parser *p, struct amf_place *place);

// U29: 7 bits in each of up to three bytes with the top bit set, 8 bits in a fourth.
static uint32_t
read_u29(struct amf_parser *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 3; i++) {
        uint8_t b = bc_read_u8(&p->r);
        v = v << 7 | (b & 0x7f);
        if (!(b & 0x80)) {
            return v;
        }
    }
    return v << 8 | bc_read_u8(&p->r);
}

static void
refuse(struct amf_parser *p)
{
    if (p->error == 0) {
        p->error = -EINVAL;
    }
}

// UTF-8-vr: a reference (bit 0 clear) or a length and the bytes. Empty ones are not
// counted.
static struct text
read_text(struct amf_parser *p)
{
    struct amf3_tables *t = p->amf3;
    uint32_t head = read_u29(p);
    if (!(head & 1)) {
        if (head >> 1 < t->text_count) {
            return t->texts[head >> 1];
        }
        refuse(p);
        return (struct text){ "", 0 };
    }
    struct text text = { (const char *)bc_read_bytes(&p->r, head >> 1), head >> 1 };
    if (!text.p) {
        return (struct text){ "", 0 };
    }
    if (text.len > 0) {
        if (t->text_count == MAX_TEXTS) {
            refuse(p);
        } else {
            t->texts[t->text_count++] = text;
        }
    }
    return text;
}

static void
set_text(struct amf_parser *p, uint32_t index, struct text text)
{
    p->amf->values[index].type = BC_AMF_STRING;
    p->amf->values[index].text = text.p;
    p->amf->values[index].text_len = text.len;
}

static void
set_number(struct amf_parser *p, uint32_t index, enum bc_amf_type type, double number)
{
    p->amf->values[index].type = type;
    p->amf->values[index].number = number;
}

// The head of everything that may be a reference to an earlier object. False when it is
// one.
static bool
read_head(struct amf_parser *p, uint32_t index, uint32_t *n)
{
    uint32_t head = read_u29(p);
    *n = head >> 1;
    if (!(head & 1)) {
        p->amf->values[index].type = BC_AMF_UNDEFINED;
        return false;
    }
    return true;
}

// Pairs of name and value up to an empty name.
static void
read_dynamic(struct amf_parser *p, struct amf_place *place)
{
    while (amf_ok(p)) {
        struct text name = read_text(p);
        if (name.len == 0) {
            return;
        }
        place->key = name.p;
        place->key_len = name.len;
        read_value(p, place);
    }
}

static void
read_array(struct amf_parser *p, uint32_t index, const struct amf_place *outer)
{
    uint32_t count;
    if (!read_head(p, index, &count)) {
        return;
    }
    struct amf_place place = amf_inside(index, outer);
    read_dynamic(p, &place);
    // With named members it is an object to us; its numbered ones then have no name.
    p->amf->values[index].type = place.prev != 0 ? BC_AMF_OBJECT : BC_AMF_ARRAY;
    place.key = "";
    place.key_len = 0;
    for (uint32_t i = 0; i < count && amf_ok(p); i++) {
        read_value(p, &place);
    }
}

// U29O-traits after the two low bits: bit 0 externalizable, bit 1 dynamic, then the count
// of sealed members, whose names follow the class's name.
static struct traits
read_new_traits(struct amf_parser *p, uint32_t head)
{
    struct amf3_tables *t = p->amf3;
    struct traits traits = { .first_name = t->name_count, .count = head >> 2,
        .dynamic = head & 2, .externalizable = head & 1 };
    (void)read_text(p); // the class's name
    if (t->trait_count == MAX_TRAITS || traits.count > MAX_TEXTS - t->name_count) {
        refuse(p);
        return (struct traits){ 0 };
    }
    for (uint32_t i = 0; i < traits.count && amf_ok(p); i++) {
        t->names[t->name_count++] = read_text(p);
    }
    t->traits[t->trait_count++] = traits;
    return traits;
}

static struct traits
read_traits(struct amf_parser *p, uint32_t head)
{
    if (head & 1) {
        return read_new_traits(p, head >> 1);
    }
    if (head >> 1 < p->amf3->trait_count) {
        return p->amf3->traits[head >> 1];
    }
    refuse(p);
    return (struct traits){ 0 };
}

static void
read_object(struct amf_parser *p, uint32_t index, const struct amf_place *outer)
{
    uint32_t head;
    if (!read_head(p, index, &head)) {
        return;
    }
    p->amf->values[index].type = BC_AMF_OBJECT;
    struct traits traits = read_traits(p, head);
    struct amf_place place = amf_inside(index, outer);
    if (traits.externalizable) {
        // A format of the class's own; only collections are known, which hold one value.
        read_value(p, &place);
        return;
    }
    // traits.count may be more than was read when the names were cut off: check the
    // reader.
    for (uint32_t i = 0; i < traits.count && amf_ok(p); i++) {
        place.key = p->amf3->names[traits.first_name + i].p;
        place.key_len = p->amf3->names[traits.first_name + i].len;
        read_value(p, &place);
    }
    if (traits.dynamic) {
        read_dynamic(p, &place);
    }
}

// XML and byte arrays: a length and the bytes.
static void
read_blob(struct amf_parser *p, uint32_t index)
{
    uint32_t n;
    if (!read_head(p, index, &n)) {
        return;
    }
    const uint8_t *data = bc_read_bytes(&p->r, n);
    set_text(p, index, (struct text){ data ? (const char *)data : "", data ? n : 0 });
}

// Vectors of numbers are skipped as a whole: `size` bytes each after a fixed-length flag.
static void
read_number_vector(struct amf_parser *p, uint32_t index, size_t size)
{
    uint32_t n;
    if (read_head(p, index, &n)) {
        p->amf->values[index].type = BC_AMF_ARRAY;
        bc_read_skip(&p->r, 1 + n * size);
    }
}

// Vectors of objects hold `n` values after a flag and the class's name; dictionaries a
// key and a value each after a flag.
static void
read_collection(struct amf_parser *p, uint32_t index, bool dictionary,
    const struct amf_place *outer)
{
    uint32_t n;
    if (!read_head(p, index, &n)) {
        return;
    }
    p->amf->values[index].type = BC_AMF_ARRAY;
    bc_read_skip(&p->r, 1);
    if (!dictionary) {
        (void)read_text(p);
    }
    struct amf_place place = amf_inside(index, outer);
    for (uint32_t i = 0; i < n && amf_ok(p); i++) {
        read_value(p, &place);
        if (dictionary && amf_ok(p)) {
            read_value(p, &place);
        }
    }
}

static void
read_date(struct amf_parser *p, uint32_t index)
{
    uint32_t unused;
    if (read_head(p, index, &unused)) {
        set_number(p, index, BC_AMF_DATE, bc_read_f64(&p->r));
    }
}

// 29 bits, signed.
static int32_t
read_integer(struct amf_parser *p)
{
    uint32_t v = read_u29(p);
    return v & 0x10000000 ? (int32_t)v - 0x20000000 : (int32_t)v;
}

static void
read_compound(struct amf_parser *p, uint32_t index, enum amf3_marker marker,
    const struct amf_place *outer)
{
    switch (marker) {
    case AMF3_ARRAY:
        read_array(p, index, outer);
        break;
    case AMF3_OBJECT:
        read_object(p, index, outer);
        break;
    case AMF3_XML_DOCUMENT:
    case AMF3_XML:
    case AMF3_BYTE_ARRAY:
        read_blob(p, index);
        break;
    case AMF3_VECTOR_INT:
    case AMF3_VECTOR_UINT:
        read_number_vector(p, index, 4);
        break;
    case AMF3_VECTOR_DOUBLE:
        read_number_vector(p, index, 8);
        break;
    case AMF3_VECTOR_OBJECT:
    case AMF3_DICTIONARY:
        read_collection(p, index, marker == AMF3_DICTIONARY, outer);
        break;
    default:
        refuse(p);
        break;
    }
}

static void
read_value(struct amf_parser *p, struct amf_place *place)
{
    uint8_t marker = bc_read_u8(&p->r);
    uint32_t index = amf_ok(p) ? bc_amf_add(p, place) : 0;
    if (index == 0) {
        return;
    }
    switch (marker) {
    case AMF3_UNDEFINED:
        p->amf->values[index].type = BC_AMF_UNDEFINED;
        break;
    case AMF3_NULL:
        p->amf->values[index].type = BC_AMF_NULL;
        break;
    case AMF3_FALSE:
    case AMF3_TRUE:
        set_number(p, index, BC_AMF_BOOLEAN, marker == AMF3_TRUE);
        break;
    case AMF3_INTEGER:
        set_number(p, index, BC_AMF_NUMBER, read_integer(p));
        break;
    case AMF3_DOUBLE:
        set_number(p, index, BC_AMF_NUMBER, bc_read_f64(&p->r));
        break;
    case AMF3_STRING:
        set_text(p, index, read_text(p));
        break;
    case AMF3_DATE:
        read_date(p, index);
        break;
    default:
        read_compound(p, index, (enum amf3_marker)marker, place);
        break;
    }
}

void
bc_amf3_switch(struct amf_parser *p, struct amf_place *place)
{
    p->amf3 = malloc(sizeof(*p->amf3));
    if (!p->amf3) {
        p->error = -ENOMEM;
        return;
    }
    p->amf3->text_count = p->amf3->name_count = p->amf3->trait_count = 0;
    read_value(p, place);
    free(p->amf3);
    p->amf3 = NULL;
}
