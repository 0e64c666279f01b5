// SPDX-License-Identifier: Apache-2.0
// The classic form: a plan, then a file with everything in front of the media.
#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export_plan.h"

#define MODE 0644

bool
export_is_cancelled(const struct bc_replay_export_params *params)
{
    return params->cancel && atomic_load_explicit(params->cancel, memory_order_relaxed);
}

void
export_set_progress(const struct bc_replay_export_params *params, int percent)
{
    if (params->progress) {
        atomic_store_explicit(params->progress, percent, memory_order_relaxed);
    }
}

static int
write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int
write_file(int fd, const struct export_plan *plan)
{
    struct bc_writer head = { 0 };
    export_moov_write(&head, plan);
    int rc = head.failed ? -ENOMEM : 0;
    if (rc == 0) {
        // A disk without room says so now; file systems that cannot reserve say so later.
        rc = fallocate(fd, 0, 0, (off_t)(head.len + plan->bytes)) < 0
                && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
            ? -errno
            : write_all(fd, head.data, head.len);
    }
    bc_writer_finish(&head);
    rc = rc < 0 ? rc : export_copy(fd, plan);
    return rc < 0 ? rc : fsync(fd) < 0 ? -errno : 0;
}

// So that the new name is there after a power loss.
static void
sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static int
write_and_rename(const struct export_plan *plan, const char *path)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof(temporary), "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof(temporary)) {
        return -ENAMETOOLONG;
    }
    // What a crash left of an earlier try is written over.
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, MODE);
    if (fd < 0) {
        return -errno;
    }
    int rc = write_file(fd, plan);
    rc = close(fd) < 0 && rc == 0 ? -errno : rc;
    rc = rc < 0 ? rc : rename(temporary, path) < 0 ? -errno : 0;
    if (rc < 0) {
        (void)unlink(temporary);
        return rc;
    }
    sync_folder(path);
    return 0;
}

int
bc_replay_export(const struct bc_replay_export_params *params)
{
    struct export_plan *plan = malloc(sizeof(*plan));
    if (!plan) {
        return -ENOMEM;
    }
    int rc = export_plan_make(plan, params);
    rc = rc < 0 ? rc : write_and_rename(plan, params->path);
    export_plan_finish(plan);
    free(plan);
    if (rc == 0) {
        export_set_progress(params, 100);
    }
    return rc;
}
