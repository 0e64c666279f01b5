// SPDX-License-Identifier: Apache-2.0
#include "cut.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "edit.h"
#include "picture/picture.h"
#include "record/cues.h"
#include "record/writer.h"
#include "replay/mp4.h"
#include "write.h"

#define DEPTH_MAX 3

// --- folders ---

static void
remove_tree(const char *path, int depth)
{
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    struct dirent *e = NULL;
    while (dir && (e = readdir(dir))) {
        char child[CLIP_PATH_MAX];
        int n = snprintf(child, sizeof(child), "%s/%s", path, e->d_name);
        bool dots = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        if (!dots && n > 0 && (size_t)n < sizeof(child) && unlink(child) != 0) {
            remove_tree(child, depth + 1);
        }
    }
    if (dir) {
        (void)closedir(dir);
    }
    (void)rmdir(path);
}

static int
path_join(char out[CLIP_PATH_MAX], const char *a, const char *b)
{
    int n = snprintf(out, CLIP_PATH_MAX, "%s/%s", a, b);
    return n > 0 && n < CLIP_PATH_MAX ? 0 : -ENAMETOOLONG;
}

void
clip_cut_sweep(const char *root)
{
    char making[CLIP_PATH_MAX];
    if (path_join(making, root, CLIP_MAKING) == 0) {
        remove_tree(making, 0);
    }
}

// --- the work ---

// What a clip's making goes through. On the stack of the job.
struct cutting {
    const struct clip_cut *cut;
    struct clip_reader reader;
    struct clip_edit edit;
    struct bc_recording_writer *writer;
    struct bc_recording *clip; // owned reference
    char making[CLIP_PATH_MAX];
    char folder[CLIP_PATH_MAX]; // in `making`
    bool lost;
};

static int
open_writer(struct cutting *c)
{
    struct bc_recording_info source;
    bc_recording_info(c->cut->source, &source);
    struct bc_recording_params params = {
        .root = c->making,
        .id = c->cut->id,
        .kind = BC_RECORDING_CLIP,
        .channel = source.channel,
        .title = c->cut->title,
        .source = source.id,
        .source_from_us = c->edit.first_us,
        .source_to_us = c->edit.end_us,
        .frame_exact = c->edit.exact,
        .wall_us = clip_write_wall(c->cut->source, c->edit.first_us),
    };
    if (mkdir(c->cut->root, 0777) != 0 && errno != EEXIST) {
        return -errno;
    }
    if (mkdir(c->making, 0777) != 0 && errno != EEXIST) {
        return -errno;
    }
    c->writer = bc_recording_create(&params);
    if (!c->writer) {
        return errno > 0 ? -errno : -EIO;
    }
    c->clip = bc_recording_ref(bc_recording_of(c->writer));
    return 0;
}

static int
write_parts(struct cutting *c)
{
    struct clip_write job = {
        .reader = &c->reader,
        .edit = &c->edit,
        .writer = c->writer,
        .progress = &c->cut->progress->percent,
        .cancel = c->cut->cancel,
    };
    return clip_write_run(&job, &c->lost);
}

// A clip without them is a clip.
static void
write_cues(struct cutting *c)
{
    (void)bc_recording_cues_cut(
        c->cut->source, c->edit.first_us, c->edit.end_us, c->folder);
}

static int
finish_writer(struct cutting *c)
{
    int64_t end_us = clip_write_wall(c->cut->source, c->edit.end_us);
    return bc_recording_finish(&c->writer, true, end_us);
}

static int
export_mp4(struct cutting *c)
{
    char path[CLIP_PATH_MAX];
    int err = path_join(path, c->folder, CLIP_FILE);
    atomic_store(&c->cut->progress->percent, 0);
    atomic_store(&c->cut->progress->half, 1);
    struct bc_replay_export_params params = {
        .recording = c->clip,
        .path = path,
        .to_us = INT64_MAX,
        .progress = &c->cut->progress->percent,
        .cancel = c->cut->cancel,
    };
    return err == 0 ? bc_replay_export(&params) : err;
}

// The clip shows up whole or not at all.
static int
publish(struct cutting *c)
{
    char target[CLIP_PATH_MAX];
    int err = path_join(target, c->cut->root, c->cut->id);
    if (err == 0 && rename(c->folder, target) != 0) {
        err = -errno;
    }
    return err;
}

static int
make(struct cutting *c)
{
    struct clip_wish wish = { c->cut->from_us, c->cut->to_us, c->cut->exact };
    int err = clip_edit_make(&c->reader, &wish, c->cut->cancel, &c->edit);
    if (err != 0) {
        return err;
    }
    err = open_writer(c);
    err = err != 0 ? err : write_parts(c);
    err = err != 0 ? err : finish_writer(c);
    if (err == 0) {
        write_cues(c);
    }
    err = err != 0 ? err : export_mp4(c);
    // A clip of sound has no poster, and one without is a clip.
    if (err == 0 && c->cut->poster) {
        (void)bc_pictures_poster(c->clip);
    }
    return err != 0 ? err : publish(c);
}

static void
describe(const struct cutting *c, int err, struct clip_cut_result *out)
{
    if (err == -ENOENT) {
        (void)snprintf(out->note, sizeof(out->note),
            "there is nothing in this range that could be shown");
    } else if (err != 0) {
        (void)snprintf(out->note, sizeof(out->note), "%s", strerror(-err));
    } else if (c->lost) {
        (void)snprintf(out->note, sizeof(out->note),
            "some of the recording could not be read and is missing here");
    } else {
        (void)snprintf(out->note, sizeof(out->note), "%s", c->edit.note);
    }
    if (c->clip) {
        bc_recording_info(c->clip, &out->info);
    }
}

int
clip_cut_run(const struct clip_cut *cut, struct clip_cut_result *out)
{
    *out = (struct clip_cut_result){ 0 };
    struct cutting c = { .cut = cut };
    int err = clip_reader_init(&c.reader, cut->source);
    err = err != 0 ? err : path_join(c.making, cut->root, CLIP_MAKING);
    err = err != 0 ? err : path_join(c.folder, c.making, cut->id);
    err = err != 0 ? err : make(&c);
    if (c.writer) {
        (void)bc_recording_finish(&c.writer, true, 0);
    }
    describe(&c, err, out);
    bc_recording_unref(&c.clip);
    clip_edit_finish(&c.edit);
    clip_reader_finish(&c.reader);
    if (err != 0 && c.folder[0] != '\0') {
        remove_tree(c.folder, 0);
    }
    return err;
}
