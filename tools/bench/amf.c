// SPDX-License-Identifier: Apache-2.0
#include "amf.h"

#include <string.h>

enum {
    AMF_NUMBER = 0,
    AMF_BOOLEAN = 1,
    AMF_STRING = 2,
    AMF_OBJECT = 3,
    AMF_NULL = 5,
    AMF_UNDEFINED = 6,
    AMF_ECMA_ARRAY = 8,
    AMF_OBJECT_END = 9,
    AMF_LONG_STRING = 12,
    MAX_DEPTH = 8,
};

static void
add_byte(struct bc_buf *b, uint8_t v)
{
    bc_buf_add(b, &v, 1);
}

void
bc_amf_add_key(struct bc_buf *b, const char *key)
{
    uint8_t len[2];
    bc_write16(len, (uint32_t)strlen(key));
    bc_buf_add(b, len, sizeof(len));
    bc_buf_add_text(b, key);
}

void
bc_amf_add_string(struct bc_buf *b, const char *s)
{
    add_byte(b, AMF_STRING);
    bc_amf_add_key(b, s);
}

void
bc_amf_add_number(struct bc_buf *b, double value)
{
    uint64_t bits;
    uint8_t out[9] = {AMF_NUMBER};
    memcpy(&bits, &value, sizeof(bits));
    bc_write32(out + 1, (uint32_t)(bits >> 32));
    bc_write32(out + 5, (uint32_t)bits);
    bc_buf_add(b, out, sizeof(out));
}

void
bc_amf_add_null(struct bc_buf *b)
{
    add_byte(b, AMF_NULL);
}

void
bc_amf_add_boolean(struct bc_buf *b, bool value)
{
    add_byte(b, AMF_BOOLEAN);
    add_byte(b, value);
}

void
bc_amf_begin_object(struct bc_buf *b)
{
    add_byte(b, AMF_OBJECT);
}

void
bc_amf_end_object(struct bc_buf *b)
{
    bc_amf_add_key(b, "");
    add_byte(b, AMF_OBJECT_END);
}

double
bc_amf_read_number(const uint8_t *p)
{
    uint64_t bits = (uint64_t)bc_read32(p + 1) << 32 | bc_read32(p + 5);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static const uint8_t *skip_value(const uint8_t *p, const uint8_t *end, int depth);

static const uint8_t *
skip_bytes(const uint8_t *p, const uint8_t *end, size_t n)
{
    return (size_t)(end - p) >= n ? p + n : NULL;
}

static const uint8_t *
skip_properties(const uint8_t *p, const uint8_t *end, int depth)
{
    while (p && end - p >= 3) {
        uint32_t key_len = bc_read16(p);
        if (!key_len && p[2] == AMF_OBJECT_END) {
            return p + 3;
        }
        p = skip_bytes(p, end, 2 + (size_t)key_len);
        p = p ? skip_value(p, end, depth + 1) : NULL;
    }
    return NULL;
}

static const uint8_t *
skip_value(const uint8_t *p, const uint8_t *end, int depth)
{
    if (p >= end || depth > MAX_DEPTH) {
        return NULL;
    }
    size_t left = (size_t)(end - p) - 1;
    switch (*p++) {
    case AMF_NUMBER: return skip_bytes(p, end, 8);
    case AMF_BOOLEAN: return skip_bytes(p, end, 1);
    case AMF_STRING:
        return left < 2 ? NULL : skip_bytes(p, end, 2 + (size_t)bc_read16(p));
    case AMF_LONG_STRING:
        return left < 4 ? NULL : skip_bytes(p, end, 4 + (size_t)bc_read32(p));
    case AMF_NULL:
    case AMF_UNDEFINED: return p;
    case AMF_ECMA_ARRAY: return left < 4 ? NULL : skip_properties(p + 4, end, depth);
    case AMF_OBJECT: return skip_properties(p, end, depth);
    default: return NULL;
    }
}

const uint8_t *
bc_amf_skip(const uint8_t *p, const uint8_t *end)
{
    return skip_value(p, end, 0);
}
