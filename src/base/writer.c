// SPDX-License-Identifier: Apache-2.0
#include "base/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
bc_writer_finish(struct bc_writer *w)
{
    if (w) {
        free(w->data);
        *w = (struct bc_writer){ 0 };
    }
}

void
bc_writer_reset(struct bc_writer *w)
{
    w->len = 0;
    w->failed = false;
}

static bool
grow(struct bc_writer *w, size_t n)
{
    if (w->failed) {
        return false;
    }
    if (w->cap - w->len >= n) {
        return true;
    }
    size_t cap = w->cap ? w->cap : 256;
    while (cap - w->len < n) {
        if (cap > SIZE_MAX / 2) {
            w->failed = true;
            return false;
        }
        cap *= 2;
    }
    uint8_t *data = realloc(w->data, cap);
    if (!data) {
        w->failed = true;
        return false;
    }
    w->data = data;
    w->cap = cap;
    return true;
}

uint8_t *
bc_write_reserve(struct bc_writer *w, size_t n)
{
    if (!grow(w, n)) {
        return NULL;
    }
    uint8_t *p = w->data + w->len;
    w->len += n;
    return p;
}

void
bc_write_bytes(struct bc_writer *w, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    uint8_t *out = bc_write_reserve(w, n);
    if (out) {
        memcpy(out, p, n);
    }
}

static void
put_be(uint8_t *out, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    }
}

void
bc_write_be(struct bc_writer *w, uint64_t v, size_t bytes)
{
    uint8_t *out = bc_write_reserve(w, bytes);
    if (out) {
        put_be(out, v, bytes);
    }
}

void
bc_write_be_at(struct bc_writer *w, size_t at, uint64_t v, size_t bytes)
{
    if (!w->failed && at + bytes <= w->len) {
        put_be(w->data + at, v, bytes);
    }
}

void
bc_write_u32le(struct bc_writer *w, uint32_t v)
{
    uint8_t le[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
        (uint8_t)(v >> 24) };
    bc_write_bytes(w, le, sizeof(le));
}

void
bc_write_f64(struct bc_writer *w, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof(bits));
    bc_write_be(w, bits, 8);
}

void
bc_write_str(struct bc_writer *w, const char *s)
{
    bc_write_bytes(w, s, strlen(s));
}

void
bc_write_fmt(struct bc_writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    // One byte more than needed, for the zero that vsnprintf insists on.
    if (n >= 0 && grow(w, (size_t)n + 1)) {
        vsnprintf((char *)w->data + w->len, (size_t)n + 1, fmt, again);
        w->len += (size_t)n;
    } else {
        w->failed = true;
    }
    va_end(again);
}
