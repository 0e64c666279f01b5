// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_VTT_H
#define PICTURE_VTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "jpeg.h"

// The list of a recording's thumbnails, "thumbnails.vtt": WebVTT whose cues name a place in a
// sheet, with the times for which its picture stands:
//
//   00:00:10.000 --> 00:00:20.000
//   sheet-0001.jpg#xywh=160,0,160,90
//
// The first begins with the recording, each of the others with the keyframe that it shows,
// and ends where the next begins. So the list is the whole state of the thumbnails.
#define PICTURE_SHEET_COLUMNS 5
#define PICTURE_SHEET_ROWS 5
#define PICTURE_SHEET_PLACES (PICTURE_SHEET_COLUMNS * PICTURE_SHEET_ROWS)
#define PICTURE_SHEETS_MAX 9999
#define PICTURE_CELL_LONG 160
#define PICTURE_CELL_SHORT 90
#define PICTURE_VTT_MAX (PICTURE_SHEETS_MAX * PICTURE_SHEET_PLACES)
#define PICTURE_VTT_MAX_BYTES (PICTURE_VTT_MAX * 80)

// Owned by whoever brings a recording's thumbnails up to date, for that call.
struct picture_vtt {
    // Of one picture: 160 x 90, or 90 x 160 when the first one stands upright.
    struct picture_size cell;
    int64_t *starts_ms; // owned; rising
    size_t count;
    size_t room;
    int64_t end_ms; // of the last cue
};

void
picture_vtt_finish(struct picture_vtt *v);

// Adds a cue that begins at `start_ms` (the first: at 0). False: it would not be later than
// the one before, there are too many, or no memory.
bool
picture_vtt_add(struct picture_vtt *v, int64_t start_ms);

// Forgets all cues from this place on.
void
picture_vtt_cut(struct picture_vtt *v, size_t count);

// NULL without memory.
struct bc_buf *
picture_vtt_write(const struct picture_vtt *v);

// Reads what picture_vtt_write() made into an empty list; from the first line on that it would
// not have written nothing is taken. False without memory.
bool
picture_vtt_read(struct picture_vtt *v, const uint8_t *text, size_t len);

#endif
