// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_AMF_PARSER_H
#define RTMP_AMF_PARSER_H

#include <stdint.h>

#include "base/reader.h"
#include "protocol/rtmp/amf.h"

struct amf3_tables;

// What AMF0 and AMF3 share while one message is parsed. Lives on the stack of
// bc_amf_parse().
struct amf_parser {
    struct bc_amf *amf;
    struct bc_reader r;
    struct amf3_tables *amf3; // owned; NULL outside an AMF3 value
    int error;                // the first trouble but missing bytes, which are r.failed
};

// Where a new value goes: behind `prev`, as a member of `parent`.
struct amf_place {
    uint32_t parent;
    uint32_t prev; // 0 before the first; updated by bc_amf_add()
    const char *key;
    size_t key_len;
    unsigned depth;
};

// A new value in its place, all zero but its key; its index, or 0 with `error` set.
uint32_t
bc_amf_add(struct amf_parser *p, struct amf_place *place);

static inline struct amf_place
amf_inside(uint32_t parent, const struct amf_place *outer)
{
    return (struct amf_place){ .parent = parent, .depth = outer->depth + 1 };
}

static inline bool
amf_ok(const struct amf_parser *p)
{
    return p->error == 0 && !p->r.failed;
}

// One value; the caller checks amf_ok().
void
bc_amf0_value(struct amf_parser *p, struct amf_place *place);

// What follows an AMF0 marker 0x11: one AMF3 value with reference tables of its own.
void
bc_amf3_switch(struct amf_parser *p, struct amf_place *place);

#endif
