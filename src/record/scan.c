// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "container/emsg.h"
#include "layout.h"
#include "bounds.h"

#define BOX_HEAD_MAX 16
#define FTYP_MAX 4096

static uint32_t
box_type(const char name[4])
{
    const uint8_t *p = (const uint8_t *)name;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Far above any clock's value, and low enough to be counted in microseconds.
#define CLOCK_MAX_S (RECORD_TIME_MAX_US / 1000000 * 20)

static bool
to_us(uint64_t ticks, uint32_t timescale, int64_t *us)
{
    if (timescale == 0 || ticks / timescale > (uint64_t)CLOCK_MAX_S) {
        return false;
    }
    *us = bc_cmaf_us((int64_t)ticks, timescale);
    return true;
}

// A moof on its way into times.
struct reading {
    const struct bc_cmaf_movie *movie;
    struct record_times *times;
    bool failed;
};

static bool
on_sample(void *user, const struct bc_cmaf_read_sample *s)
{
    struct reading *x = user;
    const struct bc_cmaf_movie_track *track = &x->movie->tracks[s->track];
    int kind = track->track->kind == BC_KIND_VIDEO ? 0 : 1;
    struct record_times *t = x->times;
    int64_t from_us;
    int64_t end_us;
    uint64_t end = s->offset + s->len;
    if (s->dts > UINT64_MAX - s->duration || end < s->offset
        || !to_us(s->dts, track->timescale, &from_us)
        || !to_us(s->dts + s->duration, track->timescale, &end_us)) {
        x->failed = true;
        return false;
    }
    if (!t->has[kind]) {
        t->has[kind] = true;
        t->first_us[kind] = t->end_us[kind] = from_us;
        if (kind == 0 || !t->has[0]) {
            t->sync = s->sync;
        }
    }
    t->first_us[kind] = from_us < t->first_us[kind] ? from_us : t->first_us[kind];
    t->end_us[kind] = end_us > t->end_us[kind] ? end_us : t->end_us[kind];
    t->bytes = end > t->bytes ? end : t->bytes;
    return true;
}

int
record_times_read(const uint8_t *moof, size_t len, const struct bc_cmaf_movie *movie,
    struct record_times *out)
{
    *out = (struct record_times){ 0 };
    struct reading x = { movie, out, false };
    int e = bc_cmaf_moof_read(moof, len, movie, on_sample, &x);
    return e ? e : x.failed || (!out->has[0] && !out->has[1]) ? -EINVAL : 0;
}

int64_t
record_times_first_us(const struct record_times *t)
{
    return t->first_us[t->has[0] ? 0 : 1];
}

int64_t
record_times_end_us(const struct record_times *t)
{
    return t->end_us[t->has[0] ? 0 : 1];
}

// The head of the box at `offset`; it lies whole in the file. -ENOENT: it does not.
static int
read_box(int fd, uint64_t size, uint64_t offset, struct bc_cmaf_box *out)
{
    if (offset >= size) {
        return -ENOENT;
    }
    uint8_t head[BOX_HEAD_MAX];
    size_t n = size - offset < sizeof(head) ? (size_t)(size - offset) : sizeof(head);
    int e = record_read(fd, head, n, offset);
    if (e) {
        return e;
    }
    e = bc_cmaf_box_read(head, n, out);
    if (e) {
        return e == -EAGAIN ? -ENOENT : e;
    }
    return out->size > size - offset ? -ENOENT : 0;
}

int
record_scan_head(int fd, uint64_t size, struct bc_buf **out)
{
    struct bc_cmaf_box ftyp;
    struct bc_cmaf_box moov;
    int e = read_box(fd, size, 0, &ftyp);
    if (e) {
        return e;
    }
    if (ftyp.type != box_type("ftyp") || ftyp.size > FTYP_MAX) {
        return -EINVAL;
    }
    e = read_box(fd, size, ftyp.size, &moov);
    if (e) {
        return e;
    }
    if (moov.type != box_type("moov") || moov.size > RECORD_INIT_MAX - FTYP_MAX) {
        return -EINVAL;
    }
    struct bc_buf *buf = bc_buf_create((size_t)(ftyp.size + moov.size));
    if (!buf) {
        return -ENOMEM;
    }
    e = record_read(fd, buf->data, buf->len, 0);
    if (e) {
        bc_buf_unref(&buf);
        return e;
    }
    *out = buf;
    return 0;
}

int
record_scan_boxes(int fd, uint64_t size, uint64_t offset, struct record_scan_part *out)
{
    *out = (struct record_scan_part){ 0 };
    struct bc_cmaf_box box;
    int e = read_box(fd, size, offset, &box);
    uint64_t at = offset;
    if (!e && box.type == box_type("prft")) {
        if (box.size != BC_CMAF_PRFT_BYTES) {
            return -EINVAL;
        }
        out->has_prft = true;
        at += box.size;
        e = read_box(fd, size, at, &box);
    }
    if (e) {
        return e;
    }
    for (uint64_t bytes = 0; box.type == box_type("emsg");) {
        bytes += box.size;
        at += box.size;
        e = bytes > BC_EMSG_MAX ? -EINVAL : read_box(fd, size, at, &box);
        if (e) {
            return e;
        }
    }
    if (box.type != box_type("moof") || box.size > RECORD_MOOF_MAX - BC_CMAF_PRFT_BYTES) {
        return -EINVAL;
    }
    out->moof_at = (uint32_t)(at - offset);
    at += box.size;
    out->head_bytes = (uint32_t)(at - offset);
    e = read_box(fd, size, at, &box);
    if (e) {
        return e;
    }
    if (box.type != box_type("mdat") || box.size > RECORD_PART_MAX - out->head_bytes) {
        return -EINVAL;
    }
    out->bytes = at + box.size - offset;
    return 0;
}

static int
read_prft(
    const uint8_t *data, const struct bc_cmaf_movie *movie, struct record_scan_part *out)
{
    struct bc_cmaf_prft prft;
    int e = bc_cmaf_prft_read(data, BC_CMAF_PRFT_BYTES, &prft);
    for (size_t i = 0; !e && i < movie->count; i++) {
        if (movie->tracks[i].track_id == prft.track_id
            && to_us(prft.media_time, movie->tracks[i].timescale, &out->start_us)) {
            out->wall_us = prft.wall_us;
            return 0;
        }
    }
    return -EINVAL;
}

int
record_scan_part(int fd, uint64_t size, uint64_t offset,
    const struct bc_cmaf_movie *movie, struct record_scan_part *out)
{
    int e = record_scan_boxes(fd, size, offset, out);
    if (e) {
        return e;
    }
    uint8_t *head = malloc(out->head_bytes);
    if (!head) {
        return -ENOMEM;
    }
    size_t moof = out->head_bytes - out->moof_at;
    e = record_read(fd, head, out->head_bytes, offset);
    if (!e) {
        e = record_times_read(head + out->moof_at, moof, movie, &out->times);
    }
    // Samples beyond the mdat: the boxes do not belong together.
    if (!e && out->times.bytes > out->bytes - out->moof_at) {
        e = -EINVAL;
    }
    if (!e) {
        out->start_us = record_times_first_us(&out->times);
        e = out->has_prft ? read_prft(head, movie, out) : 0;
    }
    free(head);
    return e;
}
