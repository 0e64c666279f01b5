// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_EMSG_H
#define CONTAINER_EMSG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/writer.h"

// Event messages in CMAF chunks (DASHEventMessageBox, ISO/IEC 23009-1 5.10.3.3) that hold ID3
// (aomedia.org/emsg/ID3, "Carriage of ID3 Timed Metadata in CMAF"). They stand before the moof
// of the chunk that they tell of.

#define BC_EMSG_ID3_SCHEME "https://aomedia.org/emsg/ID3"
#define BC_EMSG_DURATION_UNKNOWN UINT32_MAX
// Boxes that stand before one moof, in bytes together; more are left out.
#define BC_EMSG_MAX ((size_t)64 * 1024)

// A box of version 1: its time is on the track's own timeline. Texts and data are borrowed.
struct bc_emsg {
    const char *scheme; // at most 255 bytes
    uint32_t timescale;
    uint64_t presentation_time; // ticks
    uint32_t event_duration;    // ticks, or BC_EMSG_DURATION_UNKNOWN
    uint32_t id; // the same for the same event, however often it is sent
    const uint8_t *data;
    size_t len;
};

void
bc_emsg_write(struct bc_writer *w, const struct bc_emsg *emsg);

// One complete box, which the texts and data point into. 0; -EINVAL: no emsg of version 1, or
// a broken one.
int
bc_emsg_read(const uint8_t *box, size_t len, struct bc_emsg *out);

// How many bytes of emsg boxes `data` begins with, of any version; what is behind them is not
// looked at.
size_t
bc_emsg_run(const uint8_t *data, size_t len);

// Adds `delta_us` to the times of all boxes of version 1 in a run, in place; below zero they
// stay at zero. 0 or -EINVAL.
int
bc_emsg_shift(uint8_t *run, size_t len, int64_t delta_us);

// ID3v2.4 (id3.org) with one TXXX frame in UTF-8: a name and a text.
void
bc_id3_write_text(struct bc_writer *w, const char *name, const void *text, size_t len);

// The text of the first TXXX frame of that name in a tag; borrowed from it. NULL: none.
const uint8_t *
bc_id3_find_text(const uint8_t *tag, size_t len, const char *name, size_t *text_len);

#endif
