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

static const char *const LEVEL_NAMES[] = { "none", "error", "warn", "info", "debug", "trace" };

void
bc_logger_init(struct bc_logger *logger, const struct bc_logger *parent, const char *fmt, ...)
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
};

static void
put_char(struct line *l, char c)
{
    // Two bytes stay free for the closing brace and the newline.
    if (l->len < sizeof(l->text) - 3) {
        l->text[l->len++] = c;
    }
}

static void
put_raw(struct line *l, const char *s)
{
    while (*s) {
        put_char(l, *s++);
    }
}

static void
put_escaped(struct line *l, const char *s, bool json)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 0x20 || c == 0x7f) {
            char hex[8];
            snprintf(hex, sizeof(hex), json ? "\\u%04x" : "\\x%02x", c);
            put_raw(l, hex);
        } else {
            if (json && (c == '"' || c == '\\')) {
                put_char(l, '\\');
            }
            put_char(l, (char)c);
        }
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
    // A cut line still has to be JSON: these two always fit (see put_char).
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
