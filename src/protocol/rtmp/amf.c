// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/amf.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "amf_parser.h"

#define FIRST_VALUES 32

// Index for the next value, the memory grown as needed; 0 with `error` set.
static uint32_t
next_index(struct amf_parser *p)
{
    struct bc_amf *amf = p->amf;
    if (amf->count < amf->cap) {
        return amf->count++;
    }
    if (amf->count >= BC_AMF_MAX_VALUES) {
        p->error = -EINVAL;
        return 0;
    }
    uint32_t cap = amf->cap ? amf->cap * 2 : FIRST_VALUES;
    struct bc_amf_value *values = realloc(amf->values, cap * sizeof(*values));
    if (!values) {
        p->error = -ENOMEM;
        return 0;
    }
    amf->values = values;
    amf->cap = cap;
    return amf->count++;
}

uint32_t
bc_amf_add(struct amf_parser *p, struct amf_place *place)
{
    if (place->depth > BC_AMF_MAX_DEPTH) {
        p->error = -EINVAL;
        return 0;
    }
    uint32_t index = next_index(p);
    if (index == 0) {
        return 0;
    }
    struct bc_amf_value *values = p->amf->values;
    values[index] =
        (struct bc_amf_value){ .key = place->key, .key_len = place->key_len };
    if (place->prev != 0) {
        values[place->prev].next = index;
    } else {
        values[place->parent].child = index;
    }
    place->prev = index;
    return index;
}

// A value that broke off is taken out again, so that only complete ones are seen.
static void
drop_after(struct bc_amf *amf, uint32_t last)
{
    if (last != 0) {
        amf->values[last].next = 0;
    } else {
        amf->values[0].child = 0;
    }
}

int
bc_amf_parse(struct bc_amf *amf, const uint8_t *data, size_t len)
{
    struct amf_parser p = { .amf = amf, .r = bc_reader_init(data, len) };
    amf->count = 0;
    (void)next_index(&p); // index 0, the parent of all
    if (p.error < 0) {
        return p.error;
    }
    amf->values[0] = (struct bc_amf_value){ .type = BC_AMF_ARRAY };
    struct amf_place top = { 0 };
    while (bc_reader_left(&p.r) > 0) {
        uint32_t last = top.prev;
        bc_amf0_value(&p, &top);
        if (!amf_ok(&p)) {
            drop_after(amf, last);
            return p.error < 0 ? p.error : -EINVAL;
        }
    }
    return 0;
}

void
bc_amf_finish(struct bc_amf *amf)
{
    free(amf->values);
    *amf = (struct bc_amf){ 0 };
}

const struct bc_amf_value *
bc_amf_child(const struct bc_amf *amf, const struct bc_amf_value *v)
{
    return v->child ? &amf->values[v->child] : NULL;
}

const struct bc_amf_value *
bc_amf_next(const struct bc_amf *amf, const struct bc_amf_value *v)
{
    return v->next ? &amf->values[v->next] : NULL;
}

const struct bc_amf_value *
bc_amf_at(const struct bc_amf *amf, size_t n)
{
    if (amf->count == 0) {
        return NULL;
    }
    const struct bc_amf_value *v = bc_amf_child(amf, &amf->values[0]);
    while (v && n-- > 0) {
        v = bc_amf_next(amf, v);
    }
    return v;
}

const struct bc_amf_value *
bc_amf_get(const struct bc_amf *amf, const struct bc_amf_value *object, const char *key)
{
    if (!object || object->type != BC_AMF_OBJECT) {
        return NULL;
    }
    size_t len = strlen(key);
    const struct bc_amf_value *v = bc_amf_child(amf, object);
    while (v && (v->key_len != len || strncasecmp(v->key, key, len) != 0)) {
        v = bc_amf_next(amf, v);
    }
    return v;
}

bool
bc_amf_is(const struct bc_amf_value *v, const char *text)
{
    size_t len = strlen(text);
    return v && v->type == BC_AMF_STRING && v->text_len == len
        && memcmp(v->text, text, len) == 0;
}

static double
text_number(const struct bc_amf_value *v, double otherwise)
{
    char text[32];
    char *end = text;
    if (!bc_amf_copy_text(v, text, sizeof(text)) || text[0] == '\0') {
        return otherwise;
    }
    double n = strtod(text, &end);
    return *end == '\0' ? n : otherwise;
}

double
bc_amf_number(const struct bc_amf_value *v, double otherwise)
{
    double n = otherwise;
    if (v && (v->type == BC_AMF_NUMBER || v->type == BC_AMF_BOOLEAN)) {
        n = v->number;
    } else if (v && v->type == BC_AMF_STRING) {
        n = text_number(v, otherwise);
    }
    return isfinite(n) ? n : otherwise;
}

bool
bc_amf_copy_text(const struct bc_amf_value *v, char *out, size_t size)
{
    out[0] = '\0';
    if (!v || v->type != BC_AMF_STRING || v->text_len >= size) {
        return false;
    }
    for (size_t i = 0; i < v->text_len; i++) {
        if (iscntrl((unsigned char)v->text[i])) {
            return false;
        }
    }
    memcpy(out, v->text, v->text_len);
    out[v->text_len] = '\0';
    return true;
}
