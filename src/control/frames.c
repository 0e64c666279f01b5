// SPDX-License-Identifier: Apache-2.0
// When the picture's frames are, so that a page can step from one to the next. Read from the
// parts' heads on a disk thread.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/query.h"
#include "container/cmaf_read.h"
#include "control_internal.h"
#include "errand.h"
#include "json.h"
#include "net/disk.h"

#define AROUND_US 2000000
#define PARTS_MAX 256
#define FRAMES_MAX 2000
#define HEAD_BYTES_MAX (256 * 1024) // prft and moof of a part
#define AT_DIGITS_MAX 12
#define MOOF 0x6d6f6f66 // "moof"

struct frame {
    int64_t at_us;
    bool keyframe;
};

// A look into a recording; travels to a disk thread and back.
struct frames_job {
    struct bc_task task;
    struct bc_worker *worker;   // where the errand lives
    struct bc_errand *errand;   // touched there only
    struct bc_recording *r;     // owned reference
    int64_t at_us;
    // While reading.
    struct bc_cmaf_movie movie; // of `format`
    bool has_movie;
    uint32_t format;
    size_t count;
    struct frame frames[FRAMES_MAX];
};

// --- on a disk thread ---

static bool
take_sample(void *user, const struct bc_cmaf_read_sample *s)
{
    struct frames_job *job = user;
    const struct bc_cmaf_movie_track *track = &job->movie.tracks[s->track];
    if (track->track->kind != BC_KIND_VIDEO) {
        return true;
    }
    if (job->count == FRAMES_MAX || s->dts > INT64_MAX / 4) {
        return false;
    }
    int64_t ticks = (int64_t)s->dts + s->cts;
    job->frames[job->count++] = (struct frame){ .at_us = bc_cmaf_us(ticks, track->timescale),
        .keyframe = s->sync };
    return true;
}

static bool
use_format(struct frames_job *job, uint32_t file)
{
    uint32_t format;
    uint32_t head_bytes;
    if (!bc_recording_file_head(job->r, file, &format, &head_bytes)) {
        return false;
    }
    if (job->has_movie && job->format == format) {
        return true;
    }
    if (job->has_movie) {
        bc_cmaf_movie_finish(&job->movie);
    }
    struct bc_buf *init = bc_recording_init_section(job->r, format);
    job->has_movie = init && bc_cmaf_movie_read(init->data, init->len, &job->movie) == 0;
    job->format = format;
    bc_buf_unref(&init);
    return job->has_movie;
}

static void
read_head(struct frames_job *job, const uint8_t *head, size_t len)
{
    struct bc_cmaf_box box;
    size_t at = 0;
    while (bc_cmaf_box_read(head + at, len - at, &box) == 0 && box.size <= len - at) {
        if (box.type == MOOF) {
            bc_cmaf_moof_read(head + at, (size_t)box.size, &job->movie, take_sample, job);
            return;
        }
        at += (size_t)box.size;
    }
}

static void
read_part(struct frames_job *job, const struct bc_recording_part *part)
{
    struct bc_file *file = bc_recording_file(job->r, part->file);
    bool fits = part->head_bytes > 0 && part->head_bytes <= HEAD_BYTES_MAX;
    uint8_t *head = file && fits ? malloc(part->head_bytes) : NULL;
    if (head
        && pread(file->fd, head, part->head_bytes, (off_t)part->offset)
            == (ssize_t)part->head_bytes) {
        read_head(job, head, part->head_bytes);
    }
    free(head);
    bc_file_unref(&file);
}

static int
compare(const void *a, const void *b)
{
    const struct frame *x = a;
    const struct frame *y = b;
    return x->at_us < y->at_us ? -1 : x->at_us > y->at_us ? 1 : 0;
}

static void
read_frames(struct frames_job *job)
{
    size_t place;
    int64_t from_us = job->at_us > AROUND_US ? job->at_us - AROUND_US : 0;
    if (!bc_recording_find(job->r, from_us, &place)) {
        return;
    }
    struct bc_recording_part part;
    for (size_t i = 0; i < PARTS_MAX; i++) {
        if (bc_recording_parts(job->r, place + i, &part, 1) != 1
            || part.start_us > job->at_us + AROUND_US) {
            break;
        }
        if (use_format(job, part.file)) {
            read_part(job, &part);
        }
    }
    // Frames are stored in the order of decoding.
    qsort(job->frames, job->count, sizeof(job->frames[0]), compare);
}

// --- on the worker ---

static struct json_t *
make_frames(const struct frames_job *job)
{
    struct bc_json list;
    bc_json_begin_array(&list);
    for (size_t i = 0; i < job->count; i++) {
        struct bc_json j;
        bc_json_begin(&j);
        bc_json_ms_exact(&j, "at_ms", job->frames[i].at_us);
        bc_json_bool(&j, "keyframe", job->frames[i].keyframe);
        bc_json_append(&list, bc_json_end(&j));
    }
    struct bc_json root;
    bc_json_begin(&root);
    bc_json_put(&root, "frames", bc_json_end(&list));
    return bc_json_end(&root);
}

static void
run_answer(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct frames_job *job = bc_container_of(task, struct frames_job, task);
    if (job->errand->x) {
        bc_control_respond_json(job->errand->x, 200, make_frames(job));
    }
    bc_errand_end(job->errand);
    free(job);
}

static void
run_read(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct frames_job *job = bc_container_of(task, struct frames_job, task);
    read_frames(job);
    if (job->has_movie) {
        bc_cmaf_movie_finish(&job->movie);
    }
    bc_recording_unref(&job->r);
    job->task.run = run_answer;
    bc_worker_post(job->worker, &job->task);
}

static bool
answer_frames(struct bc_errand *e, struct bc_recording *r)
{
    if (!r) {
        bc_control_respond_error(e->x, 404, "no_such_replay", "its files are gone", NULL);
        return true;
    }
    struct frames_job *job = calloc(1, sizeof(*job));
    if (!job) {
        bc_control_respond_json(e->x, 200, NULL);
        return true;
    }
    job->worker = bc_http_worker(e->x);
    job->errand = e;
    job->r = bc_recording_ref(r);
    job->at_us = e->at_us;
    bc_list_init(&job->task.node);
    job->task.run = run_read;
    bc_disk_post(e->control->params.disk, &job->task);
    return false;
}

static bool
read_at(struct bc_http_exchange *x, int64_t *at_us)
{
    char text[AT_DIGITS_MAX + 8];
    char *end = text;
    int len = bc_query_get(bc_http_query(x), "at_ms", text, sizeof(text));
    if (len <= 0 || text[0] < '0' || text[0] > '9') {
        return false;
    }
    double ms = strtod(text, &end);
    struct bc_moment m;
    if (*end != '\0' || !bc_moment_of_ms(ms, &m)) {
        return false;
    }
    *at_us = m.us;
    return true;
}

void
bc_control_replay_frames(struct bc_control *control, struct bc_http_exchange *x,
    const char *id)
{
    int64_t at_us;
    if (!read_at(x, &at_us)) {
        bc_control_respond_error(x, 400, "bad_time",
            "at_ms is a recording time in milliseconds, 0 or more", NULL);
        return;
    }
    struct bc_errand *e = control->params.disk ? bc_errand_begin(control, x) : NULL;
    if (e) {
        bc_errand_open_one(e, BC_RECORDING_REPLAY, id, answer_frames);
        e->at_us = at_us;
        bc_errand_ask(e);
    } else if (!control->params.disk) {
        bc_control_respond_error(x, 503, "no_recordings",
            "this server keeps no recordings", NULL);
    }
}
