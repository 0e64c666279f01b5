// SPDX-License-Identifier: Apache-2.0
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

int64_t
bc_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * BC_NS_PER_S + t.tv_nsec;
}

_Noreturn void
bc_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("bcbench: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

void *
bc_xrealloc(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p) {
        bc_die("out of memory");
    }
    return p;
}

void *
bc_xcalloc(size_t n)
{
    return memset(bc_xrealloc(NULL, n), 0, n);
}

char *
bc_xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(bc_xrealloc(NULL, n), s, n);
}

void
bc_buf_add(struct bc_buf *b, const void *p, size_t n)
{
    if (!n) {
        return;
    }
    if (b->len + n > b->cap) {
        b->cap = (b->len + n) * 3 / 2 + 64;
        b->data = bc_xrealloc(b->data, b->cap);
    }
    memcpy(b->data + b->len, p, n);
    b->len += n;
}

void
bc_buf_add_text(struct bc_buf *b, const char *s)
{
    bc_buf_add(b, s, strlen(s));
}

void
bc_buf_add_format(struct bc_buf *b, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(text)) {
        bc_die("text too long");
    }
    bc_buf_add(b, text, (size_t)n);
}

void
bc_buf_clear(struct bc_buf *b)
{
    b->len = 0;
}

void
bc_buf_finish(struct bc_buf *b)
{
    free(b->data);
    *b = (struct bc_buf){0};
}

void
bc_random_bytes(void *p, size_t n)
{
    if (getrandom(p, n, 0) != (ssize_t)n) {
        bc_die("getrandom failed");
    }
}

size_t
bc_base64_write(char *out, const uint8_t *p, size_t n)
{
    static const char set[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16;
        v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
        v |= i + 2 < n ? p[i + 2] : 0;
        out[at++] = set[v >> 18];
        out[at++] = set[v >> 12 & 63];
        out[at++] = i + 1 < n ? set[v >> 6 & 63] : '=';
        out[at++] = i + 2 < n ? set[v & 63] : '=';
    }
    out[at] = 0;
    return at;
}
