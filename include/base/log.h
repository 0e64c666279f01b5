// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum bc_log_level {
    BC_LOG_INVALID,
    BC_LOG_ERROR, // we failed
    BC_LOG_WARN,  // a peer misbehaved or a limit was met
    BC_LOG_INFO,  // life events: opened, closed with the reason
    BC_LOG_DEBUG,
    BC_LOG_TRACE,
};

enum bc_log_format { BC_LOG_FORMAT_TEXT, BC_LOG_FORMAT_JSON };

// Who speaks: a name such as "rtmp 1.2.3.4:5", and the parent whose name stands before
// it. Embedded in the object that logs; the parent outlives it. NULL as a logger is the
// program.
struct bc_logger {
    const struct bc_logger *parent; // borrowed
    char name[80];
};

void
bc_logger_init(struct bc_logger *logger, const struct bc_logger *parent, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

// Process-wide settings; set before threads start, or any time (they are atomic).
void
bc_log_set_level(enum bc_log_level level);

void
bc_log_set_format(enum bc_log_format format);

enum bc_log_level
bc_log_level_parse(const char *text);

bool
bc_log_enabled(enum bc_log_level level);

// One line on stderr, written with one write(2) so that threads do not mix. Control
// characters in the message are escaped: a peer's text cannot forge a line.
void
bc_log(const struct bc_logger *logger, enum bc_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define bc_error(logger, ...) bc_log(logger, BC_LOG_ERROR, __VA_ARGS__)
#define bc_warn(logger, ...) bc_log(logger, BC_LOG_WARN, __VA_ARGS__)
#define bc_info(logger, ...) bc_log(logger, BC_LOG_INFO, __VA_ARGS__)
#define bc_debug(logger, ...) bc_log(logger, BC_LOG_DEBUG, __VA_ARGS__)

// Limits a kind of line to one per interval: a flood of bad input must not become a flood
// of logging. Embedded beside the logger that uses it; one thread.
struct bc_log_limit {
    long long next_us;
    unsigned suppressed;
};

// True when a line may be written now; `*suppressed` is then how many were not since the
// last.
bool
bc_log_limit_pass(struct bc_log_limit *limit, long long now_us, unsigned *suppressed);

#endif
