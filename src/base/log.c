// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048
#define LIMIT_INTERVAL_US 1000000

static atomic_int g_level = BC_LOG_INFO;
static atomic_int g_format = BC_LOG_FORMAT_TEXT;

static const char *const LEVEL_NAMES[] = { "none", "error", "warn", "info", "debug",
    "trace" };

void
bc_logger_init(
    struct bc_logger *logger, const struct bc_logger *parent, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(logger->name, sizeof(logger->name), fmt, ap);
    va_end(ap);
    logger->parent = parent;
}

void
bc_log_set_level(enum bc_log_level level)
{
    atomic_store(&g_level, (int)level);
}

void
bc_log_set_format(enum bc_log_format format)
{
    atomic_store(&g_format, (int)format);
}

enum bc_log_level
bc_log_level_parse(const char *text)
{
    for (int i = BC_LOG_ERROR; i <= BC_LOG_TRACE; i++) {
        if (strcmp(text, LEVEL_NAMES[i]) == 0) {
            return (enum bc_log_level)i;
        }
    }
    return BC_LOG_INVALID;
}

bool
bc_log_enabled(enum bc_log_level level)
{
    return (int)level <= atomic_load_explicit(&g_level, memory_order_relaxed);
}

// A line being built; when it is full the rest is cut.
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
    bool cut;
};

// All of it or nothing: half an escape would spoil the line.
static void
put(struct line *l, const char *s, size_t len)
{
    // Three bytes stay free for the closing quote and brace and the newline.
    l->cut = l->cut || len > sizeof(l->text) - 3 - l->len;
    if (!l->cut) {
        memcpy(l->text + l->len, s, len);
        l->len += len;
    }
}

static void
put_char(struct line *l, char c)
{
    put(l, &c, 1);
}

static void
put_raw(struct line *l, const char *s)
{
    put(l, s, strlen(s));
}

// The bytes of the UTF-8 character at `s` (RFC 3629, 4); 0 when there is none.
static size_t
utf8_len(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool bad = s[0] > 0xf4
        || (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)))
        || (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)));
    return bad ? 0 : n;
}

static void
put_escaped(struct line *l, const char *s, bool json)
{
    while (*s) {
        unsigned char c = (unsigned char)*s;
        size_t n = utf8_len((const unsigned char *)s);
        char text[8];
        if (c < 0x20 || c == 0x7f) {
            snprintf(text, sizeof(text), json ? "\\u%04x" : "\\x%02x", c);
            put_raw(l, text);
        } else if (n == 0) {
            snprintf(text, sizeof(text), json ? "\\ufffd" : "\\x%02x", c);
            put_raw(l, text);
        } else if (json && (c == '"' || c == '\\')) {
            put(l, (const char[]){ '\\', (char)c }, 2);
        } else {
            put(l, s, n);
        }
        s += n ? n : 1;
    }
}

static void
put_names(struct line *l, const struct bc_logger *logger, bool json)
{
    if (logger->parent) {
        put_names(l, logger->parent, json);
    }
    put_char(l, '[');
    put_escaped(l, logger->name, json);
    put_char(l, ']');
}

static void
put_text_line(struct line *l, const struct bc_logger *logger, const char *time,
    enum bc_log_level level, const char *message)
{
    put_raw(l, time);
    put_char(l, ' ');
    put_raw(l, LEVEL_NAMES[level]);
    put_char(l, ' ');
    if (logger) {
        put_names(l, logger, false);
        put_char(l, ' ');
    }
    put_escaped(l, message, false);
}

static void
put_json_line(struct line *l, const struct bc_logger *logger, const char *time,
    enum bc_log_level level, const char *message)
{
    put_raw(l, "{\"time\":\"");
    put_raw(l, time);
    put_raw(l, "\",\"level\":\"");
    put_raw(l, LEVEL_NAMES[level]);
    if (logger) {
        put_raw(l, "\",\"who\":\"");
        put_names(l, logger, true);
    }
    put_raw(l, "\",\"message\":\"");
    put_escaped(l, message, true);
    // A cut line still has to be JSON: these two always fit (see put()).
    l->text[l->len++] = '"';
    l->text[l->len++] = '}';
}

void
bc_log(const struct bc_logger *logger, enum bc_log_level level, const char *fmt, ...)
{
    if (!bc_log_enabled(level)) {
        return;
    }
    char message[LINE_MAX_BYTES / 2];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);

    char time[BC_TIME_TEXT];
    bc_clock_format(bc_clock_wall_us(), time);
    struct line l = { .len = 0 };
    if (atomic_load(&g_format) == BC_LOG_FORMAT_JSON) {
        put_json_line(&l, logger, time, level, message);
    } else {
        put_text_line(&l, logger, time, level, message);
    }
    l.text[l.len++] = '\n';
    // Nothing can be done about a log that cannot be written.
    ssize_t n = write(STDERR_FILENO, l.text, l.len);
    (void)n;
}

bool
bc_log_limit_pass(struct bc_log_limit *limit, long long now_us, unsigned *suppressed)
{
    if (now_us < limit->next_us) {
        limit->suppressed++;
        return false;
    }
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    limit->next_us = now_us + LIMIT_INTERVAL_US;
    return true;
}
