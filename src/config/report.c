// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"

#define MAX_ERRORS 50 // shown; a wrong file should not fill a terminal

void
bc_report_error(struct bc_report *r, unsigned line, const char *fmt, ...)
{
    r->count++;
    if (!r->out || r->count > MAX_ERRORS + 1) {
        return;
    }
    if (r->count == MAX_ERRORS + 1) {
        bc_write_str(r->out, "more errors follow, they are not shown\n");
        return;
    }
    char message[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    if (r->has_lines && line > 0) {
        bc_write_fmt(r->out, "%s:%u: %s\n", r->file, line, message);
    } else {
        bc_write_fmt(r->out, "%s: %s\n", r->file, message);
    }
}

void
bc_report_no_memory(struct bc_report *r)
{
    r->no_memory = true;
}

bool
bc_report_failed(const struct bc_report *r)
{
    return r->count > 0 || r->no_memory;
}

const char *
bc_report_shown(const char *text, char out[BC_SHOWN_BYTES])
{
    size_t n = strlen(text);
    bool cut = n >= BC_SHOWN_BYTES;
    if (cut) {
        n = BC_SHOWN_BYTES - 4;
        // Not in the middle of a UTF-8 character.
        while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
    }
    strcpy(out + n, cut ? "..." : "");
    return out;
}
