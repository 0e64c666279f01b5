// SPDX-License-Identifier: Apache-2.0
#include "container/daterange.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

#define US_PER_S 1000000

static void
write_hex(struct bc_writer *w, uint8_t byte)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    bc_write_u8(w, '%');
    bc_write_u8(w, (uint8_t)DIGITS[byte >> 4]);
    bc_write_u8(w, (uint8_t)DIGITS[byte & 15]);
}

void
bc_daterange_escape(struct bc_writer *w, const void *text, size_t len)
{
    const uint8_t *p = text;
    for (size_t i = 0; i < len; i++) {
        bool plain = p[i] >= 0x20 && p[i] != 0x7f && p[i] != '"' && p[i] != '%' && p[i] != '$';
        if (plain) {
            bc_write_u8(w, p[i]);
        } else {
            write_hex(w, p[i]);
        }
    }
}

static void
write_text(struct bc_writer *w, const char *name, const void *text, size_t len)
{
    bc_write_str(w, name);
    bc_write_str(w, "=\"");
    bc_daterange_escape(w, text, len);
    bc_write_str(w, "\"");
}

static void
write_date(struct bc_writer *w, const char *name, int64_t wall_us)
{
    char date[BC_TIME_TEXT];
    bc_clock_format(wall_us > 0 ? wall_us : 0, date);
    bc_write_fmt(w, "%s=\"%s\"", name, date);
}

void
bc_daterange_write(struct bc_writer *w, const struct bc_daterange *r)
{
    bc_write_str(w, "#EXT-X-DATERANGE:ID=\"");
    bc_daterange_escape(w, r->id, strlen(r->id));
    if (r->revision > 1 || r->repeat > 0) {
        bc_write_fmt(w, ".%u", r->revision);
    }
    if (r->repeat > 0) {
        bc_write_fmt(w, ".%u", r->repeat);
    }
    bc_write_str(w, "\",CLASS=\"" BC_DATERANGE_CLASS "\"");
    write_date(w, ",START-DATE", r->start_wall_us);
    if (r->end_wall_us != BC_DATERANGE_OPEN) {
        write_date(w, ",END-DATE",
            r->end_wall_us > r->start_wall_us ? r->end_wall_us : r->start_wall_us);
    }
    if (r->planned_us > 0) {
        bc_write_fmt(w, ",PLANNED-DURATION=%" PRId64 ".%03" PRId64, r->planned_us / US_PER_S,
            r->planned_us % US_PER_S / 1000);
    }
    write_text(w, ",X-CUE", r->id, strlen(r->id));
    write_text(w, ",X-KIND", r->kind, strlen(r->kind));
    bc_write_fmt(w, ",X-REVISION=%u", r->revision);
    write_text(w, ",X-CHANNEL", r->channel, strlen(r->channel));
    write_text(w, ",X-DATA", r->data, r->data_len);
    bc_write_str(w, "\n");
}
