// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_SOURCE_H
#define PICTURE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "ffmpeg.h"
#include "record/recording.h"

// Before each picture that costs something: waits for its turn and counts. False: stop.
// `may_begin` NULL: at once.
struct picture_pace {
    bool (*may_begin)(void *user);
    void *user;
};

// The keyframes of a recording, which may grow meanwhile. Owned by whoever makes pictures of
// it, for that call; one thread.
struct picture_source {
    const struct bc_recording *recording; // borrowed
    const struct picture_pace *pace; // borrowed
    bool stopped; // the pace said so
    // The format of the picture decoded last.
    uint32_t format;
    struct bc_buf *init; // owned; NULL: none yet
    bool usable;
};

void
picture_source_finish(struct picture_source *s);

// The first part from a recording time on that begins with a keyframe. False: there is none.
bool
picture_source_next(
    struct picture_source *s, int64_t from_us, struct bc_recording_part *out);

// Its picture in an empty frame. 0; errors of picture_decode(), where bytes that cannot be
// read are damaged ones; -EINTR: stopped.
int
picture_source_decode(
    struct picture_source *s, const struct bc_recording_part *part, AVFrame *out);

#endif
