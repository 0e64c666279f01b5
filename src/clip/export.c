// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "jobs.h"
#include "record/catalogue.h"
#include "replay/mp4.h"

#define EXPORT_FILE "replay.mp4"

// --- classic MP4s of recordings ---

int
clip_export_path(const struct bc_recording *r, char out[CLIP_PATH_MAX])
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    const char *name = info.kind == BC_RECORDING_CLIP ? CLIP_FILE : EXPORT_FILE;
    int n = snprintf(out, CLIP_PATH_MAX, "%s/%s", bc_recording_folder(r), name);
    return n > 0 && n < CLIP_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void
explain(int err, char error[CLIP_NOTE_MAX])
{
    (void)snprintf(error, CLIP_NOTE_MAX, "%s",
        err == 0               ? ""
            : err == -ECANCELED ? "cancelled"
            : err == -ENOENT    ? "there is nothing in it"
                                : strerror(-err));
}

int
clip_job_export(struct bc_clips *clips, struct clip_job *job, char error[CLIP_NOTE_MAX])
{
    (void)clips;
    char path[CLIP_PATH_MAX];
    int err = clip_export_path(job->source, path);
    if (err == 0) {
        struct bc_replay_export_params params = {
            .recording = job->source,
            .path = path,
            .to_us = INT64_MAX,
            .progress = &job->progress.percent,
            .cancel = &job->cancel,
        };
        err = bc_replay_export(&params);
    }
    explain(err, error);
    return err;
}

// --- clips and their entries in the catalogue ---

// What is known of a clip before it is made.
static void
describe(const struct clip_job *job, struct bc_catalogue_entry *e)
{
    struct bc_recording_info source;
    bc_recording_info(job->source, &source);
    *e = (struct bc_catalogue_entry){
        .info = {
            .kind = BC_RECORDING_CLIP,
            .source_from_us = job->from_us,
            .source_to_us = job->to_us,
            .frame_exact = job->exact,
            .duration_us = job->to_us - job->from_us,
        },
        .state = BC_CATALOGUE_RUNNING,
    };
    int64_t wall_us = source.began_wall_us + job->from_us;
    struct bc_recording_part part;
    size_t index = 0;
    if (bc_recording_find(job->source, job->from_us, &index)
        && bc_recording_parts(job->source, index, &part, 1) == 1) {
        wall_us = part.wall_us + job->from_us - part.start_us;
    }
    e->info.began_wall_us = wall_us;
    memcpy(e->info.id, job->id, sizeof(e->info.id));
    memcpy(e->info.channel, source.channel, sizeof(e->info.channel));
    memcpy(e->info.title, job->title, sizeof(e->info.title));
    memcpy(e->info.source, source.id, sizeof(e->info.source));
}

void
clip_job_announce(struct bc_clips *clips, const struct clip_job *job)
{
    struct bc_catalogue_entry e;
    if (job->kind == JOB_CLIP && clips->params.catalogue) {
        describe(job, &e);
        bc_catalogue_put(clips->params.catalogue, &e);
    }
}

void
clip_job_fail(struct bc_clips *clips, const struct clip_job *job, const char *error)
{
    struct bc_catalogue_entry e;
    if (job->kind == JOB_CLIP && job->source && clips->params.catalogue) {
        describe(job, &e);
        e.state = BC_CATALOGUE_FAILED;
        (void)snprintf(e.error, sizeof(e.error), "%s", error);
        bc_catalogue_put(clips->params.catalogue, &e);
    }
}

int
clip_job_cut(struct bc_clips *clips, struct clip_job *job, char error[CLIP_NOTE_MAX])
{
    struct clip_cut cut = {
        .root = clips->root,
        .id = job->id,
        .title = job->title,
        .source = job->source,
        .from_us = job->from_us,
        .to_us = job->to_us,
        .exact = job->exact,
        .poster = clips->params.pictures != NULL,
        .progress = &job->progress,
        .cancel = &job->cancel,
    };
    struct clip_cut_result result;
    int err = clip_cut_run(&cut, &result);
    (void)snprintf(error, CLIP_NOTE_MAX, "%s",
        err == -ECANCELED ? "cancelled" : result.note);
    if (err != 0) {
        clip_job_fail(clips, job, error);
        return err;
    }
    struct bc_catalogue_entry e = {
        .info = result.info,
        .state = BC_CATALOGUE_READY,
        .progress = 100,
    };
    (void)snprintf(e.error, sizeof(e.error), "%s", result.note);
    if (clips->params.catalogue) {
        bc_catalogue_put(clips->params.catalogue, &e);
    }
    return 0;
}
