// SPDX-License-Identifier: Apache-2.0
#include "fake_record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_stream.h"
#include "net/disk.h"
#include "protocol/http/exchange.h"

struct fake_record *fake_record;

static struct bc_recording *
hand_out(void)
{
    fake_record->recording.refs++;
    return &fake_record->recording;
}

// --- recordings: a part each second ---

void
bc_recording_info(const struct bc_recording *r, struct bc_recording_info *out)
{
    *out = r->info;
}

struct bc_recording *
bc_recording_ref(struct bc_recording *r)
{
    r->refs++;
    return r;
}

void
bc_recording_unref(struct bc_recording **holder)
{
    if (*holder) {
        (*holder)->refs--;
        *holder = NULL;
    }
}

static int64_t
wall_of(int64_t at_us)
{
    return FAKE_BEGAN_WALL_US + at_us + (at_us >= FAKE_GAP_AT_US ? FAKE_GAP_US : 0);
}

size_t
bc_recording_parts(const struct bc_recording *r, size_t first,
    struct bc_recording_part *out, size_t max)
{
    size_t n = 0;
    for (; n < max && first + n < r->info.parts; n++) {
        int64_t start_us = (int64_t)(first + n) * 1000000;
        out[n] = (struct bc_recording_part){ .start_us = start_us,
            .duration_us = 1000000, .wall_us = wall_of(start_us) };
    }
    return n;
}

size_t
bc_recording_segments(const struct bc_recording *r, size_t first,
    struct bc_recording_segment *out, size_t max)
{
    size_t n = 0;
    for (; n < max && first + n < r->info.segments; n++) {
        out[n] = (struct bc_recording_segment){ .duration_us = 2000000,
            .format = (uint32_t)((first + n) % r->info.formats) };
    }
    return n;
}

size_t
bc_recording_gaps(const struct bc_recording *r, size_t first,
    struct bc_recording_gap *out, size_t max)
{
    if (first > 0 || max == 0 || r->info.gaps == 0) {
        return 0;
    }
    out[0] = (struct bc_recording_gap){ FAKE_GAP_AT_US,
        FAKE_BEGAN_WALL_US + FAKE_GAP_AT_US, FAKE_GAP_US };
    return 1;
}

bool
bc_recording_find(const struct bc_recording *r, int64_t at_us, size_t *part)
{
    size_t place = (size_t)(at_us / 1000000);
    *part = place < r->info.parts ? place : r->info.parts - 1;
    return r->info.parts > 0;
}

bool
bc_recording_at_wall(
    const struct bc_recording *r, int64_t wall_us, int64_t *at_us, bool *in_gap)
{
    (void)in_gap;
    int64_t at = wall_us - FAKE_BEGAN_WALL_US;
    if (at > FAKE_GAP_AT_US) {
        at = at < FAKE_GAP_AT_US + FAKE_GAP_US ? FAKE_GAP_AT_US : at - FAKE_GAP_US;
    }
    *at_us = at;
    return at >= 0 && at < r->info.duration_us;
}

struct bc_buf *
bc_recording_init_section(const struct bc_recording *r, uint32_t format)
{
    (void)r;
    (void)format;
    return NULL;
}

bool
bc_recording_file_head(
    const struct bc_recording *r, uint32_t file, uint32_t *format, uint32_t *head_bytes)
{
    (void)r;
    (void)file;
    *format = 0;
    *head_bytes = 0;
    return true;
}

struct bc_file *
bc_recording_file(const struct bc_recording *r, uint32_t file)
{
    (void)r;
    (void)file;
    return NULL;
}

// --- the library ---

struct bc_recording *
bc_library_peek(struct bc_library *lib, enum bc_recording_kind kind, const char *id)
{
    (void)kind;
    bool is = !lib->gone && strcmp(id, fake_record->recording.info.id) == 0;
    return is ? hand_out() : NULL;
}

static void
give(struct bc_library *lib, struct bc_library_waiter *waiter)
{
    waiter->ready(waiter, lib->gone ? NULL : &fake_record->recording);
}

// The real one never answers from within; here it saves the tests a turn.
void
bc_library_get(struct bc_library *lib, enum bc_recording_kind kind, const char *id,
    struct bc_worker *worker, struct bc_library_waiter *waiter)
{
    (void)kind;
    (void)worker;
    assert_true(bc_recording_id_is_valid(id));
    if (lib->hold) {
        lib->held = waiter;
    } else {
        give(lib, waiter);
    }
}

void
bc_library_cancel(struct bc_library *lib, struct bc_library_waiter *waiter)
{
    assert_ptr_equal(lib->held, waiter);
    lib->held = NULL;
}

// --- the catalogue ---

static bool
fits(const struct bc_catalogue_filter *f, const struct bc_catalogue_entry *e)
{
    return e->info.kind == f->kind && (!f->id[0] || strcmp(f->id, e->info.id) == 0)
        && (!f->channel[0] || strcmp(f->channel, e->info.channel) == 0)
        && (!f->cursor[0] || strcmp(e->info.id, f->cursor) < 0);
}

static void
list(struct bc_catalogue *c, struct bc_catalogue_query *q)
{
    q->failed = c->failed;
    q->entries = calloc(FAKE_ENTRIES_MAX, sizeof(*q->entries));
    q->count = 0;
    q->more = false;
    for (size_t i = 0; i < c->count && !c->failed; i++) {
        if (!fits(&q->filter, &c->entries[i])) {
            continue;
        }
        if (q->count == q->filter.limit) {
            q->more = true;
            return;
        }
        q->entries[q->count++] = c->entries[i];
    }
}

void
bc_catalogue_ask(struct bc_catalogue *c, struct bc_catalogue_query *query)
{
    c->asked = query->filter;
    assert_true(query->filter.limit >= 1 && query->filter.limit <= 1000);
    list(c, query);
    if (c->hold) {
        c->held = query;
    } else {
        query->done(query);
    }
}

void
fake_record_answer(void)
{
    struct bc_catalogue *c = &fake_record->catalogue;
    struct bc_library *lib = &fake_record->library;
    if (c->held) {
        struct bc_catalogue_query *query = c->held;
        c->held = NULL;
        query->done(query);
    } else if (lib->held) {
        struct bc_library_waiter *waiter = lib->held;
        lib->held = NULL;
        give(lib, waiter);
    }
}

// --- the others ---

bool
bc_recorder_status(
    struct bc_recorder *recorder, const char *channel, struct bc_recorder_status *out)
{
    *out = recorder->status;
    return strcmp(channel, "live/hq") == 0;
}

int
bc_recorder_start(struct bc_recorder *recorder, const char *channel)
{
    recorder->starts++;
    return strcmp(channel, "live/hq") == 0 ? recorder->error : -ENOENT;
}

int
bc_recorder_stop(struct bc_recorder *recorder, const char *channel)
{
    recorder->stops++;
    return strcmp(channel, "live/hq") == 0 ? recorder->error : -ENOENT;
}

struct bc_recording *
bc_recorder_current(struct bc_recorder *recorder, const char *channel)
{
    return recorder->running && strcmp(channel, "live/hq") == 0 ? hand_out() : NULL;
}

int
bc_clips_start(struct bc_clips *clips, const struct bc_clip_request *request,
    char id[BC_RECORDING_ID_MAX + 1])
{
    if (clips->error) {
        return clips->error;
    }
    if (clips->room == 0) {
        return -EAGAIN;
    }
    clips->room--;
    clips->last = *request;
    snprintf(clips->title, sizeof(clips->title), "%s", request->title);
    snprintf(id, BC_RECORDING_ID_MAX + 1, "20260302-080000-%08zx", clips->started++);
    return 0;
}

int
bc_clips_export(struct bc_clips *clips, struct bc_recording *source)
{
    assert_non_null(source);
    return clips->export_error;
}

void
bc_clips_job(struct bc_clips *clips, const char *id, struct bc_clip_job *out)
{
    (void)id;
    *out = clips->job;
}

void
bc_clips_cancel(struct bc_clips *clips, const char *id)
{
    assert_true(bc_recording_id_is_valid(id));
    clips->cancels++;
}

void
bc_retention_delete(struct bc_retention *retention, struct bc_retention_request *request)
{
    (void)retention;
    fake_record->deletes++;
    request->result = fake_record->delete_result;
    request->done(request);
}

void
bc_disk_post(struct bc_disk *disk, struct bc_task *task)
{
    (void)disk;
    task->run(task, NULL);
    fake_run_posted_now();
}

struct bc_worker *
bc_http_worker(const struct bc_http_exchange *x)
{
    (void)x;
    return NULL;
}

// --- the test's side ---

void
fake_record_setup(struct fake_record *f)
{
    struct bc_recording_info *info = &f->recording.info;
    fake_record = f;
    snprintf(info->id, sizeof(info->id), FAKE_ID);
    snprintf(info->channel, sizeof(info->channel), "live/hq");
    info->began_wall_us = FAKE_BEGAN_WALL_US;
    info->ended_wall_us = FAKE_BEGAN_WALL_US + FAKE_DURATION_US + FAKE_GAP_US;
    info->duration_us = FAKE_DURATION_US;
    info->bytes = 15000000;
    info->parts = 60;
    info->segments = 30;
    info->formats = 1;
    info->gaps = 1;
    f->clips.room = 1000;
    f->catalogue.count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct bc_catalogue_entry *e = &f->catalogue.entries[i];
        e->info = *info;
        e->info.kind = i == 0 ? BC_RECORDING_REPLAY : BC_RECORDING_CLIP;
        e->state = BC_CATALOGUE_READY;
        e->has_poster = true;
    }
    struct bc_catalogue_entry *clip = &f->catalogue.entries[1];
    snprintf(clip->info.source, sizeof(clip->info.source), "20260301-110000-bb");
    clip->info.source_from_us = 5000000;
    clip->info.source_to_us = 65000000;
    clip->info.frame_exact = true;
}
