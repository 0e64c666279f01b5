// SPDX-License-Identifier: Apache-2.0
#include "recording_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bc_recording *
record_create(const char *folder, const struct bc_recording_info *info)
{
    struct bc_recording *r = calloc(1, sizeof(*r));
    char *copy = strdup(folder);
    if (!r || !copy) {
        free(r);
        free(copy);
        return NULL;
    }
    atomic_init(&r->refs, 1);
    pthread_mutex_init(&r->lock, NULL);
    r->folder = copy;
    r->info = *info;
    record_column_init(&r->parts, sizeof(struct bc_recording_part));
    record_column_init(&r->segments, sizeof(struct bc_recording_segment));
    record_column_init(&r->gaps, sizeof(struct bc_recording_gap));
    record_column_init(&r->files, sizeof(struct record_file));
    return r;
}

struct bc_recording *
bc_recording_ref(struct bc_recording *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void
bc_recording_unref(struct bc_recording **holder)
{
    struct bc_recording *r = *holder;
    *holder = NULL;
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < r->files.count; i++) {
        struct record_file *f = record_column_at(&r->files, i);
        bc_file_unref(&f->open);
    }
    for (size_t i = 0; i < r->format_count; i++) {
        bc_buf_unref(&r->formats[i]);
    }
    record_column_finish(&r->parts);
    record_column_finish(&r->segments);
    record_column_finish(&r->gaps);
    record_column_finish(&r->files);
    pthread_mutex_destroy(&r->lock);
    free(r->folder);
    free(r);
}

unsigned
record_refs(const struct bc_recording *r)
{
    return atomic_load_explicit(&r->refs, memory_order_acquire);
}

int
record_add_format(struct bc_recording *r, struct bc_buf *init)
{
    int found = -1;
    record_lock(r);
    for (size_t i = 0; i < r->format_count && found < 0; i++) {
        const struct bc_buf *f = r->formats[i];
        if (f->len == init->len && memcmp(f->data, init->data, f->len) == 0) {
            found = (int)i;
        }
    }
    if (found < 0 && r->format_count == RECORD_FORMATS_MAX) {
        found = -ENOSPC;
    } else if (found < 0) {
        found = (int)r->format_count;
        r->formats[r->format_count++] = bc_buf_ref(init);
    }
    record_unlock(r);
    return found;
}

int
record_add_file(
    struct bc_recording *r, uint32_t number, uint32_t format, uint32_t head_bytes)
{
    record_lock(r);
    bool room = r->files.count < RECORD_FILES_MAX && record_column_reserve(&r->files);
    if (room) {
        struct record_file *f = record_column_push(&r->files);
        f->number = number;
        f->format = format;
        f->head_bytes = head_bytes;
        r->bytes += head_bytes;
    }
    record_unlock(r);
    return room ? 0 : -ENOMEM;
}

void
record_drop_file(struct bc_recording *r)
{
    record_lock(r);
    struct record_file *f = record_column_at(&r->files, r->files.count - 1);
    r->bytes -= f->head_bytes;
    if (f->open) {
        bc_file_unref(&f->open);
        r->open_files--;
    }
    r->files.count--;
    record_unlock(r);
}

bool
record_reserve_part(struct bc_recording *r)
{
    record_lock(r);
    bool room = r->parts.count < RECORD_PARTS_MAX && record_column_reserve(&r->parts)
        && record_column_reserve(&r->segments) && record_column_reserve(&r->gaps);
    record_unlock(r);
    return room;
}

static void
begin_segment(struct bc_recording *r, const struct bc_recording_part *p)
{
    const struct bc_recording_segment *last = r->segments.count > 0
        ? record_column_at(&r->segments, r->segments.count - 1)
        : NULL;
    const struct record_file *f = record_find_file(r, p->file);
    bool breaks = p->discontinuity && last;
    struct bc_recording_segment s = {
        .number = r->segments.count,
        .file = p->file,
        .offset = p->offset,
        .start_us = p->start_us,
        .wall_us = p->wall_us,
        .msn = p->msn,
        .format = f ? f->format : 0,
        .discontinuities = (last ? last->discontinuities : 0) + (breaks ? 1 : 0),
        .independent = p->independent,
        .discontinuity = breaks,
        .first_part = r->parts.count,
    };
    *(struct bc_recording_segment *)record_column_push(&r->segments) = s;
}

static void
note_gap(struct bc_recording *r, const struct bc_recording_part *last,
    const struct bc_recording_part *p)
{
    int64_t expected_us = last->wall_us + (p->start_us - last->start_us);
    if (p->wall_us - expected_us > RECORD_GAP_US) {
        struct bc_recording_gap *gap = record_column_push(&r->gaps);
        gap->at_us = p->start_us;
        gap->wall_us = expected_us;
        gap->duration_us = p->wall_us - expected_us;
    }
}

void
record_add_part(struct bc_recording *r, const struct bc_recording_part *p)
{
    record_lock(r);
    const struct bc_recording_part *last =
        r->parts.count > 0 ? record_column_at(&r->parts, r->parts.count - 1) : NULL;
    if (last) {
        note_gap(r, last, p);
    }
    if (!last || p->segment || p->discontinuity || p->file != last->file) {
        begin_segment(r, p);
    }
    struct bc_recording_segment *s =
        record_column_at(&r->segments, r->segments.count - 1);
    s->bytes += p->bytes;
    s->parts++;
    s->duration_us = p->start_us + p->duration_us - s->start_us;
    *(struct bc_recording_part *)record_column_push(&r->parts) = *p;
    r->bytes += p->bytes;
    record_unlock(r);
}

bool
record_last_part(const struct bc_recording *r, struct bc_recording_part *out)
{
    record_lock(r);
    bool any = r->parts.count > 0;
    if (any) {
        *out =
            *(struct bc_recording_part *)record_column_at(&r->parts, r->parts.count - 1);
    }
    record_unlock(r);
    return any;
}

void
record_set_tail_open(struct bc_recording *r, bool open)
{
    record_lock(r);
    r->tail_open = open;
    record_unlock(r);
}

void
record_set_ended(struct bc_recording *r, int64_t wall_us)
{
    record_lock(r);
    r->info.ended_wall_us = wall_us;
    r->tail_open = false;
    record_unlock(r);
}

void
bc_recording_info(const struct bc_recording *r, struct bc_recording_info *out)
{
    record_lock(r);
    *out = r->info;
    out->parts = r->parts.count;
    out->segments = r->segments.count;
    out->gaps = r->gaps.count;
    out->formats = r->format_count;
    out->bytes = r->bytes;
    out->duration_us = 0;
    if (r->parts.count > 0) {
        const struct bc_recording_part *p =
            record_column_at(&r->parts, r->parts.count - 1);
        out->duration_us = p->start_us + p->duration_us;
    }
    record_unlock(r);
}

const char *
bc_recording_folder(const struct bc_recording *r)
{
    return r->folder;
}

static size_t
copy_items(const struct record_column *c, size_t first, void *out, size_t max)
{
    size_t n = 0;
    for (; n < max && first < c->count && n < c->count - first; n++) {
        memcpy((char *)out + n * c->item_bytes, record_column_at(c, first + n),
            c->item_bytes);
    }
    return n;
}

size_t
bc_recording_parts(
    const struct bc_recording *r, size_t first, struct bc_recording_part *out, size_t max)
{
    record_lock(r);
    size_t n = copy_items(&r->parts, first, out, max);
    record_unlock(r);
    return n;
}

size_t
bc_recording_segments(const struct bc_recording *r, size_t first,
    struct bc_recording_segment *out, size_t max)
{
    record_lock(r);
    size_t n = copy_items(&r->segments, first, out, max);
    for (size_t i = 0; i < n; i++) {
        out[i].closed = first + i + 1 < r->segments.count || !r->tail_open;
    }
    record_unlock(r);
    return n;
}

size_t
bc_recording_gaps(
    const struct bc_recording *r, size_t first, struct bc_recording_gap *out, size_t max)
{
    record_lock(r);
    size_t n = copy_items(&r->gaps, first, out, max);
    record_unlock(r);
    return n;
}

// How many parts begin at or before a moment of recording time, or of the wall clock. The
// lock is held. Where the wall clock was set back meanwhile, the answer is one of
// several.
static size_t
parts_until(const struct bc_recording *r, int64_t at_us, bool wall)
{
    size_t low = 0;
    size_t high = r->parts.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct bc_recording_part *p = record_column_at(&r->parts, middle);
        if ((wall ? p->wall_us : p->start_us) <= at_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool
bc_recording_find(const struct bc_recording *r, int64_t at_us, size_t *part)
{
    record_lock(r);
    bool any = r->parts.count > 0;
    size_t until = parts_until(r, at_us, false);
    record_unlock(r);
    *part = until > 0 ? until - 1 : 0;
    return any;
}

bool
bc_recording_at_wall(
    const struct bc_recording *r, int64_t wall_us, int64_t *at_us, bool *in_gap)
{
    bool found = false;
    bool gap = false;
    record_lock(r);
    size_t until = parts_until(r, wall_us, true);
    if (until > 0) {
        const struct bc_recording_part *p = record_column_at(&r->parts, until - 1);
        const struct bc_recording_part *next =
            until < r->parts.count ? record_column_at(&r->parts, until) : NULL;
        int64_t into_us = wall_us - p->wall_us;
        int64_t length_us = next ? next->start_us - p->start_us : p->duration_us;
        found = next || into_us <= length_us;
        gap = into_us > length_us && next
            && next->wall_us - (p->wall_us + length_us) > RECORD_GAP_US;
        *at_us = p->start_us + (into_us < length_us ? into_us : length_us);
    }
    record_unlock(r);
    if (in_gap) {
        *in_gap = found && gap;
    }
    return found;
}

struct bc_buf *
bc_recording_init_section(const struct bc_recording *r, uint32_t format)
{
    record_lock(r);
    struct bc_buf *buf = format < r->format_count ? bc_buf_ref(r->formats[format]) : NULL;
    record_unlock(r);
    return buf;
}

bool
bc_recording_file_head(
    const struct bc_recording *r, uint32_t file, uint32_t *format, uint32_t *head_bytes)
{
    record_lock(r);
    const struct record_file *f = record_find_file(r, file);
    if (f) {
        *format = f->format;
        *head_bytes = f->head_bytes;
    }
    record_unlock(r);
    return f;
}
