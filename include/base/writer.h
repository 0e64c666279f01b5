// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Growing bytes, written front to back. A failed allocation sets `failed`, which stays
// set and turns all later writes into nothing, so a builder writes everything and checks
// once. Zero-initialised is empty and valid. The owner frees it with bc_writer_finish().
struct bc_writer {
    uint8_t *data; // owned
    size_t len;
    size_t cap;
    bool failed;
};

// Frees the bytes and makes the writer empty; NULL and empty are fine.
void
bc_writer_finish(struct bc_writer *w);

// Forgets the content and the failure, keeps the memory.
void
bc_writer_reset(struct bc_writer *w);

// Room for `n` more bytes, which the caller fills; they count as written. NULL on
// failure.
uint8_t *
bc_write_reserve(struct bc_writer *w, size_t n);

void
bc_write_bytes(struct bc_writer *w, const void *p, size_t n);

// Big-endian integers of 1 to 8 bytes.
void
bc_write_be(struct bc_writer *w, uint64_t v, size_t bytes);

void
bc_write_u32le(struct bc_writer *w, uint32_t v);

void
bc_write_f64(struct bc_writer *w, double v);

// The text without its terminating zero.
void
bc_write_str(struct bc_writer *w, const char *s);

void
bc_write_fmt(struct bc_writer *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

// Overwrites bytes already written at `at`, e.g. a length that is known only later.
void
bc_write_be_at(struct bc_writer *w, size_t at, uint64_t v, size_t bytes);

static inline void
bc_write_u8(struct bc_writer *w, uint8_t v)
{
    bc_write_be(w, v, 1);
}

static inline void
bc_write_u16(struct bc_writer *w, uint16_t v)
{
    bc_write_be(w, v, 2);
}

static inline void
bc_write_u24(struct bc_writer *w, uint32_t v)
{
    bc_write_be(w, v, 3);
}

static inline void
bc_write_u32(struct bc_writer *w, uint32_t v)
{
    bc_write_be(w, v, 4);
}

static inline void
bc_write_u64(struct bc_writer *w, uint64_t v)
{
    bc_write_be(w, v, 8);
}

#endif
