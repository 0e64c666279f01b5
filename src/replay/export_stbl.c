// SPDX-License-Identifier: Apache-2.0
// Sample tables, ISO/IEC 14496-12 8.5 to 8.7.
#include "container/box.h"
#include "export_boxes.h"

static void
write_stsd(struct bc_writer *w, const struct export_track *t)
{
    size_t at = bc_full_box_begin(w, "stsd", 0, 0);
    bc_write_u32(w, t->descriptions_count);
    bc_write_bytes(w, t->descriptions.data, t->descriptions.len);
    bc_box_end(w, at);
}

static void
write_runs(struct bc_writer *w, const char type[4], const struct export_runs *runs)
{
    size_t at = bc_full_box_begin(w, type, runs->negative ? 1 : 0, 0);
    bc_write_u32(w, runs->entries);
    bc_write_bytes(w, runs->bytes.data, runs->bytes.len);
    bc_box_end(w, at);
}

static void
write_stss(struct bc_writer *w, const struct export_table *t)
{
    if (t->syncs < t->count) {
        size_t at = bc_full_box_begin(w, "stss", 0, 0);
        bc_write_u32(w, t->syncs);
        bc_write_bytes(w, t->stss.data, t->stss.len);
        bc_box_end(w, at);
    }
}

static void
write_stsz(struct bc_writer *w, const struct export_table *t)
{
    size_t at = bc_full_box_begin(w, "stsz", 0, 0);
    bool same = !t->sizes_differ && t->first_size > 0;
    bc_write_u32(w, same ? t->first_size : 0);
    bc_write_u32(w, t->count);
    if (!same) {
        bc_write_bytes(w, t->stsz.data, t->stsz.len);
    }
    bc_box_end(w, at);
}

static const struct export_chunk *
chunks_of(const struct export_table *t, size_t *count)
{
    *count = t->chunks.len / sizeof(struct export_chunk);
    return (const struct export_chunk *)t->chunks.data;
}

static void
write_stsc(struct bc_writer *w, const struct export_table *t)
{
    size_t count;
    const struct export_chunk *c = chunks_of(t, &count);
    size_t at = bc_full_box_begin(w, "stsc", 0, 0);
    size_t count_at = w->len;
    uint32_t entries = 0;
    bc_write_u32(w, 0);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || c[i].samples != c[i - 1].samples
            || c[i].description != c[i - 1].description) {
            bc_write_u32(w, (uint32_t)i + 1);
            bc_write_u32(w, c[i].samples);
            bc_write_u32(w, c[i].description);
            entries++;
        }
    }
    if (!w->failed) {
        bc_write_be_at(w, count_at, entries, 4);
    }
    bc_box_end(w, at);
}

static void
write_offsets(
    struct bc_writer *w, const struct export_table *t, uint64_t base, bool large)
{
    size_t count;
    const struct export_chunk *c = chunks_of(t, &count);
    size_t at = bc_full_box_begin(w, large ? "co64" : "stco", 0, 0);
    bc_write_u32(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        bc_write_be(w, base + c[i].at, large ? 8 : 4);
    }
    bc_box_end(w, at);
}

static bool
needs_roll(const struct export_track *t, const struct export_chunk *c)
{
    return t->rolls >> (c->description - 1) & 1;
}

// Which samples need some before them (8.9.2): those of chunks of such a description.
static void
write_rolls(struct bc_writer *w, const struct export_track *t)
{
    size_t count;
    const struct export_chunk *c = chunks_of(&t->table, &count);
    bc_box_write(w, "sgpd", t->sgpd.p, bc_reader_left(&t->sgpd));
    size_t at = bc_full_box_begin(w, "sbgp", 0, 0);
    bc_write_str(w, "roll");
    size_t count_at = w->len;
    uint32_t entries = 0;
    bc_write_u32(w, 0);
    for (size_t i = 0; i < count; entries++) {
        bool roll = needs_roll(t, &c[i]);
        uint32_t samples = 0;
        for (; i < count && needs_roll(t, &c[i]) == roll; i++) {
            samples += c[i].samples;
        }
        bc_write_u32(w, samples);
        bc_write_u32(w, roll); // group_description_index, 0: none
    }
    if (!w->failed) {
        bc_write_be_at(w, count_at, entries, 4);
    }
    bc_box_end(w, at);
}

void
export_write_stbl(
    struct bc_writer *w, const struct export_track *t, uint64_t base, bool large)
{
    size_t at = bc_box_begin(w, "stbl");
    write_stsd(w, t);
    write_runs(w, "stts", &t->table.stts);
    if (t->table.ctts.used) {
        write_runs(w, "ctts", &t->table.ctts);
    }
    write_stss(w, &t->table);
    write_stsc(w, &t->table);
    write_stsz(w, &t->table);
    write_offsets(w, &t->table, base, large);
    if (t->rolls) {
        write_rolls(w, t);
    }
    bc_box_end(w, at);
}
