// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A cursor over bytes that somebody else owns. Reading past the end yields zeros and sets
// `failed`, which stays set, so a parser reads a whole structure and checks once at its
// end. Lives on the stack of its parser; never outlives the bytes.
struct bc_reader {
    const uint8_t *p;
    const uint8_t *end;
    bool failed;
};

static inline struct bc_reader
bc_reader_init(const void *data, size_t len)
{
    const uint8_t *p = data;
    return (struct bc_reader){ p, p ? p + len : p, false };
}

static inline size_t
bc_reader_left(const struct bc_reader *r)
{
    return (size_t)(r->end - r->p);
}

// Returns `n` bytes and moves on, or NULL (and fails) when fewer are left.
static inline const uint8_t *
bc_read_bytes(struct bc_reader *r, size_t n)
{
    if (r->failed || bc_reader_left(r) < n) {
        r->failed = true;
        r->p = r->end;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

static inline void
bc_read_skip(struct bc_reader *r, size_t n)
{
    (void)bc_read_bytes(r, n);
}

// Copies `n` bytes to `out`; zeros them when fewer are left.
static inline void
bc_read_copy(struct bc_reader *r, void *out, size_t n)
{
    const uint8_t *p = bc_read_bytes(r, n);
    if (p) {
        memcpy(out, p, n);
    } else {
        memset(out, 0, n);
    }
}

// A reader over the next `n` bytes, which this one skips. Failed when fewer are left.
static inline struct bc_reader
bc_read_sub(struct bc_reader *r, size_t n)
{
    const uint8_t *p = bc_read_bytes(r, n);
    struct bc_reader sub = bc_reader_init(p, p ? n : 0);
    sub.failed = !p;
    return sub;
}

// Big-endian (network order) integers of 1 to 8 bytes.
static inline uint64_t
bc_read_be(struct bc_reader *r, size_t bytes)
{
    const uint8_t *p = bc_read_bytes(r, bytes);
    uint64_t v = 0;
    for (size_t i = 0; p && i < bytes; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static inline uint8_t
bc_read_u8(struct bc_reader *r)
{
    return (uint8_t)bc_read_be(r, 1);
}

static inline uint16_t
bc_read_u16(struct bc_reader *r)
{
    return (uint16_t)bc_read_be(r, 2);
}

static inline uint32_t
bc_read_u24(struct bc_reader *r)
{
    return (uint32_t)bc_read_be(r, 3);
}

static inline uint32_t
bc_read_u32(struct bc_reader *r)
{
    return (uint32_t)bc_read_be(r, 4);
}

static inline uint64_t
bc_read_u64(struct bc_reader *r)
{
    return bc_read_be(r, 8);
}

// Little-endian 32 bits: RTMP's message stream id is the only such field on the wire.
static inline uint32_t
bc_read_u32le(struct bc_reader *r)
{
    uint32_t v = bc_read_u32(r);
    return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

// Signed 24 bits, e.g. FLV's composition time.
static inline int32_t
bc_read_s24(struct bc_reader *r)
{
    uint32_t v = bc_read_u24(r);
    return v & 0x800000 ? (int32_t)v - 0x1000000 : (int32_t)v;
}

// IEEE 754 double, big-endian (AMF numbers).
static inline double
bc_read_f64(struct bc_reader *r)
{
    uint64_t bits = bc_read_u64(r);
    double v;
    memcpy(&v, &bits, sizeof(v));
    return v;
}

#endif
