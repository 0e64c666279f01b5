// SPDX-License-Identifier: Apache-2.0
// The second reading: the media, copied by the kernel where it can.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "export.h"
#include "export_plan.h"

#define STEP_BYTES (1 << 20)
#define SCAN_PERCENT 15 // of the progress were reached before

// On the stack of export_copy().
struct copy {
    int out;
    struct bc_file *file; // NULL: none yet
    uint32_t number;
    uint8_t *buffer; // owned; NULL while the kernel copies by itself
};

// Whether copy_file_range() will not do for these files at all (NFS, FUSE, two file systems).
static bool
is_unsupported(int error)
{
    return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP
        || error == EPERM;
}

static ssize_t
copy_by_hand(struct copy *c, off_t from, size_t bytes)
{
    ssize_t n = pread(c->file->fd, c->buffer, bytes, from);
    ssize_t done = 0;
    while (n > 0 && done < n) {
        ssize_t w = write(c->out, c->buffer + done, (size_t)(n - done));
        if (w < 0 && errno != EINTR) {
            return w;
        }
        done += w > 0 ? w : 0;
    }
    return n;
}

static ssize_t
copy_some(struct copy *c, off_t from, size_t bytes)
{
    if (!c->buffer) {
        off_t in = from;
        ssize_t n = copy_file_range(c->file->fd, &in, c->out, NULL, bytes, 0);
        if (n >= 0 || !is_unsupported(errno)) {
            return n;
        }
        c->buffer = malloc(STEP_BYTES);
        if (!c->buffer) {
            errno = ENOMEM;
            return -1;
        }
    }
    return copy_by_hand(c, from, bytes);
}

static int
open_file(struct copy *c, const struct bc_recording *r, uint32_t number)
{
    if (c->file && c->number == number) {
        return 0;
    }
    bc_file_unref(&c->file);
    c->file = bc_recording_file(r, number);
    c->number = number;
    return c->file ? 0 : -errno;
}

static int
copy_extent(struct copy *c, const struct export_extent *e, const struct export_plan *plan)
{
    for (uint32_t done = 0; done < e->bytes;) {
        if (export_is_cancelled(plan->params)) {
            return -ECANCELED;
        }
        size_t step = e->bytes - done < STEP_BYTES ? e->bytes - done : STEP_BYTES;
        ssize_t n = copy_some(c, (off_t)(e->offset + done), step);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            return -EIO; // the file is shorter than it was
        }
        done += n > 0 ? (uint32_t)n : 0;
    }
    return 0;
}

int
export_copy(int fd, const struct export_plan *plan)
{
    const struct export_extent *all = (const struct export_extent *)plan->extents.data;
    size_t count = plan->extents.len / sizeof(*all);
    struct copy c = { .out = fd };
    uint64_t bytes = 0;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = open_file(&c, plan->params->recording, all[i].file);
        rc = rc < 0 ? rc : copy_extent(&c, &all[i], plan);
        bytes += all[i].bytes;
        int percent = (int)(bytes * (99 - SCAN_PERCENT) / (plan->bytes + 1));
        export_set_progress(plan->params, SCAN_PERCENT + percent);
    }
    bc_file_unref(&c.file);
    free(c.buffer);
    return rc;
}
