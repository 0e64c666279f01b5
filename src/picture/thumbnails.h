// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_THUMBNAILS_H
#define PICTURE_THUMBNAILS_H

#include <stdbool.h>
#include <stdint.h>

#include "record/recording.h"
#include "source.h"

#define PICTURE_VTT_NAME "thumbnails.vtt"
#define PICTURE_POSTER_NAME "poster.jpg"

// What is known of a recording's pictures besides its files; all zero is fine: then they are
// looked at, and what could not be decoded is tried again.
struct picture_progress {
    int64_t tried_us; // recording time up to which keyframes were tried
    bool checked; // all sheets but the last were looked at
    bool has_poster;
    bool complete; // the recording has ended and there is nothing more to make
};

// The recording time after which the next thumbnail is due when the last one shows `us`: the
// next multiple of 10 s, of 30 s after one hour, of a minute after four.
int64_t
picture_due_us(int64_t us);

// Brings poster, sheets and list up to date. 0; -EINTR: the pace stopped it; another negative
// errno: the disk or no memory. What was made is kept.
int
picture_thumbnails_update(const struct bc_recording *r, const struct picture_pace *pace,
    struct picture_progress *progress);

// The poster, if there is none: the first keyframe after 3 s that is not nearly black, else the
// brightest of ten. 0; -EAGAIN: it cannot be decided before `ended`; -ENOENT: there is no
// picture; others as above.
int
picture_poster_make(struct picture_source *s, bool ended);

#endif
