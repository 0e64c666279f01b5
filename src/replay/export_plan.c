// SPDX-License-Identifier: Apache-2.0
// The tracks, sample entries and chunks of the new file.
#include "export_plan.h"

#include <errno.h>
#include <string.h>

#include "container/box.h"
#include "export_boxes.h"

#define MAX_DESCRIPTIONS 64 // of a track; bits of `rolls`

// The trak box of a track, by its place.
static bool
find_trak(const struct bc_buf *init, size_t place, struct bc_reader *out)
{
    struct bc_reader r = bc_reader_init(init->data, init->len);
    uint32_t type;
    if (!export_enter(&r, BC_FOURCC('m', 'o', 'o', 'v'))) {
        return false;
    }
    while (bc_cmaf_box_next(&r, &type, out)) {
        if (type == BC_FOURCC('t', 'r', 'a', 'k') && place-- == 0) {
            return true;
        }
    }
    return false;
}

// Where these bytes stand among the entries already there, from 1; 0: nowhere.
static uint32_t
find_description(const struct export_track *t, const uint8_t *entry, size_t len)
{
    struct bc_reader r = bc_reader_init(t->descriptions.data, t->descriptions.len);
    const uint8_t *at = r.p;
    uint32_t type;
    struct bc_reader body;
    for (uint32_t n = 1; bc_cmaf_box_next(&r, &type, &body); n++) {
        if ((size_t)(r.p - at) == len && memcmp(at, entry, len) == 0) {
            return n;
        }
        at = r.p;
    }
    return 0;
}

static int
add_description(struct export_track *t, struct bc_reader trak, uint32_t *description)
{
    if (!export_enter(&trak, BC_FOURCC('m', 'd', 'i', 'a'))
        || !export_enter(&trak, BC_FOURCC('m', 'i', 'n', 'f'))
        || !export_enter(&trak, BC_FOURCC('s', 't', 'b', 'l'))) {
        return -EINVAL;
    }
    struct bc_reader stsd = trak;
    struct bc_reader body;
    uint32_t type;
    export_enter(&stsd, BC_FOURCC('s', 't', 's', 'd'));
    bc_read_skip(&stsd, 8); // version, flags, entry_count, which was looked at
    const uint8_t *entry = stsd.p;
    if (!bc_cmaf_box_next(&stsd, &type, &body)) {
        return -EINVAL;
    }
    size_t len = (size_t)(stsd.p - entry);
    *description = find_description(t, entry, len);
    if (*description > 0) {
        return 0;
    }
    if (t->descriptions_count == MAX_DESCRIPTIONS) {
        return -E2BIG;
    }
    bc_write_bytes(&t->descriptions, entry, len);
    *description = ++t->descriptions_count;
    if (export_enter(&trak, BC_FOURCC('s', 'g', 'p', 'd'))) {
        t->rolls |= UINT64_C(1) << (*description - 1);
        t->sgpd = trak;
    }
    return t->descriptions.failed ? -ENOMEM : 0;
}

// The new file's track of a kind; made when there is none.
static size_t
track_of_kind(
    struct export_plan *plan, const struct bc_cmaf_movie_track *t, struct bc_reader trak)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->tracks[i].kind == t->track->kind) {
            return i;
        }
    }
    plan->tracks[plan->count] = (struct export_track){ .kind = t->track->kind,
        .timescale = t->timescale, .trak = trak };
    return plan->count++;
}

static int
add_format(struct export_plan *plan, struct export_format *f)
{
    const struct bc_cmaf_movie *m = &f->movie;
    if (m->count == 2 && m->tracks[0].track->kind == m->tracks[1].track->kind) {
        return -ENOTSUP; // nobody writes two pictures or two sounds
    }
    int rc = 0;
    for (size_t i = 0; i < m->count && rc == 0; i++) {
        struct bc_reader trak;
        if (!find_trak(f->init, i, &trak)) {
            return -EINVAL;
        }
        f->track[i] = track_of_kind(plan, &m->tracks[i], trak);
        rc = add_description(&plan->tracks[f->track[i]], trak, &f->description[i]);
    }
    return rc;
}

struct export_format *
export_plan_format(struct export_plan *plan, uint32_t number, int *rc)
{
    struct export_format *f = number < EXPORT_MAX_FORMATS ? &plan->formats[number] : NULL;
    if (!f) {
        *rc = -E2BIG;
        return NULL;
    }
    if (f->init) {
        return f;
    }
    f->init = bc_recording_init_section(plan->params->recording, number);
    *rc = f->init ? bc_cmaf_movie_read(f->init->data, f->init->len, &f->movie) : -ENOENT;
    if (*rc == 0) {
        *rc = add_format(plan, f);
    }
    if (*rc < 0) {
        return NULL;
    }
    return f;
}

void
export_plan_wait(struct export_track *track, const struct export_waiting *w)
{
    struct export_waiting *all = (struct export_waiting *)track->waiting.data;
    size_t count = track->waiting.len / sizeof(*all);
    struct export_waiting *last = count > 0 ? &all[count - 1] : NULL;
    if (last && last->slot == w->slot && last->description == w->description
        && last->extent.file == w->extent.file
        && last->extent.offset + last->extent.bytes == w->extent.offset
        && w->extent.bytes <= UINT32_MAX - last->extent.bytes) {
        last->extent.bytes += w->extent.bytes;
        last->samples += w->samples;
        return;
    }
    bc_write_bytes(&track->waiting, w, sizeof(*w));
}

static void
add_extent(struct export_plan *plan, const struct export_extent *e)
{
    struct export_extent *all = (struct export_extent *)plan->extents.data;
    size_t count = plan->extents.len / sizeof(*all);
    struct export_extent *last = count > 0 ? &all[count - 1] : NULL;
    plan->bytes += e->bytes;
    if (last && last->file == e->file && last->offset + last->bytes == e->offset
        && e->bytes <= UINT32_MAX - last->bytes) {
        last->bytes += e->bytes;
    } else {
        bc_write_bytes(&plan->extents, e, sizeof(*e));
    }
}

// How many of the first waiting ones are of this slot or an earlier one; all of them as one
// chunk, or one for each description.
static size_t
release_track(struct export_plan *plan, struct export_track *t, size_t from, int64_t slot)
{
    const struct export_waiting *all = (const struct export_waiting *)t->waiting.data;
    size_t count = t->waiting.len / sizeof(*all);
    struct export_chunk chunk = { 0 };
    size_t i = from;
    for (; i < count && all[i].slot <= slot; i++) {
        if (chunk.samples > 0 && chunk.description != all[i].description) {
            bc_write_bytes(&t->table.chunks, &chunk, sizeof(chunk));
            chunk.samples = 0;
        }
        if (chunk.samples == 0) {
            chunk.at = plan->bytes;
            chunk.description = all[i].description;
        }
        chunk.samples += all[i].samples;
        add_extent(plan, &all[i].extent);
    }
    if (chunk.samples > 0) {
        bc_write_bytes(&t->table.chunks, &chunk, sizeof(chunk));
    }
    return i;
}

static int64_t
slot_at(const struct export_track *t, size_t place)
{
    const struct export_waiting *all = (const struct export_waiting *)t->waiting.data;
    return place < t->waiting.len / sizeof(*all) ? all[place].slot : INT64_MAX;
}

void
export_plan_release(struct export_plan *plan, int64_t slot)
{
    size_t done[BC_CMAF_MAX_TRACKS] = { 0 };
    for (;;) {
        int64_t next = INT64_MAX;
        for (size_t i = 0; i < plan->count; i++) {
            int64_t first = slot_at(&plan->tracks[i], done[i]);
            next = first < next ? first : next;
        }
        if (next >= slot) {
            break;
        }
        for (size_t i = 0; i < plan->count; i++) {
            done[i] = release_track(plan, &plan->tracks[i], done[i], next);
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        struct bc_writer *w = &plan->tracks[i].waiting;
        size_t gone = done[i] * sizeof(struct export_waiting);
        if (gone > 0) {
            memmove(w->data, w->data + gone, w->len - gone);
            w->len -= gone;
        }
    }
}

void
export_plan_finish(struct export_plan *plan)
{
    for (size_t i = 0; i < EXPORT_MAX_FORMATS; i++) {
        bc_cmaf_movie_finish(&plan->formats[i].movie);
        bc_buf_unref(&plan->formats[i].init);
    }
    for (size_t i = 0; i < plan->count; i++) {
        export_table_finish(&plan->tracks[i].table);
        bc_writer_finish(&plan->tracks[i].descriptions);
        bc_writer_finish(&plan->tracks[i].waiting);
    }
    bc_writer_finish(&plan->extents);
}
