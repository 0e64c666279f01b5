// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_CLIP_H
#define CLIP_CLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "record/recording.h"

struct bc_catalogue;
struct bc_library;
struct bc_pictures;

// Cuts clips out of recordings, running or ended, and exports recordings as classic MP4:
// jobs on threads of their own, so that neither a worker nor the recorder ever waits for
// one. A clip is a recording of its own (its bytes are copies, so retention of the source
// does not touch it) with a classic MP4 beside it (ID/clip.mp4) and a poster. Owned by
// the server, any thread.
struct bc_clips;

struct bc_clips_params {
    struct bc_library *library;
    struct bc_catalogue *catalogue;
    struct bc_pictures *pictures; // makes posters; NULL: none
    unsigned threads; // jobs at a time, 1 to 8
    unsigned queue;   // jobs that may wait
};

struct bc_clips *
bc_clips_create(const struct bc_clips_params *params);

// Running jobs are cancelled and leave nothing behind, new ones are refused; NULL is fine.
void
bc_clips_stop(struct bc_clips *clips);

// Stops it first; NULL is fine.
void
bc_clips_destroy(struct bc_clips *clips);

struct bc_clip_request {
    struct bc_recording *source; // borrowed for the call
    int64_t from_us; // recording time of the first frame shown
    int64_t to_us;   // of the first frame not shown any more
    bool frame_exact; // false: from the keyframe at or before, to the next keyframe
    const char *title;
};

// Queues a clip. 0 with its id in `id` and an entry in the catalogue (running, then ready or
// failed). -ERANGE: the range is outside the recording or shorter than a frame; -EINVAL: from
// is not before to; -EAGAIN: as many wait as may; -ENOMEM.
int
bc_clips_start(struct bc_clips *clips, const struct bc_clip_request *request,
    char id[BC_RECORDING_ID_MAX + 1]);

// Queues a classic MP4 of a whole recording that has ended (ID/replay.mp4). 0; -EALREADY: it
// is there or under way; -EAGAIN; -ENOMEM.
int
bc_clips_export(struct bc_clips *clips, struct bc_recording *source);

enum bc_clip_job_state {
    BC_CLIP_JOB_NONE, // never asked for, or long over: look into the catalogue, or for the file
    BC_CLIP_JOB_WAITING,
    BC_CLIP_JOB_RUNNING,
    BC_CLIP_JOB_DONE,
    BC_CLIP_JOB_FAILED,
};

struct bc_clip_job {
    enum bc_clip_job_state state;
    int progress; // percent
    char error[200];
};

// Of a clip in the making, or of the export of a recording, by its id.
void
bc_clips_job(struct bc_clips *clips, const char *id, struct bc_clip_job *out);

// Cancels the job, if there is one, and waits for nothing.
void
bc_clips_cancel(struct bc_clips *clips, const char *id);

struct bc_clips_totals {
    uint64_t waiting; // jobs
    uint64_t made;    // clips and exports since the start
    uint64_t failed;
};

void
bc_clips_totals(struct bc_clips *clips, struct bc_clips_totals *out);

#endif
