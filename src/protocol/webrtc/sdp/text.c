// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void
sdp_lines_init(
    struct sdp_lines *lines, struct sdp_span text, char *error, size_t error_len)
{
    *lines = (struct sdp_lines){ .rest = text, .error = error, .error_len = error_len };
    if (error_len > 0) {
        error[0] = '\0';
    }
}

int
sdp_fail(struct sdp_lines *lines, const char *fmt, ...)
{
    int n = lines->number == 0
        ? 0
        : snprintf(lines->error, lines->error_len, "line %u: ", lines->number);
    if (n >= 0 && (size_t)n < lines->error_len) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(lines->error + n, lines->error_len - (size_t)n, fmt, ap);
        va_end(ap);
    }
    return -EINVAL;
}

struct sdp_span
sdp_take(struct sdp_span *s, char separator)
{
    const char *end = s->len > 0 ? memchr(s->p, separator, s->len) : NULL;
    struct sdp_span taken = { s->p, end ? (size_t)(end - s->p) : s->len };
    size_t used = taken.len + (end ? 1 : 0);
    if (used > 0) {
        s->p += used;
        s->len -= used;
    }
    return taken;
}

struct sdp_span
sdp_word(struct sdp_span *s)
{
    struct sdp_span word = { s->p, 0 };
    while (word.len == 0 && s->len > 0) {
        word = sdp_take(s, ' ');
    }
    return word;
}

int
sdp_next_line(struct sdp_lines *lines, char *type, struct sdp_span *value)
{
    struct sdp_span line = { NULL, 0 };
    while (line.len == 0) {
        if (lines->rest.len == 0) {
            return 0;
        }
        line = sdp_take(&lines->rest, '\n');
        lines->number++;
        if (line.len > 0 && line.p[line.len - 1] == '\r') {
            line.len--;
        }
    }
    if (line.len > SDP_LINE_MAX) {
        return sdp_fail(lines, "longer than %d bytes", SDP_LINE_MAX);
    }
    if (line.len < 2 || line.p[0] < 'a' || line.p[0] > 'z' || line.p[1] != '=') {
        return sdp_fail(lines, "not of the form <type>=<value>");
    }
    *type = line.p[0];
    *value = (struct sdp_span){ line.p + 2, line.len - 2 };
    return 1;
}

bool
sdp_is(struct sdp_span s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || strncasecmp(s.p, text, s.len) == 0);
}

bool
sdp_same(struct sdp_span a, struct sdp_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
sdp_number(struct sdp_span s, uint32_t max, uint32_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        v = v * 10 + (uint64_t)(s.p[i] - '0');
        if (v > max) {
            return false;
        }
    }
    *out = (uint32_t)v;
    return s.len > 0;
}

bool
sdp_copy(struct sdp_span s, char *out, size_t size)
{
    out[0] = '\0';
    if (s.len >= size) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~') {
            return false;
        }
    }
    if (s.len > 0) {
        memcpy(out, s.p, s.len);
    }
    out[s.len] = '\0';
    return true;
}

bool
sdp_copy_token(struct sdp_span s, char *out, size_t size)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] <= ' ' || strchr("\"(),/:;<=>?@[\\]", s.p[i])) {
            out[0] = '\0';
            return false;
        }
    }
    return s.len > 0 && sdp_copy(s, out, size);
}

bool
sdp_parameter(const char *fmtp, const char *name, struct sdp_span *value)
{
    struct sdp_span rest = { fmtp, strlen(fmtp) };
    while (rest.len > 0) {
        struct sdp_span one = sdp_take(&rest, ';');
        while (one.len > 0 && one.p[0] == ' ') {
            one.p++;
            one.len--;
        }
        struct sdp_span key = sdp_take(&one, '=');
        if (sdp_is(key, name)) {
            *value = one;
            return true;
        }
    }
    return false;
}
