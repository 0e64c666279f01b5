// SPDX-License-Identifier: Apache-2.0
// The folders of recordings and clips, from which the catalogue can be made anew.
#include "catalogue_scan.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "record/writer.h"
#include "removal.h"

const char *
bc_catalogue_folder_name(enum bc_recording_kind kind)
{
    return kind == BC_RECORDING_CLIP ? "clips" : "recordings";
}

// A link is no folder of ours.
static bool
is_folder(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
bc_catalogue_folder_exists(
    const char *data_dir, enum bc_recording_kind kind, const char *id)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s/%s", data_dir,
        bc_catalogue_folder_name(kind), id);
    return n > 0 && (size_t)n < sizeof(path) && is_folder(path);
}

static bool
is_deleted(const char *folder)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof(path), "%s/" BC_REMOVAL_MARK, folder);
    return access(path, F_OK) == 0;
}

// What the folder says about itself. False: nothing that belongs into the list.
static bool
read_folder(const char *path, enum bc_recording_kind kind, const char *id,
    struct bc_catalogue_entry *out)
{
    struct bc_recording *r = bc_recording_open(path);
    if (!r) {
        bc_warn(NULL, "catalogue: %s cannot be read and is left out: %s", path,
            strerror(errno));
        return false;
    }
    *out = (struct bc_catalogue_entry){ 0 };
    bc_recording_info(r, &out->info);
    bc_recording_unref(&r);
    struct bc_recording_info *info = &out->info;
    bool over = info->ended_wall_us != 0;
    if (info->kind != kind || strcmp(info->id, id) != 0) {
        bc_warn(NULL, "catalogue: %s says that it is %s and is left out", path, info->id);
        return false;
    }
    if (info->parts == 0) {
        return false; // nothing came, or nothing is left
    }
    out->state = over ? BC_CATALOGUE_READY : BC_CATALOGUE_RUNNING;
    if (kind == BC_RECORDING_CLIP) {
        out->progress = 100;
        if (info->source_to_us <= info->source_from_us) { // it does not tell
            info->source_to_us = info->source_from_us + info->duration_us;
        }
    }
    return kind == BC_RECORDING_REPLAY || over; // half a clip is none
}

static int
scan_folder(const struct bc_catalogue_scan *scan, enum bc_recording_kind kind,
    const char *path, const char *id)
{
    if (!is_folder(path) || is_deleted(path)
        || (scan->wanted && !scan->wanted(scan->user, kind, id))) {
        return 0;
    }
    int ret = scan->repair ? bc_recording_repair(path, false) : 0;
    if (ret != 0) {
        bc_warn(NULL, "catalogue: %s cannot be repaired: %s", path, strerror(-ret));
    }
    struct bc_catalogue_entry entry;
    if (!read_folder(path, kind, id, &entry)) {
        return 0;
    }
    return scan->found(scan->user, &entry) ? 0 : -ECANCELED;
}

static int
scan_root(const struct bc_catalogue_scan *scan, enum bc_recording_kind kind)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", scan->data_dir, bc_catalogue_folder_name(kind));
    DIR *dir = opendir(path);
    if (!dir) {
        return errno == ENOENT ? 0 : -errno;
    }
    int ret = 0;
    const struct dirent *d;
    while (ret == 0 && (d = readdir(dir)) != NULL) {
        if (scan->stop && atomic_load(scan->stop)) {
            ret = -ECANCELED;
        } else if (bc_recording_id_is_valid(d->d_name)) {
            int n = snprintf(path, sizeof(path), "%s/%s/%s", scan->data_dir,
                bc_catalogue_folder_name(kind), d->d_name);
            ret = (size_t)n < sizeof(path) ? scan_folder(scan, kind, path, d->d_name)
                                           : -ENAMETOOLONG;
        }
    }
    closedir(dir);
    return ret;
}

int
bc_catalogue_scan_run(const struct bc_catalogue_scan *scan)
{
    int ret = scan_root(scan, BC_RECORDING_REPLAY);
    return ret == 0 ? scan_root(scan, BC_RECORDING_CLIP) : ret;
}
