// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_WALK_H
#define CLIP_WALK_H

#include "edit.h"

// One sample of a clip on its way into a part. Holds a reference to the bytes that it
// points into.
struct clip_item {
    struct clip_sample sample;
    struct bc_buf *bytes; // owned reference
    uint32_t format;
    size_t stretch;
    bool disposable;
};

void
clip_item_finish(struct clip_item *item);

// Goes through a clip's ruling track, piece by piece, or through the track that rides with
// it. One source part is in memory at a time. On the stack of the job.
struct clip_walk {
    struct clip_reader *reader;     // borrowed
    const struct clip_edit *edit;   // borrowed
    bool riding;
    int64_t from_us; // riding: what is heard from here on
    unsigned piece;  // 0 head, 1 copied, 2 tail, 3 through
    size_t coded;    // place in an encoded piece
    size_t index;    // of the part loaded or to be loaded
    size_t end;      // the first part not to be loaded
    size_t at;       // place in the part
    bool loaded;
    struct clip_part part;
    size_t stretch;  // of the last copied sample
    bool wants_sync; // what cannot be decoded is passed over
    int64_t last_dts; // of the last item, in its stretch
    bool lost;       // something of the source could not be read
};

void
clip_walk_ruling(
    struct clip_walk *w, struct clip_reader *reader, const struct clip_edit *edit);

// What rides from clip time `from_us` (recording time of its first part) on.
void
clip_walk_riding(struct clip_walk *w, struct clip_reader *reader,
    const struct clip_edit *edit, int64_t from_us);

void
clip_walk_finish(struct clip_walk *w);

// The next sample. False: there are no more.
bool
clip_walk_next(struct clip_walk *w, struct clip_item *out);

#endif
