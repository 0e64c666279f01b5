// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_STILL_H
#define TRANSMUX_STILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "media/track.h"

struct bc_codec_threads;
struct bc_worker;

#define BC_STILL_RATE 10
#define BC_STILL_PICTURES (2 * BC_STILL_RATE)

// A picture as H.264 Baseline, to be shown over and over: two seconds, each an IDR and
// then pictures that change nothing, some bytes each. Without these, FFmpeg would look at
// the stream for 20 s before it plays, and players that buffer would stand still at the
// end of what they have. There are two IDRs as they must differ from one to the next in
// their idr_pic_id (ITU-T H.264 7.4.3). Immutable; any thread may hold references of what is
// in it.
struct bc_still {
    int64_t file_mtime_us; // of the file it was made from
    int64_t file_bytes;
    struct bc_track *track;                      // owned reference
    struct bc_buf *pictures[BC_STILL_PICTURES];  // owned references
};

// Takes references of `from`.
void
bc_still_copy(struct bc_still *to, const struct bc_still *from);

void
bc_still_clear(struct bc_still *still);

enum bc_still_result {
    BC_STILL_MADE,
    BC_STILL_UNCHANGED, // the file is the one of `seen`
    BC_STILL_FAILED,    // there is no such picture, which the log says
};

struct bc_still_params {
    struct bc_codec_threads *threads;
    struct bc_worker *home;
    const char *path; // of a PNG or JPEG; copied
    const struct bc_logger *log; // outlives the job
    const struct bc_still *seen; // borrowed for the call: what there is of this path already
    // Home's thread, once. The picture is borrowed for the call.
    void (*on_done)(
        void *user, enum bc_still_result result, const struct bc_still *still);
    void *user;
};

// Reads a picture file and encodes it on a codec thread: at most 1280x720 (or 720x1280), and
// small enough to be sent every second. Home worker's thread.
struct bc_still_job;

// NULL without memory.
struct bc_still_job *
bc_still_make(const struct bc_still_params *params);

// No callback follows. For a job whose callback has not come; NULL is fine.
void
bc_still_cancel(struct bc_still_job *job);

#endif
