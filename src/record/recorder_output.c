// SPDX-License-Identifier: Apache-2.0
// A channel's recording on the disk: opened, written, let go of when the disk fails.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "recorder_internal.h"
#include "removal.h"

#define REOPENS_MAX 3

static void
folder_of(const struct bc_recorder_channel *rc, char out[PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s/%s", rc->recorder->root, rc->out.id);
}

void
recorder_list(struct bc_recorder *r, const struct bc_recording *recording, bool running)
{
    struct bc_catalogue_entry entry = { 0 };
    bc_recording_info(recording, &entry.info);
    entry.state = running ? BC_CATALOGUE_RUNNING : BC_CATALOGUE_READY;
    entry.progress = running ? 0 : 100;
    bc_catalogue_put(r->catalogue, &entry);
}

// What others see of it.
static void
show(struct bc_recorder_channel *rc, struct bc_recording *recording)
{
    struct bc_recording_info info = { 0 };
    if (recording) {
        bc_recording_info(recording, &info);
        bc_recording_ref(recording);
    }
    pthread_mutex_lock(&rc->lock);
    struct bc_recording *old = rc->recording;
    rc->recording = recording;
    memcpy(rc->id, rc->out.id, sizeof(rc->id));
    rc->bytes = info.bytes;
    rc->parts = info.parts;
    pthread_mutex_unlock(&rc->lock);
    bc_recording_unref(&old);
}

static void
announce(struct bc_recorder_channel *rc)
{
    struct bc_recorder *r = rc->recorder;
    struct bc_recording *recording = bc_recording_of(rc->out.writer);
    rc->out.announced = true;
    rc->out.synced_us = rc->out.listed_us = bc_clock_us();
    bc_library_add(r->library, recording);
    recorder_list(r, recording, true);
    show(rc, recording);
}

// Closes the writer; the recording may be gone on with.
static void
let_go(struct bc_recorder_channel *rc)
{
    if (!rc->out.writer) {
        return;
    }
    bc_recording_finish(&rc->out.writer, false, rc->out.end_wall_us);
    if (rc->out.announced) {
        bc_library_drop(rc->recorder->library, rc->out.id, false);
        show(rc, NULL);
    }
    rc->out.announced = false;
    rc->out.breaks = true;
}

static void
note_folder(struct bc_recorder_channel *rc)
{
    char folder[PATH_MAX];
    folder_of(rc, folder);
    struct stat st = { 0 };
    if (stat(folder, &st) == 0) {
        rc->out.device = st.st_dev;
        rc->out.inode = st.st_ino;
    }
}

static bool
is_there(const struct bc_recorder_channel *rc)
{
    char folder[PATH_MAX];
    folder_of(rc, folder);
    struct stat st;
    return stat(folder, &st) == 0 && st.st_dev == rc->out.device
        && st.st_ino == rc->out.inode;
}

// What will perhaps be better at the next try, as against a folder that is not there or
// cannot be read.
static bool
is_passing(int err)
{
    return err == EIO || err == EROFS || err == ENOSPC || err == EDQUOT || err == ENOMEM
        || err == EMFILE || err == ENFILE || err == EACCES || err == EPERM;
}

// Goes on with the recording of that id. 0; or negative errno; or 0 without a writer: a new
// one is to be made, `why` tells.
static int
reopen(struct bc_recorder_channel *rc, int *why)
{
    char folder[PATH_MAX];
    folder_of(rc, folder);
    rc->out.writer = bc_recording_resume(folder);
    if (rc->out.writer) {
        rc->out.reopens = 0;
        bc_info(&rc->log, "goes on in %s", rc->out.id);
        return 0;
    }
    int err = errno;
    if (is_passing(err) && ++rc->out.reopens < REOPENS_MAX) {
        return -err;
    }
    rc->out.reopens = 0;
    *why = err;
    return 0;
}

static int
create(struct bc_recorder_channel *rc, const struct recorder_item *item)
{
    char title[BC_RECORDING_TITLE_MAX + 1];
    pthread_mutex_lock(&rc->lock);
    memcpy(title, rc->title, sizeof(title));
    pthread_mutex_unlock(&rc->lock);
    struct bc_recording_params params = {
        .root = rc->recorder->root,
        .kind = BC_RECORDING_REPLAY,
        .channel = rc->name,
        .title = title,
        .wall_us = item->wall_us,
    };
    rc->out.writer = bc_recording_create(&params);
    if (!rc->out.writer) {
        return errno > 0 ? -errno : -EIO;
    }
    struct bc_recording_info info;
    bc_recording_info(bc_recording_of(rc->out.writer), &info);
    memcpy(rc->out.id, info.id, sizeof(rc->out.id));
    bc_info(&rc->log, "is recorded as %s", rc->out.id);
    return 0;
}

// A recording that cannot be gone on with is given up once another one could be made: on a
// disk on which nothing works the broadcast stays one replay.
static int
replace(struct bc_recorder_channel *rc, const struct recorder_item *item, int why)
{
    char old[BC_RECORDING_ID_MAX + 1];
    memcpy(old, rc->out.id, sizeof(old));
    int ret = create(rc, item);
    if (ret == 0 && old[0]) {
        bc_warn(&rc->log, "%s cannot be gone on with: %s", old, strerror(why));
        if (why != ENOENT) {
            recorder_unfinished_add(rc->recorder, old, rc->name, 0);
        }
    }
    return ret;
}

static int
open_writer(struct bc_recorder_channel *rc, const struct recorder_item *item)
{
    int ret = 0;
    int why = 0;
    if (!rc->out.id[0]) {
        rc->out.resumed =
            recorder_unfinished_take(rc->recorder, rc->name, rc->out.id);
    }
    if (rc->out.id[0]) {
        ret = reopen(rc, &why);
    }
    if (ret == 0 && !rc->out.writer) {
        ret = replace(rc, item, why);
    }
    if (ret == 0) {
        rc->out.breaks = true;
        note_folder(rc);
    }
    return ret;
}

bool
recorder_output_is_unfit(int err)
{
    return err == -EINVAL || err == -ERANGE || err == -EBADMSG || err == -ENOTSUP;
}

static int
append(struct bc_recorder_channel *rc, const struct recorder_item *item)
{
    struct bc_recording_append part = {
        .init = item->init,
        .data = item->data,
        .start_us = item->start_us,
        .duration_us = item->duration_us,
        .wall_us = item->wall_us,
        .independent = item->independent,
        .segment = item->segment,
        .discontinuity = item->discontinuity || rc->out.breaks,
        .msn = item->msn,
    };
    return bc_recording_append(rc->out.writer, &part);
}

static void
count(struct bc_recorder_channel *rc, const struct recorder_item *item)
{
    rc->out.breaks = false;
    rc->out.end_wall_us = item->wall_us + item->duration_us;
    atomic_fetch_add(&rc->recorder->bytes, item->data->len);
    atomic_fetch_add(&rc->recorder->parts, 1);
    if (!rc->out.announced) {
        announce(rc);
        return;
    }
    pthread_mutex_lock(&rc->lock);
    rc->bytes += item->data->len;
    rc->parts++;
    pthread_mutex_unlock(&rc->lock);
}

// A full disk may have room again a moment later, and some parts cannot be recorded on any;
// otherwise open files may be of no use any more.
static void
fail(struct bc_recorder_channel *rc, int err)
{
    char trouble[RECORDER_TROUBLE];
    if (recorder_output_is_unfit(-err)) {
        recorder_trouble(rc, "the host sends what cannot be recorded");
        return;
    }
    recorder_disk_explain(err, trouble);
    recorder_trouble(rc, trouble);
    if (err == ENOSPC || err == EDQUOT) {
        recorder_disk_hurry(rc->recorder);
    } else if (err != ENOMEM) {
        let_go(rc);
    }
}

int
recorder_output_write(struct bc_recorder_channel *rc, const struct recorder_item *item)
{
    char trouble[RECORDER_TROUBLE];
    if (!recorder_disk_is_fine(rc->recorder, trouble)) {
        recorder_trouble(rc, trouble);
        let_go(rc); // nothing of ours keeps the disk from being unmounted
        return -EIO;
    }
    int ret = rc->out.writer ? 0 : open_writer(rc, item);
    if (ret == 0) {
        ret = append(rc, item);
    }
    if (ret == 0) {
        count(rc, item);
    } else {
        fail(rc, -ret);
    }
    return ret;
}

static void
finish(struct bc_recorder_channel *rc, bool ended)
{
    struct bc_recorder *r = rc->recorder;
    struct bc_recording *recording = bc_recording_ref(bc_recording_of(rc->out.writer));
    bool announced = rc->out.announced;
    bc_recording_sync(rc->out.writer);
    int ret = bc_recording_finish(&rc->out.writer, ended, rc->out.end_wall_us);
    if (announced) {
        recorder_list(r, recording, !ended || ret < 0);
        bc_library_drop(r->library, rc->out.id, false);
    } else if (ended) {
        bc_removal_finish(r->root, rc->out.id); // nothing could be written into it
    }
    if (ret < 0) {
        bc_warn(&rc->log, "the end of %s: %s", rc->out.id, strerror(-ret));
    }
    if (ret < 0 && ended && announced) {
        recorder_unfinished_add(r, rc->out.id, rc->name, 0);
    }
    if (ret == 0 && ended && announced && r->on_complete) {
        r->on_complete(r->user, recording);
    }
    struct bc_recording_info info;
    bc_recording_info(recording, &info);
    bc_info(&rc->log, "%s %s: %.1f s, %llu bytes in %zu parts, %zu gaps", rc->out.id,
        ended ? "is complete" : "stays open", (double)info.duration_us / 1e6,
        (unsigned long long)info.bytes, info.parts, info.gaps);
    bc_recording_unref(&recording);
}

void
recorder_output_end(struct bc_recorder_channel *rc, bool ended)
{
    if (rc->out.writer) {
        finish(rc, ended);
    } else if (rc->out.id[0] && ended) {
        recorder_unfinished_add(rc->recorder, rc->out.id, rc->name, 0);
    }
    recorder_cues_free(&rc->out.cues);
    rc->out = (struct recorder_output){ 0 };
    show(rc, NULL);
    recorder_trouble_drop(rc);
}

void
recorder_output_tick(struct bc_recorder_channel *rc, int64_t now_us)
{
    struct recorder_output *o = &rc->out;
    if (!is_there(rc)) {
        recorder_trouble(rc, "the recording's folder is gone");
        let_go(rc);
        return;
    }
    if (!o->announced) {
        return;
    }
    if (now_us - o->synced_us >= RECORDER_SYNC_US) {
        o->synced_us = now_us;
        int ret = bc_recording_sync(o->writer);
        if (ret < 0) {
            fail(rc, -ret);
            return;
        }
    }
    if (now_us - o->listed_us >= RECORDER_LIST_US) {
        o->listed_us = now_us;
        recorder_list(rc->recorder, bc_recording_of(o->writer), true);
    }
}
