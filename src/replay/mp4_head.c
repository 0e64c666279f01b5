// SPDX-License-Identifier: Apache-2.0
#include "mp4_head.h"

#include <errno.h>

#include "base/writer.h"
#include "container/box.h"
#include "container/cmaf_read.h"

#define MOVIE_TIMESCALE 1000 // of the init sections, see container/cmaf_init.c
#define SIDX_MAX_REFERENCES 65535
#define SIDX_MAX_BYTES 0x7fffffff
#define SIDX_HEAD_BYTES 40
#define SIDX_REFERENCE_BYTES 12
#define SIDX_STARTS_WITH_SAP 0x80000000
#define SIDX_SAP_TYPE_1 0x10000000 // its first sample is the first shown

// What the parts of the head have in common; on the stack of mp4_head_make().
struct head {
    struct bc_cmaf_movie movie;
    const struct mp4_reference *references;
    size_t count;
};

static void
write_mehd(struct bc_writer *w, const struct head *h)
{
    int64_t us = h->references[h->count - 1].end_us - h->references[0].start_us;
    size_t at = bc_full_box_begin(w, "mehd", 1, 0);
    bc_write_u64(w, (uint64_t)bc_cmaf_ticks(us, MOVIE_TIMESCALE));
    bc_box_end(w, at);
}

// A format that came later begins at its time in the recording; the file shall begin at 0.
static void
write_edts(struct bc_writer *w, const struct head *h, size_t track)
{
    int64_t start_us = h->references[0].start_us;
    int64_t us = h->references[h->count - 1].end_us - start_us;
    size_t edts = bc_box_begin(w, "edts");
    size_t elst = bc_full_box_begin(w, "elst", 1, 0);
    bc_write_u32(w, 1);
    bc_write_u64(w, (uint64_t)bc_cmaf_ticks(us, MOVIE_TIMESCALE));
    bc_write_u64(w, (uint64_t)bc_cmaf_ticks(start_us, h->movie.tracks[track].timescale));
    bc_write_u32(w, 0x10000); // media_rate 1.0
    bc_box_end(w, elst);
    bc_box_end(w, edts);
}

static void
write_trak(struct bc_writer *w, struct bc_reader trak, const struct head *h, size_t track)
{
    size_t at = bc_box_begin(w, "trak");
    const uint8_t *box = trak.p;
    uint32_t type;
    struct bc_reader body;
    while (bc_cmaf_box_next(&trak, &type, &body)) {
        bc_write_bytes(w, box, (size_t)(trak.p - box));
        if (type == BC_FOURCC('t', 'k', 'h', 'd') && h->references[0].start_us > 0) {
            write_edts(w, h, track);
        }
        box = trak.p;
    }
    bc_box_end(w, at);
}

static void
write_moov(struct bc_writer *w, struct bc_reader moov, const struct head *h)
{
    size_t at = bc_box_begin(w, "moov");
    size_t track = 0;
    const uint8_t *box = moov.p;
    uint32_t type;
    struct bc_reader body;
    while (bc_cmaf_box_next(&moov, &type, &body)) {
        if (type == BC_FOURCC('t', 'r', 'a', 'k')) {
            write_trak(w, body, h, track++);
        } else if (type == BC_FOURCC('m', 'v', 'e', 'x')) {
            size_t mvex = bc_box_begin(w, "mvex");
            write_mehd(w, h);
            bc_write_bytes(w, body.p, bc_reader_left(&body));
            bc_box_end(w, mvex);
        } else {
            bc_write_bytes(w, box, (size_t)(moov.p - box));
        }
        box = moov.p;
    }
    bc_box_end(w, at);
}

// How many share a reference, as their number has 16 bits.
static size_t
segments_each(const struct head *h)
{
    return (h->count + SIDX_MAX_REFERENCES - 1) / SIDX_MAX_REFERENCES;
}

// `n` segments from `first` on as one reference; false when they are too many bytes for it.
static bool
write_reference(
    struct bc_writer *w, const struct head *h, size_t first, size_t n, uint32_t timescale)
{
    uint64_t bytes = 0;
    for (size_t i = first; i < first + n; i++) {
        bytes += h->references[i].bytes;
    }
    if (first + n == h->count) { // no prft follows
        bytes = bytes > BC_CMAF_PRFT_BYTES ? bytes - BC_CMAF_PRFT_BYTES : UINT64_MAX;
    }
    // Up to where the next one begins, so that the times of all are exact.
    const struct mp4_reference *last = &h->references[first + n - 1];
    int64_t end_us = first + n < h->count ? last[1].start_us : last->end_us;
    int64_t duration = bc_cmaf_ticks(end_us, timescale)
        - bc_cmaf_ticks(h->references[first].start_us, timescale);
    if (h->references[first].start_us < 0 || bytes > SIDX_MAX_BYTES || duration < 0
        || duration > UINT32_MAX) {
        return false;
    }
    bc_write_u32(w, (uint32_t)bytes); // reference_type 0: media
    bc_write_u32(w, (uint32_t)duration);
    bc_write_u32(w,
        h->references[first].independent ? SIDX_STARTS_WITH_SAP | SIDX_SAP_TYPE_1 : 0);
    return true;
}

// ISO/IEC 14496-12 8.16.3. `behind` is how many bytes of other indexes follow. A reference is
// from a segment's first moof to the next one's, with that one's prft at its end: FFmpeg, and
// Chromium with it, takes a reference's first byte for that of a moof, and seeks to pictures
// that are no keyframes otherwise.
static bool
write_sidx(struct bc_writer *w, const struct head *h,
    const struct bc_cmaf_movie_track *track, size_t behind)
{
    size_t each = segments_each(h);
    size_t at = bc_full_box_begin(w, "sidx", 1, 0);
    bc_write_u32(w, track->track_id);
    bc_write_u32(w, track->timescale);
    bc_write_u64(w, 0); // earliest_presentation_time: behind the edit list, if any
    bc_write_u64(w, behind + BC_CMAF_PRFT_BYTES); // first_offset
    bc_write_u16(w, 0);
    bc_write_u16(w, (uint16_t)((h->count + each - 1) / each));
    bool fits = true;
    for (size_t i = 0; i < h->count && fits; i += each) {
        size_t n = h->count - i < each ? h->count - i : each;
        fits = write_reference(w, h, i, n, track->timescale);
    }
    bc_box_end(w, at);
    return fits;
}

// One for each track: a player that looks for sound finds it as quickly as the picture.
static bool
write_indexes(struct bc_writer *w, const struct head *h)
{
    size_t each = segments_each(h);
    size_t bytes =
        SIDX_HEAD_BYTES + SIDX_REFERENCE_BYTES * ((h->count + each - 1) / each);
    bool fits = true;
    for (size_t i = 0; i < h->movie.count && fits; i++) {
        size_t behind = (h->movie.count - 1 - i) * bytes;
        fits = write_sidx(w, h, &h->movie.tracks[i], behind);
    }
    return fits;
}

static int
write_head(struct bc_writer *w, const struct bc_buf *init, const struct head *h)
{
    struct bc_reader r = bc_reader_init(init->data, init->len);
    const uint8_t *box = r.p;
    uint32_t type;
    struct bc_reader body;
    while (bc_cmaf_box_next(&r, &type, &body)) {
        if (type == BC_FOURCC('m', 'o', 'o', 'v')) {
            write_moov(w, body, h);
        } else {
            bc_write_bytes(w, box, (size_t)(r.p - box));
        }
        box = r.p;
    }
    return write_indexes(w, h) ? 0 : -EINVAL;
}

int
mp4_head_make(const struct bc_buf *init, const struct mp4_reference *references,
    size_t count, struct bc_buf **out)
{
    struct head h = { .references = references, .count = count };
    int rc = bc_cmaf_movie_read(init->data, init->len, &h.movie);
    if (rc < 0) {
        return rc == -ENOMEM ? rc : -EINVAL;
    }
    struct bc_writer w = { 0 };
    rc = write_head(&w, init, &h);
    if (rc == 0) {
        *out = bc_buf_from_writer(&w);
        rc = *out ? 0 : -ENOMEM;
    }
    bc_writer_finish(&w);
    bc_cmaf_movie_finish(&h.movie);
    return rc;
}
