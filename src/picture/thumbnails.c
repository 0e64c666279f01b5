// SPDX-License-Identifier: Apache-2.0
// The sheets of a recording's thumbnails. Their list is the state: a sheet is on the disk before
// the list names its pictures, so what a crash leaves is found, or made again.
#include "thumbnails.h"

#include <errno.h>
#include <stdio.h>

#include "file.h"
#include "sheet.h"
#include "vtt.h"

#define STEP_US INT64_C(10000000)
#define STEP_LONG_US INT64_C(30000000)
#define STEP_LONGEST_US INT64_C(60000000)
#define LONG_US INT64_C(3600000000)
#define LONGEST_US INT64_C(14400000000)
#define SHEET_MAX_BYTES (4 << 20)
#define SHEET_NAME 16

// One run over a recording, on the stack of whoever makes it.
struct run {
    const char *folder; // borrowed
    struct bc_recording_info info;
    struct picture_source source;
    struct picture_vtt vtt;
    struct picture_sheet sheet; // the newest
    struct picture_progress *progress; // borrowed
    int64_t next_us;
    bool dirty; // the sheet has pictures that its file lacks
};

int64_t
picture_due_us(int64_t us)
{
    int64_t step = us < LONG_US ? STEP_US
        : us < LONGEST_US       ? STEP_LONG_US
                                : STEP_LONGEST_US;
    return (us / step + 1) * step;
}

static void
sheet_name(size_t number, char out[SHEET_NAME])
{
    snprintf(out, SHEET_NAME, "sheet-%04u.jpg", (unsigned)(number % 10000));
}

// --- what there is ---

static struct bc_buf *
read_sheet(const struct run *u, size_t number)
{
    char name[SHEET_NAME];
    sheet_name(number, name);
    struct bc_buf *jpeg = picture_file_read(u->folder, name, SHEET_MAX_BYTES);
    if (jpeg && !picture_is_jpeg(jpeg->data, jpeg->len)) {
        bc_buf_unref(&jpeg);
    }
    return jpeg;
}

// Forgets the list from the first sheet on that is missing or torn.
static void
check_sheets(struct run *u)
{
    for (size_t i = 0; i * PICTURE_SHEET_PLACES < u->vtt.count; i++) {
        struct bc_buf *jpeg = read_sheet(u, i + 1);
        if (!jpeg) {
            picture_vtt_cut(&u->vtt, i * PICTURE_SHEET_PLACES);
            u->progress->tried_us = 0;
        }
        bc_buf_unref(&jpeg);
    }
    u->progress->checked = true;
}

// The last sheet goes on when it has room.
static int
load_last_sheet(struct run *u)
{
    size_t full = u->vtt.count / PICTURE_SHEET_PLACES;
    if (u->vtt.count % PICTURE_SHEET_PLACES == 0) {
        return 0;
    }
    struct bc_buf *jpeg = read_sheet(u, full + 1);
    int err = jpeg ? picture_sheet_load(&u->sheet, u->vtt.cell, jpeg) : -EINVAL;
    bc_buf_unref(&jpeg);
    if (err == -EINVAL) {
        picture_vtt_cut(&u->vtt, full * PICTURE_SHEET_PLACES);
        u->progress->tried_us = 0;
        err = 0;
    }
    return err;
}

static int
load(struct run *u)
{
    struct bc_buf *text =
        picture_file_read(u->folder, PICTURE_VTT_NAME, PICTURE_VTT_MAX_BYTES);
    bool ok = !text || picture_vtt_read(&u->vtt, text->data, text->len);
    bc_buf_unref(&text);
    if (!ok) {
        return -ENOMEM;
    }
    if (!u->progress->checked) {
        check_sheets(u);
    }
    int err = load_last_sheet(u);
    size_t n = u->vtt.count;
    u->next_us = n > 0 ? picture_due_us(u->vtt.starts_ms[n - 1] * 1000) : 0;
    if (u->next_us < u->progress->tried_us) {
        u->next_us = u->progress->tried_us;
    }
    return err;
}

// --- what is made ---

static int
write_sheet(struct run *u)
{
    char name[SHEET_NAME];
    sheet_name((u->vtt.count - 1) / PICTURE_SHEET_PLACES + 1, name);
    struct bc_buf *jpeg = picture_sheet_jpeg(&u->sheet);
    int err = jpeg ? picture_file_write(u->folder, name, jpeg) : -ENOMEM;
    bc_buf_unref(&jpeg);
    return err;
}

// The sheet, then the list that names it.
static int
save(struct run *u)
{
    if (u->vtt.count == 0) {
        return 0;
    }
    int err = u->dirty ? write_sheet(u) : 0;
    int64_t duration_ms = u->info.duration_us / 1000;
    bool longer = duration_ms > u->vtt.end_ms;
    if (err != 0 || (!u->dirty && !longer)) {
        return err;
    }
    if (longer) {
        u->vtt.end_ms = duration_ms;
    }
    struct bc_buf *text = picture_vtt_write(&u->vtt);
    err = text ? picture_file_write(u->folder, PICTURE_VTT_NAME, text) : -ENOMEM;
    bc_buf_unref(&text);
    u->dirty = u->dirty && err != 0;
    return err;
}

static int
add_picture(struct run *u, const struct bc_recording_part *part, const AVFrame *picture)
{
    struct picture_vtt *v = &u->vtt;
    int err = 0;
    if (v->count == 0) {
        struct picture_size any = { picture->width, picture->height };
        struct picture_size shown = picture_fit(picture, any);
        bool stands = shown.height > shown.width;
        v->cell.width = stands ? PICTURE_CELL_SHORT : PICTURE_CELL_LONG;
        v->cell.height = stands ? PICTURE_CELL_LONG : PICTURE_CELL_SHORT;
    }
    size_t place = v->count % PICTURE_SHEET_PLACES;
    if (place == 0) {
        err = picture_sheet_open(&u->sheet, v->cell);
    }
    if (err == 0) {
        err = picture_sheet_put(&u->sheet, place, picture);
    }
    if (err == -EINVAL) {
        return 0; // a picture that cannot be scaled is none
    }
    if (err == 0 && !picture_vtt_add(v, part->start_us / 1000)) {
        err = -ENOMEM;
    }
    u->dirty = u->dirty || err == 0;
    return err == 0 && v->count % PICTURE_SHEET_PLACES == 0 ? save(u) : err;
}

static bool
is_about_the_picture(int err)
{
    return err == -EINVAL || err == -ENOENT || err == -ENOTSUP;
}

static int
make_all(struct run *u)
{
    AVFrame *picture = av_frame_alloc();
    struct bc_recording_part part;
    int err = picture ? 0 : -ENOMEM;
    while (err == 0 && u->vtt.count < PICTURE_VTT_MAX
        && picture_source_next(&u->source, u->next_us, &part)) {
        err = picture_source_decode(&u->source, &part, picture);
        if (err == 0) {
            err = add_picture(u, &part, picture);
        } else if (is_about_the_picture(err)) {
            err = 0;
        }
        if (err == 0) {
            u->next_us = picture_due_us(part.start_us);
        }
        av_frame_unref(picture);
    }
    av_frame_free(&picture);
    return err;
}

static int
make_sheets(struct run *u)
{
    int err = load(u);
    if (err != 0) {
        return err;
    }
    err = make_all(u);
    u->progress->tried_us = u->next_us;
    int err_save = save(u);
    if (err_save != 0) {
        u->progress->tried_us = 0; // from what the files have
    }
    return err != 0 ? err : err_save;
}

int
picture_thumbnails_update(const struct bc_recording *r, const struct picture_pace *pace,
    struct picture_progress *progress)
{
    struct run u = { .folder = bc_recording_folder(r), .progress = progress };
    bc_recording_info(r, &u.info);
    u.source = (struct picture_source){ .recording = r, .pace = pace };
    bool ended = u.info.ended_wall_us != 0;
    int err = 0;
    if (!progress->has_poster) {
        err = picture_poster_make(&u.source, ended);
        progress->has_poster = err == 0;
    }
    if (err == 0 || err == -EAGAIN || err == -ENOENT) {
        err = make_sheets(&u);
    }
    progress->complete = ended && err == 0;
    picture_sheet_close(&u.sheet);
    picture_vtt_finish(&u.vtt);
    picture_source_finish(&u.source);
    return err;
}
