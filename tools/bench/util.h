// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BC_NS_PER_MS 1000000LL
#define BC_NS_PER_S 1000000000LL
#define BC_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

// Growing bytes. Zero-initialised = empty; bc_buf_clear() keeps the memory.
struct bc_buf {
    uint8_t *data; // owned
    size_t len;
    size_t cap;
};

// CLOCK_MONOTONIC, so that publisher and viewers on one machine share it.
int64_t bc_now_ns(void);

// A load generator has nobody to survive for: no memory or a wrong option ends it.
_Noreturn void bc_die(const char *fmt, ...);
void *bc_xrealloc(void *p, size_t n);
void *bc_xcalloc(size_t n);
char *bc_xstrdup(const char *s);

void bc_buf_add(struct bc_buf *b, const void *p, size_t n);
void bc_buf_add_text(struct bc_buf *b, const char *s);
void bc_buf_add_format(struct bc_buf *b, const char *fmt, ...);
void bc_buf_clear(struct bc_buf *b);
void bc_buf_finish(struct bc_buf *b);

void bc_random_bytes(void *p, size_t n);
size_t bc_base64_write(char *out, const uint8_t *p, size_t n);

static inline uint32_t
bc_read16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t
bc_read24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | bc_read16(p + 1);
}

static inline uint32_t
bc_read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | bc_read24(p + 1);
}

static inline void
bc_write16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void
bc_write24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    bc_write16(p + 1, v);
}

static inline void
bc_write32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    bc_write24(p + 1, v);
}

static inline int64_t
bc_min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t
bc_max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
