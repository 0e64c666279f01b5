// SPDX-License-Identifier: Apache-2.0
// Recordings that another run of the server left open: their hosts may come back for a
// while, then they are ended.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "recorder_internal.h"
#include "removal.h"

#define LOOKS_PER_TICK 8
#define AGAIN_US 30000000

static void
folder_path(const struct bc_recorder *r, const char *id, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", r->root, id);
}

bool
recorder_unfinished_has(struct bc_recorder *r, const char *channel)
{
    bool has = false;
    pthread_mutex_lock(&r->lock);
    bc_list_for_each(node, tmp, &r->unfinished)
    {
        const struct recorder_unfinished *u
            = bc_container_of(node, struct recorder_unfinished, node);
        has = has
            || (strcmp(u->channel, channel) == 0
                && u->until_wall_us > bc_clock_wall_us());
    }
    pthread_mutex_unlock(&r->lock);
    return has;
}

bool
recorder_unfinished_take(
    struct bc_recorder *r, const char *channel, char id[BC_RECORDING_ID_MAX + 1])
{
    int64_t now_us = bc_clock_wall_us();
    struct recorder_unfinished *newest = NULL;
    pthread_mutex_lock(&r->lock);
    bc_list_for_each(node, tmp, &r->unfinished)
    {
        struct recorder_unfinished *u
            = bc_container_of(node, struct recorder_unfinished, node);
        if (strcmp(u->channel, channel) == 0 && u->until_wall_us > now_us
            && (!newest || u->until_wall_us > newest->until_wall_us)) {
            newest = u;
        }
    }
    if (newest) {
        bc_list_remove(&newest->node);
    }
    pthread_mutex_unlock(&r->lock);
    if (newest) {
        memcpy(id, newest->id, sizeof(newest->id));
    }
    free(newest);
    return newest != NULL;
}

void
recorder_unfinished_add(
    struct bc_recorder *r, const char *id, const char *channel, int64_t until_wall_us)
{
    struct recorder_unfinished *u = calloc(1, sizeof(*u));
    if (!u) {
        return; // the next run of the server finds it
    }
    snprintf(u->id, sizeof(u->id), "%s", id);
    snprintf(u->channel, sizeof(u->channel), "%s", channel);
    u->until_wall_us = until_wall_us;
    pthread_mutex_lock(&r->lock);
    bc_list_append(&r->unfinished, &u->node);
    pthread_mutex_unlock(&r->lock);
}

void
recorder_unfinished_finish(struct bc_recorder *r)
{
    bc_list_for_each(node, tmp, &r->unfinished)
    {
        bc_list_remove(node);
        free(bc_container_of(node, struct recorder_unfinished, node));
    }
    free(r->folders);
    r->folders = NULL;
    r->folder_count = 0;
}

// --- finding them ---

static int
by_time(const void *a, const void *b)
{
    const struct recorder_folder *x = a;
    const struct recorder_folder *y = b;
    return (x->written_wall_us > y->written_wall_us)
        - (x->written_wall_us < y->written_wall_us);
}

static void
add_folder(struct bc_recorder *r, DIR *dir, const char *id)
{
    char path[BC_RECORDING_ID_MAX + 16];
    snprintf(path, sizeof(path), "%.40s/index", id);
    struct stat st;
    struct recorder_folder f = { 0 };
    if (fstatat(dirfd(dir), path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        f.written_wall_us = (int64_t)st.st_mtim.tv_sec * 1000000;
    }
    snprintf(f.id, sizeof(f.id), "%.40s", id);
    if ((r->folder_count & (r->folder_count - 1)) == 0) { // a power of two: it is full
        size_t cap = r->folder_count ? 2 * r->folder_count : 1;
        struct recorder_folder *grown = realloc(r->folders, cap * sizeof(*grown));
        if (!grown) {
            return;
        }
        r->folders = grown;
    }
    r->folders[r->folder_count++] = f;
}

// Whether the catalogue knows that it is complete, which is quicker than to read it.
static bool
is_listed(struct bc_recorder *r, const char *id)
{
    struct bc_catalogue_query query = {
        .filter = { .kind = BC_RECORDING_REPLAY, .limit = 1 },
    };
    snprintf(query.filter.id, sizeof(query.filter.id), "%s", id);
    bc_catalogue_ask_now(r->catalogue, &query);
    bool listed = query.count == 1 && query.entries[0].state == BC_CATALOGUE_READY;
    free(query.entries);
    return listed;
}

static void
look_into(struct bc_recorder *r, const struct recorder_folder *f)
{
    if (bc_removal_is_marked(r->root, f->id) || is_listed(r, f->id)) {
        return;
    }
    char folder[PATH_MAX];
    folder_path(r, f->id, folder);
    struct bc_recording *recording = bc_recording_open(folder);
    if (!recording) {
        bc_warn(&r->log, "%s cannot be read: %s", f->id, strerror(errno));
        return;
    }
    struct bc_recording_info info;
    bc_recording_info(recording, &info);
    if (info.kind == BC_RECORDING_REPLAY && info.ended_wall_us == 0) {
        int64_t until_us = f->written_wall_us + atomic_load(&r->resume_us);
        bc_info(&r->log, "%s of %s was left open after %.1f s", info.id, info.channel,
            (double)info.duration_us / 1e6);
        recorder_list(r, recording, true);
        recorder_unfinished_add(r, info.id, info.channel, until_us);
    } else if (info.kind == BC_RECORDING_REPLAY) {
        recorder_list(r, recording, false);
    }
    bc_recording_unref(&recording);
}

void
recorder_unfinished_begin(struct bc_recorder *r)
{
    DIR *dir = opendir(r->root);
    if (!dir) {
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        if (bc_recording_id_is_valid(e->d_name)) {
            add_folder(r, dir, e->d_name);
        }
    }
    closedir(dir);
    if (r->folder_count > 1) {
        qsort(r->folders, r->folder_count, sizeof(*r->folders), by_time);
    }
    int64_t since_us = bc_clock_wall_us() - atomic_load(&r->resume_us);
    while (r->folder_count > 0
        && r->folders[r->folder_count - 1].written_wall_us >= since_us) {
        look_into(r, &r->folders[--r->folder_count]);
    }
}

// --- ending them ---

static bool
end(struct bc_recorder *r, const struct recorder_unfinished *u)
{
    char folder[PATH_MAX];
    char trouble[RECORDER_TROUBLE];
    folder_path(r, u->id, folder);
    if (!recorder_disk_is_fine(r, trouble)) {
        return false;
    }
    int ret = bc_recording_repair(folder, true);
    if (ret == -ENOENT || bc_removal_is_marked(r->root, u->id)) {
        return true;
    }
    struct bc_recording *recording = ret == 0 ? bc_recording_open(folder) : NULL;
    if (!recording) {
        return false;
    }
    bc_library_drop(r->library, u->id, false); // who has it open has it without its end
    recorder_list(r, recording, false);
    bc_info(&r->log, "%s of %s is complete", u->id, u->channel);
    bc_recording_unref(&recording);
    return true;
}

// The first that is due, out of the list.
static struct recorder_unfinished *
take_due(struct bc_recorder *r, int64_t now_us)
{
    struct recorder_unfinished *due = NULL;
    int64_t wall_us = bc_clock_wall_us();
    pthread_mutex_lock(&r->lock);
    bc_list_for_each(node, tmp, &r->unfinished)
    {
        struct recorder_unfinished *u
            = bc_container_of(node, struct recorder_unfinished, node);
        if (!due && u->until_wall_us <= wall_us && u->next_try_us <= now_us) {
            bc_list_remove(node);
            due = u;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return due;
}

void
recorder_unfinished_tick(struct bc_recorder *r, int64_t now_us)
{
    for (int i = 0; i < LOOKS_PER_TICK && r->folder_count > 0; i++) {
        look_into(r, &r->folders[--r->folder_count]);
    }
    struct recorder_unfinished *due = take_due(r, now_us);
    if (!due) {
        return;
    }
    if (end(r, due)) {
        free(due);
        return;
    }
    due->next_try_us = now_us + AGAIN_US;
    pthread_mutex_lock(&r->lock);
    bc_list_append(&r->unfinished, &due->node);
    pthread_mutex_unlock(&r->lock);
}
