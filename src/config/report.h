// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct bc_writer;

// Collects the errors of one load, one line each. On the stack of its load.
struct bc_report {
    const char *file;      // borrowed; where the values now being read come from
    bool has_lines;        // false: line numbers mean nothing there
    struct bc_writer *out; // borrowed, may be NULL
    unsigned count;
    bool no_memory;
};

// "file:line: message"; line 0 leaves the number out. After a certain count only counts.
void
bc_report_error(struct bc_report *r, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void
bc_report_no_memory(struct bc_report *r);

bool
bc_report_failed(const struct bc_report *r);

// What a user wrote, for showing it in a message: shortened, without control characters.
#define BC_SHOWN_BYTES 64

const char *
bc_report_shown(const char *text, char out[BC_SHOWN_BYTES]);

#endif
