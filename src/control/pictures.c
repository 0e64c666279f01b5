// SPDX-License-Identifier: Apache-2.0
// Uploaded pictures: for cards and scenes.
#include "card/pictures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "card/cards.h"
#include "control_internal.h"
#include "json.h"
#include "net/disk.h"

// The bytes never change, as the id is made of them.
#define PICTURE_HEADERS                                                                  \
    "Cache-Control: public, max-age=31536000, immutable\r\n"                             \
    "X-Content-Type-Options: nosniff\r\n"

// A request that waits for the disk. Of one worker but while the disk's thread has it.
struct picture_job {
    struct bc_task task;
    struct bc_control *control; // borrowed
    struct bc_worker *worker;
    struct bc_http_exchange *x; // NULL: the client is gone
    void (*work)(struct picture_job *job); // on the disk's thread
    void (*answer)(struct picture_job *job); // on the worker; `x` is there
    struct bc_picture_info info;
    struct bc_buf *bytes; // owned reference: what came, or what was read
    int err;
    char why[BC_CARD_WHY];
};

static void
on_gone(void *user)
{
    struct picture_job *job = user;
    job->x = NULL;
}

static void
on_done(struct bc_task *task, struct bc_worker *worker)
{
    struct picture_job *job = bc_container_of(task, struct picture_job, task);
    (void)worker;
    if (job->x) {
        job->answer(job);
    }
    bc_buf_unref(&job->bytes);
    free(job);
}

static void
on_turn(struct bc_task *task, struct bc_worker *worker)
{
    struct picture_job *job = bc_container_of(task, struct picture_job, task);
    (void)worker;
    job->work(job);
    job->task.run = on_done;
    bc_worker_post(job->worker, &job->task);
}

// Takes over `bytes`.
static void
start(struct bc_control *control, struct bc_http_exchange *x, struct picture_job *job)
{
    job->task.run = on_turn;
    job->control = control;
    job->worker = bc_http_worker(x);
    job->x = x;
    bc_http_on_gone(x, on_gone, job);
    bc_disk_post(control->params.disk, &job->task);
}

static bool
is_there(struct bc_control *control, struct bc_http_exchange *x)
{
    if (!control->params.pictures || !control->params.disk) {
        bc_control_respond_error(
            x, 503, "no_pictures", "this server keeps no pictures", NULL);
        return false;
    }
    return true;
}

static void
respond_none(struct bc_http_exchange *x)
{
    bc_control_respond_error(
        x, 404, "no_such_picture", "there is no picture of this id", NULL);
}

static struct json_t *
make_picture(const struct bc_picture_info *info)
{
    char url[sizeof(BC_CONTROL_PICTURE_URL) + BC_PICTURE_ID + 1];
    struct bc_json j;
    snprintf(url, sizeof(url), BC_CONTROL_PICTURE_URL "%s", info->id);
    bc_json_begin(&j);
    bc_json_text(&j, "id", info->id);
    bc_json_text(&j, "type", info->type);
    bc_json_int(&j, "width", info->width);
    bc_json_int(&j, "height", info->height);
    bc_json_int(&j, "bytes", info->bytes);
    bc_json_time(&j, "added_at", info->added_wall_us);
    bc_json_text(&j, "url", url);
    return bc_json_end(&j);
}

// --- adding ---

static void
add(struct picture_job *job)
{
    job->err = bc_picture_store_add(job->control->params.pictures, job->bytes->data,
        job->bytes->len, &job->info, job->why);
}

// The reason may quote the file's numbers, never its text.
static void
answer_added(struct picture_job *job)
{
    switch (job->err) {
    case 0:
        bc_info(NULL, "picture %s, %d x %d, %lld bytes, from %s", job->info.id,
            job->info.width, job->info.height, (long long)job->info.bytes,
            bc_http_peer(job->x));
        bc_control_respond_json(job->x, 201, make_picture(&job->info));
        return;
    case -EINVAL:
        bc_control_respond_error(job->x, 400, "bad_picture", job->why, NULL);
        return;
    case -ENOSPC:
        bc_control_respond_error(job->x, 409, "too_many_pictures", job->why, NULL);
        return;
    default:
        bc_control_respond_error(job->x, 503, "not_kept", job->why, NULL);
    }
}

void
bc_control_picture_add(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    struct bc_http_body body = bc_http_request_body(x);
    (void)channel;
    if (!is_there(control, x)) {
        return;
    }
    if (body.len == 0) {
        bc_control_respond_error(
            x, 400, "bad_picture", "the body must be a PNG, JPEG or WebP", NULL);
        return;
    }
    struct picture_job *job = calloc(1, sizeof(*job));
    struct bc_buf *bytes = job ? bc_buf_copy(body.data, body.len) : NULL;
    if (!bytes) {
        free(job);
        bc_control_respond_json(x, 201, NULL);
        return;
    }
    job->bytes = bytes;
    job->work = add;
    job->answer = answer_added;
    start(control, x, job);
}

// --- showing ---

void
bc_control_pictures(
    struct bc_control *control, struct bc_http_exchange *x, const char *channel)
{
    (void)channel;
    if (!is_there(control, x)) {
        return;
    }
    struct bc_picture_info *all = calloc(BC_PICTURES_MAX, sizeof(*all));
    struct bc_json list;
    struct bc_json j;
    size_t count = all ? bc_picture_store_list(control->params.pictures, all) : 0;
    bc_json_begin_array(&list);
    for (size_t i = 0; i < count; i++) {
        bc_json_append(&list, make_picture(&all[i]));
    }
    list.failed = list.failed || !all;
    bc_json_begin(&j);
    bc_json_put(&j, "pictures", bc_json_end(&list));
    bc_control_respond_json(x, 200, bc_json_end(&j));
    free(all);
}

static void
read_bytes(struct picture_job *job)
{
    job->bytes = bc_picture_store_read(job->control->params.pictures, job->info.id);
}

static void
answer_bytes(struct picture_job *job)
{
    if (!job->bytes) {
        respond_none(job->x);
        return;
    }
    struct bc_buf *bufs[] = { job->bytes };
    struct bc_http_response r = { .status = 200,
        .content_type = job->info.type,
        .headers = PICTURE_HEADERS,
        .bufs = bufs,
        .count = 1 };
    bc_http_respond(job->x, &r);
}

void
bc_control_picture(struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    struct bc_picture_info info;
    if (!is_there(control, x)) {
        return;
    }
    if (!bc_picture_store_get(control->params.pictures, id, &info)) {
        respond_none(x);
        return;
    }
    struct picture_job *job = calloc(1, sizeof(*job));
    if (!job) {
        bc_control_respond_json(x, 200, NULL);
        return;
    }
    job->info = info;
    job->work = read_bytes;
    job->answer = answer_bytes;
    start(control, x, job);
}

// --- deleting ---

static void
delete_files(struct picture_job *job)
{
    if (!bc_picture_store_remove(job->control->params.pictures, job->info.id)) {
        job->err = -ENOENT;
    } else if (job->control->params.cards) {
        bc_cards_forget(job->control->params.cards);
    }
}

static void
answer_deleted(struct picture_job *job)
{
    if (job->err == 0) {
        bc_control_respond_nothing(job->x);
    } else {
        respond_none(job->x);
    }
}

void
bc_control_picture_delete(
    struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    if (!is_there(control, x)) {
        return;
    }
    struct picture_job *job = calloc(1, sizeof(*job));
    if (!job) {
        bc_control_respond_json(x, 200, NULL);
        return;
    }
    snprintf(job->info.id, sizeof(job->info.id), "%s", id);
    job->work = delete_files;
    job->answer = answer_deleted;
    start(control, x, job);
}
