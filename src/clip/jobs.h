// SPDX-License-Identifier: Apache-2.0
#ifndef CLIP_JOBS_H
#define CLIP_JOBS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/list.h"
#include "base/log.h"
#include "clip/clip.h"
#include "cut.h"
#include "record/catalogue.h"

#define JOBS_THREADS_MAX 8
#define JOBS_KEPT 256 // that have ended, so that somebody may ask how

enum job_kind { JOB_CLIP = 1, JOB_EXPORT };

// One clip to be made or one recording to be exported. In one of the lists of struct bc_clips,
// and touched under its lock; while it runs, its thread reads what does not change.
struct clip_job {
    struct bc_list node;
    enum job_kind kind;
    char id[BC_RECORDING_ID_MAX + 1]; // of the clip; of the recording exported
    struct bc_recording *source;      // owned reference; NULL once it has ended
    int64_t from_us;
    int64_t to_us;
    bool exact;
    char title[BC_RECORDING_TITLE_MAX + 1];
    enum bc_clip_job_state state;
    struct clip_progress progress;
    atomic_bool cancel;
    char error[CLIP_NOTE_MAX];
};

struct bc_clips {
    struct bc_logger log;
    struct bc_clips_params params;
    char root[CLIP_PATH_MAX]; // folder of all clips
    pthread_t threads[JOBS_THREADS_MAX];
    unsigned thread_count;
    atomic_ullong made;
    atomic_ullong failed;
    pthread_mutex_t lock; // guards what follows
    pthread_cond_t work;
    bool stopping;
    struct bc_list waiting;
    struct bc_list running;
    struct bc_list ended; // oldest first
    size_t waiting_count;
    size_t ended_count;
};

// Makes the clip of a job, with its entry in the catalogue. 0 or negative errno; `error` is
// filled in.
int
clip_job_cut(struct bc_clips *clips, struct clip_job *job, char error[CLIP_NOTE_MAX]);

// The entry of a clip that is waited for or made.
void
clip_job_announce(struct bc_clips *clips, const struct clip_job *job);

// The entry of a clip that was not made.
void
clip_job_fail(struct bc_clips *clips, const struct clip_job *job, const char *error);

// Writes the classic MP4 of a job's recording.
int
clip_job_export(struct bc_clips *clips, struct clip_job *job, char error[CLIP_NOTE_MAX]);

// Where the classic MP4 of a recording is.
int
clip_export_path(const struct bc_recording *r, char out[CLIP_PATH_MAX]);

#endif
