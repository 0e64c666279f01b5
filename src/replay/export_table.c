// SPDX-License-Identifier: Apache-2.0
#include "export_table.h"

static void
flush_run(struct export_runs *runs)
{
    if (runs->count > 0) {
        bc_write_u32(&runs->bytes, runs->count);
        bc_write_u32(&runs->bytes, runs->value);
        runs->entries++;
        runs->count = 0;
    }
}

static void
add_run(struct export_runs *runs, uint32_t value)
{
    if (runs->count > 0 && runs->value != value) {
        flush_run(runs);
    }
    runs->value = value;
    runs->count++;
    runs->negative |= value > INT32_MAX;
    runs->used |= value != 0;
}

static int64_t
clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void
export_table_add(struct export_table *t, const struct export_sample *s)
{
    if (t->count == 0) {
        t->first_dts = s->dts;
        t->last_dts = s->dts;
        t->first_pts = s->pts;
        t->end_pts = s->pts;
        t->first_size = s->size;
    } else {
        uint32_t delta = (uint32_t)clamp(s->dts - t->last_dts, 1, INT32_MAX);
        add_run(&t->stts, delta);
        t->last_dts += delta;
    }
    t->count++;
    t->last_duration = s->duration;
    add_run(&t->ctts, (uint32_t)(int32_t)clamp(s->pts - t->last_dts, INT32_MIN, INT32_MAX));
    if (s->sync) {
        bc_write_u32(&t->stss, t->count);
        t->syncs++;
    }
    bc_write_u32(&t->stsz, s->size);
    t->sizes_differ |= s->size != t->first_size;
    t->first_pts = s->pts < t->first_pts ? s->pts : t->first_pts;
    t->end_pts = s->pts + s->duration > t->end_pts ? s->pts + s->duration : t->end_pts;
}

bool
export_table_end(struct export_table *t)
{
    if (t->count > 0) {
        add_run(&t->stts, t->last_duration);
    }
    flush_run(&t->stts);
    flush_run(&t->ctts);
    return !t->stts.bytes.failed && !t->ctts.bytes.failed && !t->stss.failed
        && !t->stsz.failed && !t->chunks.failed;
}

void
export_table_finish(struct export_table *t)
{
    bc_writer_finish(&t->stts.bytes);
    bc_writer_finish(&t->ctts.bytes);
    bc_writer_finish(&t->stss);
    bc_writer_finish(&t->stsz);
    bc_writer_finish(&t->chunks);
}
