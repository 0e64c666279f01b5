// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_DATERANGE_H
#define CONTAINER_DATERANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

// EXT-X-DATERANGE of a cue (draft-pantos-hls-rfc8216bis 4.4.5.1).
//
// An attribute that was told of an ID never has another value later, so each revision of a cue
// is a range of its own: the first one's ID is the cue's id, a later one's "ID.REVISION".

#define BC_DATERANGE_CLASS "com.branchcast.cue"
#define BC_DATERANGE_OPEN INT64_MIN

// Texts are borrowed.
struct bc_daterange {
    const char *id; // the cue's
    unsigned revision;
    unsigned repeat; // above 0 where it comes back: "ID.REVISION.REPEAT"
    const char *kind;
    const char *channel; // whose cue it is
    const void *data;    // JSON
    size_t data_len;
    int64_t start_wall_us; // Unix time
    int64_t end_wall_us;   // BC_DATERANGE_OPEN: not known so far
    int64_t planned_us;    // how long it is meant to last; 0: until it is ended
};

// The line with its end.
void
bc_daterange_write(struct bc_writer *w, const struct bc_daterange *range);

// A text inside of a quoted-string. What may not stand there (quotes, control characters), the
// "%" itself and "$" (of which players make variables) are %XX, so that decodeURIComponent()
// gives the text back; all else is as it is, Chinese too.
void
bc_daterange_escape(struct bc_writer *w, const void *text, size_t len);

#endif
