// SPDX-License-Identifier: Apache-2.0
// ftyp and moov of a file whose samples all are known, ISO/IEC 14496-12 8. Boxes that do not
// tell of samples are taken from the recording's init sections.
#include <string.h>

#include "container/box.h"
#include "export.h"
#include "export_boxes.h"
#include "export_plan.h"

#define US_PER_S 1000000
#define MP4_TO_UNIX_S INT64_C(2082844800) // from 1904 to 1970
#define MDAT_HEAD 8
#define MDAT_LARGE_HEAD 16
#define TKHD_TAIL_BYTES 60 // behind the duration

// What tracks and movie have to agree on; on the stack of export_moov_write().
struct movie {
    const struct export_plan *plan;
    uint32_t timescale;
    uint64_t creation_s;
    uint64_t duration; // of the longest track, as shown
    uint64_t base;     // where the mdat's payload begins
    bool large;        // chunk offsets of 64 bits
};

// What of a track is shown, and when.
struct shown {
    uint64_t empty;    // movie's ticks before it begins
    uint64_t from;     // media time of the first moment shown
    uint64_t duration; // movie's ticks
    uint64_t media;    // ticks of all samples
};

static uint64_t
to_movie(int64_t ticks, uint32_t timescale, const struct movie *m)
{
    if (ticks <= 0) {
        return 0;
    }
    return timescale == m->timescale
        ? (uint64_t)ticks
        : (uint64_t)bc_cmaf_ticks(bc_cmaf_us(ticks, timescale), m->timescale);
}

// All tracks begin at the same moment of the recording, so what one has later than another
// stays later: empty time, not a shift (MP4 edit lists, 8.6.6).
static struct shown
find_shown(const struct movie *m, const struct export_track *t)
{
    const struct export_table *table = &t->table;
    int64_t begin = bc_cmaf_ticks(m->plan->begin_us, t->timescale);
    int64_t end = table->end_pts;
    if (m->plan->params->to_us != INT64_MAX) {
        int64_t to = bc_cmaf_ticks(m->plan->params->to_us, t->timescale);
        end = to < end ? to : end;
    }
    int64_t first = table->first_pts > begin ? table->first_pts : begin;
    struct shown s = { 0 };
    s.empty = to_movie(first - begin, t->timescale, m);
    s.from = first > table->first_dts ? (uint64_t)(first - table->first_dts) : 0;
    s.duration = to_movie(end - first, t->timescale, m);
    s.media = (uint64_t)(table->last_dts - table->first_dts) + table->last_duration;
    return s;
}

static void
write_time(struct bc_writer *w, uint64_t value, bool wide)
{
    bc_write_be(w, value, wide ? 8 : 4);
}

static bool
is_wide(const struct movie *m, uint64_t duration)
{
    return m->creation_s > UINT32_MAX || duration > UINT32_MAX;
}

static void
write_mvhd(struct bc_writer *w, const struct movie *m)
{
    static const uint32_t UNITY[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000 };
    bool wide = is_wide(m, m->duration);
    size_t at = bc_full_box_begin(w, "mvhd", wide, 0);
    write_time(w, m->creation_s, wide);
    write_time(w, m->creation_s, wide); // modification
    bc_write_u32(w, m->timescale);
    write_time(w, m->duration, wide);
    bc_write_u32(w, 0x10000); // rate 1.0
    bc_write_u16(w, 0x100);   // volume 1.0
    bc_box_zeros(w, 10);
    for (size_t i = 0; i < 9; i++) {
        bc_write_u32(w, UNITY[i]);
    }
    bc_box_zeros(w, 24);
    bc_write_u32(w, (uint32_t)m->plan->count + 1); // next_track_ID
    bc_box_end(w, at);
}

// The recording's, with times and a number of its own.
static void
write_tkhd(struct bc_writer *w, const struct movie *m, const struct export_track *t,
    uint32_t id, uint64_t duration)
{
    struct bc_reader tkhd = t->trak;
    bool wide = is_wide(m, duration);
    size_t at = bc_full_box_begin(w, "tkhd", wide, 3); // enabled, in the movie
    write_time(w, m->creation_s, wide);
    write_time(w, m->creation_s, wide);
    bc_write_u32(w, id);
    bc_box_zeros(w, 4);
    write_time(w, duration, wide);
    export_enter(&tkhd, BC_FOURCC('t', 'k', 'h', 'd'));
    size_t before = bc_reader_left(&tkhd) - TKHD_TAIL_BYTES;
    w->failed |= bc_reader_left(&tkhd) < TKHD_TAIL_BYTES;
    bc_write_bytes(w, w->failed ? NULL : tkhd.p + before, TKHD_TAIL_BYTES);
    bc_box_end(w, at);
}

static void
write_edit(struct bc_writer *w, uint64_t duration, uint64_t media_time)
{
    bc_write_u64(w, duration);
    bc_write_u64(w, media_time);
    bc_write_u32(w, 0x10000); // media_rate 1.0
}

static void
write_edts(struct bc_writer *w, const struct shown *s)
{
    size_t edts = bc_box_begin(w, "edts");
    size_t elst = bc_full_box_begin(w, "elst", 1, 0);
    bc_write_u32(w, s->empty > 0 ? 2 : 1);
    if (s->empty > 0) {
        write_edit(w, s->empty, UINT64_MAX); // media_time -1
    }
    write_edit(w, s->duration, s->from);
    bc_box_end(w, elst);
    bc_box_end(w, edts);
}

static void
write_mdhd(struct bc_writer *w, const struct movie *m, const struct export_track *t,
    uint64_t duration)
{
    bool wide = is_wide(m, duration);
    size_t at = bc_full_box_begin(w, "mdhd", wide, 0);
    write_time(w, m->creation_s, wide);
    write_time(w, m->creation_s, wide);
    bc_write_u32(w, t->timescale);
    write_time(w, duration, wide);
    bc_write_u16(w, 0x55c4); // "und"
    bc_write_u16(w, 0);
    bc_box_end(w, at);
}

// Copies a box of the recording's as it is.
static void
copy_box(struct bc_writer *w, struct bc_reader from, uint32_t wanted)
{
    const uint8_t *box = from.p;
    uint32_t type;
    struct bc_reader body;
    while (bc_cmaf_box_next(&from, &type, &body)) {
        if (type == wanted) {
            bc_write_bytes(w, box, (size_t)(from.p - box));
            return;
        }
        box = from.p;
    }
}

static void
write_trak(struct bc_writer *w, const struct movie *m, const struct export_track *t,
    uint32_t id)
{
    struct shown shown = find_shown(m, t);
    size_t trak = bc_box_begin(w, "trak");
    write_tkhd(w, m, t, id, shown.empty + shown.duration);
    write_edts(w, &shown);
    struct bc_reader from = t->trak;
    export_enter(&from, BC_FOURCC('m', 'd', 'i', 'a'));
    size_t mdia = bc_box_begin(w, "mdia");
    write_mdhd(w, m, t, shown.media);
    copy_box(w, from, BC_FOURCC('h', 'd', 'l', 'r'));
    export_enter(&from, BC_FOURCC('m', 'i', 'n', 'f'));
    size_t minf = bc_box_begin(w, "minf");
    copy_box(w, from, BC_FOURCC('v', 'm', 'h', 'd'));
    copy_box(w, from, BC_FOURCC('s', 'm', 'h', 'd'));
    copy_box(w, from, BC_FOURCC('d', 'i', 'n', 'f'));
    export_write_stbl(w, t, m->base, m->large);
    bc_box_end(w, minf);
    bc_box_end(w, mdia);
    bc_box_end(w, trak);
}

// The title where players look for it: an item of iTunes' metadata.
static void
write_title(struct bc_writer *w, const char *title)
{
    if (title[0] == '\0') {
        return;
    }
    size_t udta = bc_box_begin(w, "udta");
    size_t meta = bc_full_box_begin(w, "meta", 0, 0);
    size_t hdlr = bc_full_box_begin(w, "hdlr", 0, 0);
    bc_box_zeros(w, 4);
    bc_write_str(w, "mdirappl");
    bc_box_zeros(w, 9);
    bc_box_end(w, hdlr);
    size_t ilst = bc_box_begin(w, "ilst");
    size_t name = bc_box_begin(w, "\251nam");
    size_t data = bc_box_begin(w, "data");
    bc_write_u32(w, 1); // UTF-8
    bc_write_u32(w, 0); // any locale
    bc_write_str(w, title);
    bc_box_end(w, data);
    bc_box_end(w, name);
    bc_box_end(w, ilst);
    bc_box_end(w, meta);
    bc_box_end(w, udta);
}

static void
write_moov(struct bc_writer *w, const struct movie *m)
{
    struct bc_recording_info info;
    bc_recording_info(m->plan->params->recording, &info);
    size_t moov = bc_box_begin(w, "moov");
    write_mvhd(w, m);
    uint32_t id = 0;
    for (size_t i = 0; i < m->plan->count; i++) {
        if (m->plan->tracks[i].table.count > 0) {
            write_trak(w, m, &m->plan->tracks[i], ++id);
        }
    }
    write_title(w, info.title);
    bc_box_end(w, moov);
}

// isom with signed composition offsets and groups of samples (iso6), and the name of AVC.
static void
write_ftyp(struct bc_writer *w, const struct export_plan *plan)
{
    bool avc = false;
    for (size_t i = 0; i < plan->count; i++) {
        const struct bc_writer *d = &plan->tracks[i].descriptions;
        avc |= d->len >= 8 && memcmp(d->data + 4, "avc1", 4) == 0;
    }
    size_t at = bc_box_begin(w, "ftyp");
    bc_write_str(w, "isom");
    bc_write_u32(w, 0x200);
    bc_write_str(w, avc ? "isomiso6mp41avc1" : "isomiso6mp41");
    bc_box_end(w, at);
}

static void
measure(struct movie *m)
{
    const struct export_plan *plan = m->plan;
    m->timescale = plan->tracks[0].timescale;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->tracks[i].kind == BC_KIND_VIDEO && plan->tracks[i].table.count > 0) {
            m->timescale = plan->tracks[i].timescale; // so that the picture's times are exact
        }
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->tracks[i].table.count > 0) {
            struct shown s = find_shown(m, &plan->tracks[i]);
            uint64_t end = s.empty + s.duration;
            m->duration = end > m->duration ? end : m->duration;
        }
    }
    int64_t s = plan->wall_us / US_PER_S + MP4_TO_UNIX_S;
    m->creation_s = plan->wall_us > 0 ? (uint64_t)s : 0;
}

void
export_moov_write(struct bc_writer *w, const struct export_plan *plan)
{
    struct movie m = { .plan = plan };
    measure(&m);
    bool large_mdat = plan->bytes + MDAT_HEAD > UINT32_MAX;
    size_t mdat_head = large_mdat ? MDAT_LARGE_HEAD : MDAT_HEAD;
    // Twice: the offsets' values and size depend on how long all of this is.
    for (int round = 0; round < 2; round++) {
        bc_writer_reset(w);
        write_ftyp(w, plan);
        write_moov(w, &m);
        m.base = w->len + mdat_head;
        if (!m.large && m.base + plan->bytes > UINT32_MAX) {
            m.large = true;
            round--; // the offsets take more room than those just written
        }
    }
    bc_write_u32(w, large_mdat ? 1 : (uint32_t)(MDAT_HEAD + plan->bytes));
    bc_write_str(w, "mdat");
    if (large_mdat) {
        bc_write_u64(w, MDAT_LARGE_HEAD + plan->bytes);
    }
}
