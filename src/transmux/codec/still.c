// SPDX-License-Identifier: Apache-2.0
// A picture file's way to a codec thread and back.
#include "transmux/still.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "net/worker.h"
#include "still_picture.h"
#include "threads.h"

#define FILE_MAX (32 << 20)

// Goes to the codec thread and comes back; freed at home. Between, the codec thread has
// `still` and `why`, and home all else.
struct bc_still_job {
    struct bc_task work;
    struct bc_task done;
    struct bc_still_params params; // path owned
    bool cancelled;
    int64_t seen_mtime_us;
    int64_t seen_bytes;
    struct bc_still still;
    const char *why; // static text
    enum bc_still_result result;
};

void
bc_still_copy(struct bc_still *to, const struct bc_still *from)
{
    *to = *from;
    to->track = bc_track_ref(from->track);
    for (unsigned i = 0; i < BC_STILL_PICTURES; i++) {
        to->pictures[i] = bc_buf_ref(from->pictures[i]);
    }
}

void
bc_still_clear(struct bc_still *still)
{
    bc_track_unref(&still->track);
    for (unsigned i = 0; i < BC_STILL_PICTURES; i++) {
        bc_buf_unref(&still->pictures[i]);
    }
}

// --- codec thread ---

static const char *
read_all(int fd, size_t want, struct bc_still *out)
{
    uint8_t *data = malloc(want + 1);
    if (!data) {
        return "no memory";
    }
    size_t have = 0;
    ssize_t n = 1;
    while (have < want && n > 0) {
        n = read(fd, data + have, want - have);
        have += n > 0 ? (size_t)n : 0;
    }
    const char *why = have == want ? still_encode(data, have, out) : "it cannot be read";
    free(data);
    return why;
}

static enum bc_still_result
make(struct bc_still_job *job, int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        job->why = "it is no file, or too long";
        return BC_STILL_FAILED;
    }
    int64_t mtime_us = st.st_mtim.tv_sec * INT64_C(1000000) + st.st_mtim.tv_nsec / 1000;
    if (mtime_us == job->seen_mtime_us && st.st_size == job->seen_bytes) {
        return BC_STILL_UNCHANGED;
    }
    job->why = read_all(fd, (size_t)st.st_size, &job->still);
    job->still.file_mtime_us = mtime_us;
    job->still.file_bytes = st.st_size;
    return job->why ? BC_STILL_FAILED : BC_STILL_MADE;
}

static void
run_work(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_still_job *job = bc_container_of(task, struct bc_still_job, work);
    // Not a FIFO's other end, for which opening would wait.
    int fd = open(job->params.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        job->result = BC_STILL_FAILED;
        job->why = "it cannot be opened";
    } else {
        job->result = make(job, fd);
        close(fd);
    }
    bc_worker_post(job->params.home, &job->done);
}

// --- home ---

static void
run_done(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_still_job *job = bc_container_of(task, struct bc_still_job, done);
    if (!job->cancelled) {
        if (job->why) {
            bc_warn(job->params.log, "no cover from %s: %s", job->params.path, job->why);
        }
        job->params.on_done(job->params.user, job->result, &job->still);
    }
    bc_still_clear(&job->still);
    free((char *)job->params.path);
    free(job);
}

struct bc_still_job *
bc_still_make(const struct bc_still_params *params)
{
    struct bc_still_job *job = calloc(1, sizeof(*job));
    char *path = strdup(params->path);
    if (!job || !path) {
        free(job);
        free(path);
        return NULL;
    }
    job->params = *params;
    job->params.path = path;
    job->seen_mtime_us = params->seen && params->seen->track ? params->seen->file_mtime_us : -1;
    job->seen_bytes = params->seen ? params->seen->file_bytes : -1;
    job->params.seen = NULL;
    bc_list_init(&job->work.node);
    bc_list_init(&job->done.node);
    job->work.run = run_work;
    job->done.run = run_done;
    bc_worker_post(codec_threads_pick(params->threads, BC_KIND_VIDEO), &job->work);
    return job;
}

void
bc_still_cancel(struct bc_still_job *job)
{
    if (job) {
        job->cancelled = true;
    }
}
