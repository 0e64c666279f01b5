// SPDX-License-Identifier: Apache-2.0
// The disk: whether it is there, and how much is free.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "record/retention.h"
#include "recorder_internal.h"

// Above the limit by so much recording goes on, so that it does not begin and end by turns.
#define SPARE_PERCENT 2

// Whether a path is where something is mounted. An unknown answer is none.
static bool
is_mount(const char *path)
{
    struct statx st;
    return statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_TYPE, &st) == 0
        && (st.stx_attributes & st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT);
}

// The folder of recordings may not be there yet; the data directory is.
static void
path_above(const struct bc_recorder *r, char out[PATH_MAX])
{
    const char *slash = strrchr(r->root, '/');
    snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - r->root) : 0, r->root);
}

void
recorder_disk_begin(struct bc_recorder *r)
{
    char path[PATH_MAX];
    char above[PATH_MAX];
    path_above(r, above);
    if (!realpath(r->root, path) && !realpath(above, path)) {
        return;
    }
    while (path[0] == '/' && path[1]) {
        if (is_mount(path)) {
            r->mount = strdup(path);
            return;
        }
        char *slash = strrchr(path, '/');
        slash[slash == path] = '\0';
    }
}

void
recorder_disk_hurry(struct bc_recorder *r)
{
    if (r->retention) {
        bc_retention_hurry(r->retention);
    }
}

void
recorder_disk_look(struct bc_recorder *r, int64_t now_us)
{
    if (r->looked_us != 0 && now_us - r->looked_us < RECORDER_LOOK_US) {
        return;
    }
    r->looked_us = now_us;
    struct statvfs fs;
    char above[PATH_MAX];
    path_above(r, above);
    if (statvfs(r->root, &fs) != 0 && statvfs(above, &fs) != 0) {
        return;
    }
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    atomic_store(&r->disk_free, free_bytes);
    atomic_store(&r->disk_total, (uint64_t)fs.f_blocks * fs.f_frsize);
    uint64_t limit = (uint64_t)atomic_load(&r->min_free_bytes);
    r->low = free_bytes < (r->low ? limit + limit * SPARE_PERCENT / 100 : limit);
    if (r->low) {
        recorder_disk_hurry(r);
    }
}

bool
recorder_disk_is_fine(struct bc_recorder *r, char trouble[RECORDER_TROUBLE])
{
    if (r->mount && !is_mount(r->mount)) {
        snprintf(trouble, RECORDER_TROUBLE, "%.100s is not mounted", r->mount);
        return false;
    }
    if (r->low) {
        snprintf(trouble, RECORDER_TROUBLE,
            "%llu MiB are free on the disk, less than record.min_free_bytes",
            (unsigned long long)(atomic_load(&r->disk_free) >> 20));
        return false;
    }
    return true;
}

void
recorder_disk_explain(int err, char trouble[RECORDER_TROUBLE])
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
        snprintf(trouble, RECORDER_TROUBLE, "the disk is full");
        break;
    case EROFS:
        snprintf(trouble, RECORDER_TROUBLE, "the disk can only be read");
        break;
    case EIO:
        snprintf(trouble, RECORDER_TROUBLE, "the disk reports an error");
        break;
    case ENOENT:
    case ESTALE:
    case ENOTDIR:
        snprintf(trouble, RECORDER_TROUBLE, "the recording's folder is gone");
        break;
    default:
        snprintf(trouble, RECORDER_TROUBLE, "%.100s", strerror(err));
        break;
    }
}
