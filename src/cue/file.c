// SPDX-License-Identifier: Apache-2.0
// The files on the disk: one for each channel name.
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole_file.h"
#include "board.h"

#define SUFFIX ".json"
#define NAME_LEVEL '+' // for '/', which no name of a channel has
#define PLAIN_MAX 200  // longer names are cut, and told apart by a number
#define FILE_NAME_BYTES (PLAIN_MAX + 32)

// What is to be written, taken out of the lock.
struct job {
    struct job *next;
    char *text; // owned; NULL: the file goes
    char name[BC_CHANNEL_NAME_MAX + 1];
};

static void
make_name(const char *channel, char out[FILE_NAME_BYTES])
{
    uint32_t hash = 2166136261u;
    size_t len = strlen(channel);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)channel[i]) * 16777619u;
    }
    if (len <= PLAIN_MAX) {
        snprintf(out, FILE_NAME_BYTES, "%.*s" SUFFIX, PLAIN_MAX, channel);
    } else {
        snprintf(out, FILE_NAME_BYTES, "%.*s+%08x" SUFFIX, PLAIN_MAX, channel, hash);
    }
    for (char *c = out; *c; c++) {
        *c = *c == '/' ? NAME_LEVEL : *c;
    }
}

// --- reading ---

static void
read_file(struct bc_cues *cues, int dir, const char *name)
{
    char *text;
    size_t len;
    int ret = bc_whole_file_read(dir, name, CUE_FILE_BYTES_MAX, &text, &len);
    if (ret != 0) {
        bc_error(&cues->log, "%s/%s: %s", cues->folder, name, strerror(-ret));
    } else if (!cue_file_parse(cues, text, len)) {
        char aside[NAME_MAX + 16];
        snprintf(aside, sizeof(aside), "%s.damaged", name);
        ret = renameat(dir, name, dir, aside) != 0 ? -errno : 0;
        bc_error(&cues->log, "%s/%s is damaged%s", cues->folder, name,
            ret == 0 ? "; it is kept as .damaged" : "");
    }
    free(text);
}

static bool
is_ours(const char *name)
{
    size_t len = strlen(name);
    return name[0] != '.' && len > strlen(SUFFIX)
        && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

void
cue_files_read(struct bc_cues *cues)
{
    DIR *folder = opendir(cues->folder);
    if (!folder) {
        if (errno != ENOENT) {
            bc_error(&cues->log, "%s: %s", cues->folder, strerror(errno));
        }
        return;
    }
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        if (is_ours(e->d_name)) {
            read_file(cues, dirfd(folder), e->d_name);
        }
    }
    closedir(folder);
}

// --- writing ---

static int
do_job(int dir, const struct job *job)
{
    static const struct bc_whole_file_options KEPT = { .mode = 0640, .sync = true };
    char name[FILE_NAME_BYTES];
    make_name(job->name, name);
    if (job->text) {
        return bc_whole_file_replace(dir, name, job->text, strlen(job->text), &KEPT);
    }
    return unlinkat(dir, name, 0) != 0 && errno != ENOENT ? -errno : 0;
}

// With the lock held. NULL without memory; the board stays as it is then.
static struct job *
make_job(struct board *board)
{
    bool wanted = cue_file_is_wanted(board);
    struct job *job = calloc(1, sizeof(*job));
    if (!job) {
        return NULL;
    }
    memcpy(job->name, board->name, sizeof(job->name));
    job->text = wanted ? cue_file_print(board) : NULL;
    if (wanted && !job->text) {
        free(job);
        return NULL;
    }
    board->dirty = false;
    return job;
}

static struct job *
take_jobs(struct bc_cues *cues)
{
    struct job *jobs = NULL;
    struct board *board;
    struct board *next;
    pthread_mutex_lock(&cues->lock);
    HASH_ITER(hh, cues->boards, board, next)
    {
        struct job *job = board->dirty ? make_job(board) : NULL;
        if (job) {
            job->next = jobs;
            jobs = job;
        }
    }
    pthread_mutex_unlock(&cues->lock);
    return jobs;
}

static void
try_again(struct bc_cues *cues, const char *name)
{
    pthread_mutex_lock(&cues->lock);
    struct board *board = board_find(cues, name);
    if (board) {
        board->dirty = true;
    }
    pthread_mutex_unlock(&cues->lock);
}

static void
report(struct bc_cues *cues, int ret)
{
    if (ret != 0 && !cues->write_failed) {
        bc_error(&cues->log, "%s cannot be written: %s; tried again", cues->folder,
            strerror(-ret));
    } else if (ret == 0 && cues->write_failed) {
        bc_info(&cues->log, "cues are written again");
    }
    cues->write_failed = ret != 0;
}

void
cue_files_write(struct bc_cues *cues)
{
    struct job *jobs = take_jobs(cues);
    if (!jobs) {
        return;
    }
    int dir = mkdir(cues->folder, 0750) != 0 && errno != EEXIST
        ? -1
        : open(cues->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int failed = dir < 0 ? -errno : 0;
    while (jobs) {
        struct job *job = jobs;
        jobs = job->next;
        int ret = dir < 0 ? failed : do_job(dir, job);
        if (ret != 0) {
            failed = ret;
            try_again(cues, job->name);
        }
        free(job->text);
        free(job);
    }
    if (dir >= 0) {
        failed = fsync(dir) != 0 && failed == 0 ? -errno : failed;
        close(dir);
    }
    report(cues, failed);
}
