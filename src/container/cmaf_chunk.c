// SPDX-License-Identifier: Apache-2.0
#include "container/cmaf.h"

#include <string.h>

#include "base/writer.h"
#include "container/box.h"

#define US_PER_S 1000000

// tfhd flags, ISO/IEC 14496-12 8.8.7
#define TFHD_DEFAULT_DURATION 0x000008
#define TFHD_DEFAULT_FLAGS 0x000020
#define TFHD_DEFAULT_BASE_IS_MOOF 0x020000

// trun flags, 8.8.8
#define TRUN_DATA_OFFSET 0x000001
#define TRUN_DURATION 0x000100
#define TRUN_SIZE 0x000200
#define TRUN_FLAGS 0x000400
#define TRUN_CTS 0x000800

// sample_flags, 8.8.3.1: sample_depends_on, sample_is_depended_on,
// sample_is_non_sync_sample
#define DEPENDS_ON_NONE 0x02000000
#define DEPENDS_ON_OTHERS 0x01000000
#define NOT_DEPENDED_ON 0x00800000
#define NON_SYNC 0x00010000

// An mdat of more would need the 64-bit form of a box's size; no part comes near.
#define CHUNK_MAX_BYTES ((size_t)1 << 30)
#define CHUNK_MAX_SAMPLES 100000

uint32_t
bc_cmaf_timescale(const struct bc_track *track)
{
    return track->kind == BC_KIND_AUDIO ? track->sample_rate : BC_CMAF_VIDEO_TIMESCALE;
}

// value * to / from, rounded to the nearest; the whole units apart so that nothing
// overflows.
static int64_t
scale(int64_t value, int64_t from, int64_t to)
{
    int64_t whole = value / from;
    int64_t rest = value % from;
    if (rest < 0) {
        whole--;
        rest += from;
    }
    return whole * to + (rest * to + from / 2) / from;
}

int64_t
bc_cmaf_ticks(int64_t us, uint32_t timescale)
{
    return scale(us, US_PER_S, timescale);
}

int64_t
bc_cmaf_us(int64_t ticks, uint32_t timescale)
{
    return scale(ticks, timescale, US_PER_S);
}

static uint32_t
flags_of(const struct bc_cmaf_sample *s)
{
    uint32_t flags = s->sync ? DEPENDS_ON_NONE : DEPENDS_ON_OTHERS | NON_SYNC;
    return s->disposable ? flags | NOT_DEPENDED_ON : flags;
}

// Which fields differ from sample to sample and so must stand in the trun.
static uint32_t
trun_flags(const struct bc_cmaf_run *run)
{
    uint32_t flags = TRUN_DATA_OFFSET | TRUN_SIZE;
    const struct bc_cmaf_sample *first = &run->samples[0];
    for (size_t i = 0; i < run->count; i++) {
        const struct bc_cmaf_sample *s = &run->samples[i];
        flags |= s->duration != first->duration ? TRUN_DURATION : 0;
        flags |= flags_of(s) != flags_of(first) ? TRUN_FLAGS : 0;
        flags |= s->cts != 0 ? TRUN_CTS : 0;
    }
    return flags;
}

static void
write_trun(struct bc_writer *w, const struct bc_cmaf_run *run, size_t *offset_at)
{
    uint32_t flags = trun_flags(run);
    size_t trun = bc_full_box_begin(w, "trun", 1, flags); // version 1: signed cts
    bc_write_u32(w, (uint32_t)run->count);
    *offset_at = w->len;
    bc_write_u32(w, 0);
    for (size_t i = 0; i < run->count; i++) {
        const struct bc_cmaf_sample *s = &run->samples[i];
        if (flags & TRUN_DURATION) {
            bc_write_u32(w, s->duration);
        }
        bc_write_u32(w, (uint32_t)s->len);
        if (flags & TRUN_FLAGS) {
            bc_write_u32(w, flags_of(s));
        }
        if (flags & TRUN_CTS) {
            bc_write_u32(w, (uint32_t)s->cts);
        }
    }
    bc_box_end(w, trun);
}

// All samples belong to the init segment's only group of that kind (8.9.2).
static void
write_roll(struct bc_writer *w, const struct bc_cmaf_run *run)
{
    size_t sbgp = bc_full_box_begin(w, "sbgp", 0, 0);
    bc_write_str(w, "roll");
    bc_write_u32(w, 1); // entry_count
    bc_write_u32(w, (uint32_t)run->count);
    bc_write_u32(w, 1); // group_description_index
    bc_box_end(w, sbgp);
}

// Returns where the trun's data offset stands, to be filled in when the moof's size is
// known.
static size_t
write_traf(struct bc_writer *w, const struct bc_cmaf_run *run)
{
    size_t offset_at = 0;
    size_t traf = bc_box_begin(w, "traf");
    size_t tfhd = bc_full_box_begin(w, "tfhd", 0,
        TFHD_DEFAULT_BASE_IS_MOOF | TFHD_DEFAULT_DURATION | TFHD_DEFAULT_FLAGS);
    bc_write_u32(w, run->track_id);
    bc_write_u32(w, run->samples[0].duration);
    bc_write_u32(w, flags_of(&run->samples[0]));
    bc_box_end(w, tfhd);
    size_t tfdt =
        bc_full_box_begin(w, "tfdt", 1, 0); // version 1: 32 bits wrap within hours
    bc_write_u64(w, run->dts);
    bc_box_end(w, tfdt);
    write_trun(w, run, &offset_at);
    if (run->roll) {
        write_roll(w, run);
    }
    bc_box_end(w, traf);
    return offset_at;
}

static size_t
run_bytes(const struct bc_cmaf_run *run)
{
    size_t bytes = 0;
    for (size_t i = 0; i < run->count; i++) {
        if (run->samples[i].len > CHUNK_MAX_BYTES - bytes) {
            return SIZE_MAX;
        }
        bytes += run->samples[i].len;
    }
    return bytes;
}

static void
write_moof(struct bc_writer *w, uint32_t sequence, const struct bc_cmaf_run *runs,
    size_t count)
{
    size_t offset_at[BC_CMAF_MAX_TRACKS] = { 0 };
    size_t moof = bc_box_begin(w, "moof");
    size_t mfhd = bc_full_box_begin(w, "mfhd", 0, 0);
    bc_write_u32(w, sequence);
    bc_box_end(w, mfhd);
    for (size_t i = 0; i < count; i++) {
        if (runs[i].count > 0) {
            offset_at[i] = write_traf(w, &runs[i]);
        }
    }
    bc_box_end(w, moof);
    size_t offset = w->len + 8; // behind the mdat's header; offsets count from the moof
    for (size_t i = 0; i < count && !w->failed; i++) {
        if (runs[i].count > 0) {
            bc_write_be_at(w, offset_at[i], offset, 4);
            offset += run_bytes(&runs[i]);
        }
    }
}

struct bc_buf *
bc_cmaf_chunk(uint32_t sequence, const struct bc_cmaf_run *runs, size_t count)
{
    size_t samples = 0;
    size_t bytes = 0;
    for (size_t i = 0; i < count && count <= BC_CMAF_MAX_TRACKS; i++) {
        size_t n = run_bytes(&runs[i]);
        if (n > CHUNK_MAX_BYTES - bytes || runs[i].count > CHUNK_MAX_SAMPLES) {
            return NULL;
        }
        bytes += n;
        samples += runs[i].count;
    }
    if (samples == 0) {
        return NULL;
    }
    struct bc_writer w = { 0 };
    write_moof(&w, sequence, runs, count);
    size_t header = w.len + 8;
    bc_write_u32(&w, (uint32_t)(8 + bytes));
    bc_write_str(&w, "mdat");
    // The samples go straight into the buf: they are the bulk and are copied once.
    struct bc_buf *buf = w.failed ? NULL : bc_buf_create(header + bytes);
    if (buf) {
        memcpy(buf->data, w.data, header);
        uint8_t *p = buf->data + header;
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < runs[i].count; k++) {
                const struct bc_cmaf_sample *s = &runs[i].samples[k];
                if (s->len > 0) {
                    memcpy(p, s->data, s->len);
                    p += s->len;
                }
            }
        }
    }
    bc_writer_finish(&w);
    return buf;
}
