// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BOX_MOOF 0x6d6f6f66
#define SCAN_PARTS 256
#define HEAD_BYTES_MAX (4 << 20)

int
clip_reader_init(struct clip_reader *r, const struct bc_recording *recording)
{
    *r = (struct clip_reader){ .recording = recording };
    r->formats = calloc(CLIP_FORMATS_MAX, sizeof(r->formats[0]));
    return r->formats ? 0 : -ENOMEM;
}

void
clip_reader_finish(struct clip_reader *r)
{
    for (size_t i = 0; r->formats && i < CLIP_FORMATS_MAX; i++) {
        if (r->formats[i].loaded) {
            bc_cmaf_movie_finish(&r->formats[i].movie);
        }
    }
    free(r->formats);
    r->formats = NULL;
}

const struct clip_format *
clip_reader_format(struct clip_reader *r, uint32_t format)
{
    if (format >= CLIP_FORMATS_MAX) {
        return NULL;
    }
    struct clip_format *f = &r->formats[format];
    if (f->loaded) {
        return f;
    }
    struct bc_buf *init = bc_recording_init_section(r->recording, format);
    f->loaded = init && bc_cmaf_movie_read(init->data, init->len, &f->movie) == 0;
    bc_buf_unref(&init);
    if (!f->loaded) {
        return NULL;
    }
    for (size_t i = 0; i < f->movie.count; i++) {
        if (f->movie.tracks[i].track->kind == BC_KIND_VIDEO) {
            f->ruling = i;
        }
    }
    return f;
}

int64_t
clip_sample_us(const struct clip_sample *s, uint32_t timescale)
{
    return bc_cmaf_us(s->dts + s->cts, timescale);
}

// --- one part's boxes ---

// Where samples go while a moof is read.
struct reading {
    struct clip_part *part;
    size_t moof; // its place in the part's bytes
    bool peek;   // only what stands before the media is there
    int err;
};

static int
push(struct clip_samples *to, const struct clip_sample *s)
{
    if (to->count == CLIP_PART_SAMPLES_MAX) {
        return -EINVAL;
    }
    if (to->count == to->cap) {
        size_t cap = to->cap > 0 ? to->cap * 2 : 32;
        struct clip_sample *list = realloc(to->list, cap * sizeof(list[0]));
        if (!list) {
            return -ENOMEM;
        }
        to->list = list;
        to->cap = cap;
    }
    to->list[to->count++] = *s;
    return 0;
}

static bool
take_sample(void *user, const struct bc_cmaf_read_sample *s)
{
    struct reading *in = user;
    const struct bc_buf *bytes = in->part->bytes;
    size_t left = in->part->place.bytes - in->moof;
    if (s->offset > left || s->len > left - s->offset || s->dts > INT64_MAX / 4) {
        in->err = -EINVAL;
        return false;
    }
    struct clip_sample sample = {
        .dts = (int64_t)s->dts,
        .duration = s->duration,
        .cts = s->cts,
        .sync = s->sync,
        .len = s->len,
        .data = in->peek ? NULL : bytes->data + in->moof + s->offset,
    };
    in->err = push(&in->part->tracks[s->track], &sample);
    return in->err == 0;
}

// The moof, behind whatever stands before it.
static int
find_moof(const struct bc_buf *bytes, size_t *at, size_t *len)
{
    struct bc_cmaf_box box = { 0 };
    *at = 0;
    for (;;) {
        if (bc_cmaf_box_read(bytes->data + *at, bytes->len - *at, &box) != 0
            || box.size > bytes->len - *at) {
            return -EINVAL;
        }
        *len = (size_t)box.size;
        if (box.type == BOX_MOOF) {
            return 0;
        }
        *at += *len;
    }
}

// What stands before the media of a part.
static struct bc_buf *
read_head(struct clip_reader *r, const struct bc_recording_part *place)
{
    struct bc_file *file = bc_recording_file(r->recording, place->file);
    struct bc_buf *buf = file && place->head_bytes <= HEAD_BYTES_MAX
        ? bc_buf_create(place->head_bytes) : NULL;
    if (buf
        && pread(file->fd, buf->data, buf->len, (off_t)place->offset)
            != (ssize_t)buf->len) {
        bc_buf_unref(&buf);
    }
    bc_file_unref(&file);
    return buf;
}

// The samples with the times that the file has.
static int
load_raw(struct clip_reader *r, size_t index, bool peek, struct clip_part *out)
{
    *out = (struct clip_part){ .index = index };
    uint32_t head_bytes = 0;
    if (bc_recording_parts(r->recording, index, &out->place, 1) != 1) {
        return -ENOENT;
    }
    if (!bc_recording_file_head(
            r->recording, out->place.file, &out->format, &head_bytes)) {
        return -EINVAL;
    }
    const struct clip_format *format = clip_reader_format(r, out->format);
    if (!format) {
        return -EINVAL;
    }
    out->bytes = peek ? read_head(r, &out->place)
                      : bc_recording_read(r->recording, &out->place);
    if (!out->bytes) {
        return -EIO;
    }
    size_t len = 0;
    struct reading in = { .part = out, .peek = peek };
    int err = find_moof(out->bytes, &in.moof, &len);
    if (err == 0) {
        err = bc_cmaf_moof_read(
            out->bytes->data + in.moof, len, &format->movie, take_sample, &in);
    }
    err = err != 0 ? err : in.err;
    if (err != 0) {
        clip_part_finish(out);
    }
    return err;
}

void
clip_part_finish(struct clip_part *part)
{
    for (size_t i = 0; i < BC_CMAF_MAX_TRACKS; i++) {
        free(part->tracks[i].list);
        part->tracks[i] = (struct clip_samples){ 0 };
    }
    bc_buf_unref(&part->bytes);
}

// --- stretches ---

static bool
begins_stretch(struct clip_reader *r, const struct bc_recording_part *before,
    const struct bc_recording_part *part)
{
    uint32_t formats[2] = { 0, 0 };
    uint32_t bytes = 0;
    if (part->discontinuity) {
        return true;
    }
    if (part->file == before->file) {
        return false;
    }
    return !bc_recording_file_head(r->recording, before->file, &formats[0], &bytes)
        || !bc_recording_file_head(r->recording, part->file, &formats[1], &bytes)
        || formats[0] != formats[1];
}

static size_t
stretch_first(struct clip_reader *r, size_t index)
{
    struct bc_recording_part parts[SCAN_PARTS];
    size_t at = index;
    while (at > 0) {
        size_t from = at >= SCAN_PARTS - 1 ? at - (SCAN_PARTS - 1) : 0;
        size_t n = bc_recording_parts(r->recording, from, parts, at - from + 1);
        for (size_t i = n; i > 1; i--) {
            if (begins_stretch(r, &parts[i - 2], &parts[i - 1])) {
                return from + i - 1;
            }
        }
        at = from;
    }
    return 0;
}

bool
clip_stretch_bounds(struct clip_reader *r, size_t index, size_t *first, size_t *end)
{
    struct bc_recording_part parts[SCAN_PARTS];
    size_t n = bc_recording_parts(r->recording, index, parts, SCAN_PARTS);
    if (n == 0) {
        return false;
    }
    *first = stretch_first(r, index);
    *end = index;
    while (n > 1) {
        for (size_t i = 1; i < n; i++) {
            if (begins_stretch(r, &parts[i - 1], &parts[i])) {
                *end += i;
                return true;
            }
        }
        *end += n - 1;
        n = bc_recording_parts(r->recording, *end, parts, SCAN_PARTS);
    }
    *end += 1;
    return true;
}

// One shift for the whole stretch, so that the samples of its parts follow each other
// without a tick between them.
static int64_t
measure_shift(struct clip_reader *r, size_t first)
{
    struct clip_part part;
    if (load_raw(r, first, true, &part) != 0) {
        return 0;
    }
    const struct clip_format *format = clip_reader_format(r, part.format);
    const struct clip_samples *ruling = &part.tracks[format->ruling];
    uint32_t timescale = format->movie.tracks[format->ruling].timescale;
    int64_t shift = ruling->count == 0
        ? 0 : part.place.start_us - bc_cmaf_us(ruling->list[0].dts, timescale);
    clip_part_finish(&part);
    return shift;
}

// Whether the part directly behind what is known of a stretch goes on with it.
static bool
goes_on(struct clip_reader *r, const struct clip_stretch *s, size_t index)
{
    struct bc_recording_part parts[2];
    return index == s->last + 1
        && bc_recording_parts(r->recording, s->last, parts, 2) == 2
        && !begins_stretch(r, &parts[0], &parts[1]);
}

static const struct clip_stretch *
find_stretch(struct clip_reader *r, size_t index)
{
    size_t kept = r->stretch_count < CLIP_STRETCHES_KEPT
        ? r->stretch_count : CLIP_STRETCHES_KEPT;
    for (size_t i = 0; i < kept; i++) {
        struct clip_stretch *s = &r->stretches[i];
        if (goes_on(r, s, index)) {
            s->last = index;
        }
        if (index >= s->first && index <= s->last) {
            return s;
        }
    }
    size_t first = stretch_first(r, index);
    struct clip_stretch *s = &r->stretches[r->stretch_count++ % CLIP_STRETCHES_KEPT];
    *s = (struct clip_stretch){
        .first = first, .last = index, .shift_us = measure_shift(r, first)
    };
    return s;
}

static int
load(struct clip_reader *r, size_t index, bool peek, struct clip_part *out)
{
    int err = load_raw(r, index, peek, out);
    if (err != 0) {
        return err;
    }
    const struct clip_stretch *stretch = find_stretch(r, index);
    const struct clip_format *format = clip_reader_format(r, out->format);
    out->stretch = stretch->first;
    for (size_t t = 0; t < format->movie.count; t++) {
        int64_t shift =
            bc_cmaf_ticks(stretch->shift_us, format->movie.tracks[t].timescale);
        for (size_t i = 0; i < out->tracks[t].count; i++) {
            out->tracks[t].list[i].dts += shift;
        }
    }
    return 0;
}

int
clip_part_load(struct clip_reader *r, size_t index, struct clip_part *out)
{
    return load(r, index, false, out);
}

int
clip_part_peek(struct clip_reader *r, size_t index, struct clip_part *out)
{
    return load(r, index, true, out);
}
