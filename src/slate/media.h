// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_MEDIA_H
#define SLATE_MEDIA_H

#include <stdatomic.h>
#include <stddef.h>

#include "format.h"
#include "media/track.h"

// A prepared access unit.
struct slate_unit {
    struct bc_buf *buf; // owned reference
    bool key;
};

struct slate_units {
    struct slate_unit *items; // owned
    size_t count;
    size_t room;
    size_t bytes; // distinct or not
};

// A slate in one format, to be played round and round. Filled by its maker while the count
// is 1, then immutable; any thread may hold references.
struct slate_media {
    atomic_uint refs;
    struct slate_format format;
    struct bc_track *video; // owned
    struct bc_track *audio; // owned; NULL: no sound
    struct slate_units pictures; // begins with a keyframe; of a still one of them
    struct slate_units sounds;   // those of the pictures' time; of silence none
    struct slate_unit silence;   // what is played where there is no sound
    bool still; // the pictures are a keyframe and repetitions of whatever keyframe it is
};

struct slate_media *
slate_media_create(const struct slate_format *format);

struct slate_media *
slate_media_ref(struct slate_media *media);

void
slate_media_unref(struct slate_media **holder);

// Appends; takes over the reference in any case. False without memory or buffer.
bool
slate_units_add(struct slate_units *units, struct bc_buf *buf, bool key);

void
slate_units_finish(struct slate_units *units);

size_t
slate_media_bytes(const struct slate_media *media);

#endif
