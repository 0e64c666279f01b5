// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_PICTURE_H
#define PICTURE_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "record/recording.h"

struct bc_hls_snapshot;
struct bc_outputs;
struct bc_worker;

// Pictures of lives and recordings as JPEG, decoded from keyframes alone by one thread with a
// budget (at most a fifth of one core over ten seconds; what does not fit waits or, for
// thumbnails of a running live, is left out). Owned by the server, any thread.
struct bc_pictures;

struct bc_pictures *
bc_pictures_create(void);

// Ends the thread; between the workers' join and the last run of their leftovers, as it posts
// to them. NULL is fine, as is another call.
void
bc_pictures_stop(struct bc_pictures *pictures);

// After the leftovers, when nobody waits any more. NULL is fine.
void
bc_pictures_destroy(struct bc_pictures *pictures);

// How many keyframes were decoded so far, for all purposes.
uint64_t
bc_pictures_made(const struct bc_pictures *pictures);

// A request for the newest picture of a live. Embedded in its owner; one worker's.
struct bc_picture_waiter {
    struct bc_list node;
    struct bc_worker *worker;
    // Called once, on that worker; NULL: there is none (sound alone, a codec that cannot be
    // decoded here). Borrowed for the call.
    void (*ready)(struct bc_picture_waiter *waiter, struct bc_buf *jpeg);
};

// The picture of the newest keyframe, at most `width` wide (160 to 1280). Made once per
// keyframe and width, whoever asks; widths are brought down to one of six. A picture younger
// than a second is given at once, and an older one to who has waited for 5 s. `ready` is never
// called from within. False without memory: then it is never called.
bool
bc_pictures_live(struct bc_pictures *pictures, struct bc_outputs *outputs,
    const char *channel, unsigned width, struct bc_worker *worker,
    struct bc_picture_waiter *waiter);

// Nobody is called. On the waiter's worker; harmless when it does not wait.
void
bc_pictures_cancel(struct bc_pictures *pictures, struct bc_picture_waiter *waiter);

// Thumbnails of a recording in its pictures/ folder, docs/recording.md: sheets of 5 x 5
// pictures 160 wide ("sheet-0001.jpg"), one picture every 10 s at first and fewer the longer
// it gets (a sheet is never made again: later ones are coarser), "thumbnails.vtt" (WebVTT
// with #xywh) and "poster.jpg" (640 wide; the first keyframe after 3 s that is not all dark).
// Of a running recording they are brought up to date when somebody asks, at most every 10 s,
// and when it ends; of an ended one that has none they are made when somebody asks.

// Has the picture thread make what is missing, unless it did so in the last 10 s, nothing can
// be missing, or 64 recordings wait already. Takes a reference of the recording. Cheap: to be
// called with each request for a list, sheet or poster, and when a recording ends.
void
bc_pictures_update(struct bc_pictures *pictures, struct bc_recording *r);

// The same, at once and on the caller's thread, for a clip's job: the poster alone. 0 or
// negative errno.
int
bc_pictures_poster(const struct bc_recording *r);

#endif
