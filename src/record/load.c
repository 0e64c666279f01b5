// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "container/cmaf_read.h"
#include "index_cursor.h"
#include "info.h"
#include "layout.h"
#include "scan.h"

// Where a segment began is not in the media: without the index one begins at the first
// keyframe after this.
#define SCAN_SEGMENT_US 1000000
// Parts of one file overlap by no more than rounding and a sample.
#define SCAN_BACK_US 100000

// A folder on its way into a recording.
struct loading {
    struct bc_recording *r;
    int dir;
    struct record_cursor index;
    bool running; // it was not ended: what was written last may be torn
    bool hole; // something is missing before the next part
    bool has_last;
    struct bc_recording_part last;
    uint32_t last_format;
    int64_t segment_us; // where the last segment began
    bool has_movie; // `movie` is that of `movie_format`
    uint32_t movie_format;
    struct bc_cmaf_movie movie;
};

// The file that is being read.
struct media_file {
    int fd;
    uint32_t number;
    uint32_t format;
    uint64_t size;
    uint64_t end; // of what was taken
    bool is_last;
    bool torn_head;
};

static int
add(struct loading *x, const struct media_file *f, struct bc_recording_part *p)
{
    if (x->hole && x->has_last && !p->discontinuity) {
        p->discontinuity = true;
        x->index.fits = false;
    }
    if (!record_reserve_part(x->r)) {
        return -ENOMEM;
    }
    record_add_part(x->r, p);
    if (p->segment || p->discontinuity || !x->has_last || p->file != x->last.file) {
        x->segment_us = p->start_us;
    }
    x->hole = false;
    x->has_last = true;
    x->last = *p;
    x->last_format = f->format;
    return 0;
}

static bool
has_boxes(const struct media_file *f, const struct bc_recording_part *p)
{
    struct record_scan_part found;
    return record_scan_boxes(f->fd, f->size, p->offset, &found) == 0
        && found.bytes == p->bytes && found.head_bytes == p->head_bytes;
}

// Takes the parts that the index tells of, as far as they fit the file.
static int
take_indexed(struct loading *x, struct media_file *f)
{
    struct bc_recording_part p;
    record_cursor_seek(&x->index, f->number);
    while (record_cursor_peek(&x->index, &p) && p.file == f->number) {
        bool fits = p.offset == f->end && p.bytes <= f->size - f->end
            && (!x->has_last || p.start_us >= x->last.start_us);
        if (!fits || (x->running && f->is_last && !has_boxes(f, &p))) {
            break;
        }
        int e = add(x, f, &p);
        if (e) {
            return e;
        }
        f->end += p.bytes;
        x->index.place++;
    }
    record_cursor_seek(&x->index, f->number + 1);
    return 0;
}

static bool
load_movie(struct loading *x, uint32_t format)
{
    if (x->has_movie && x->movie_format == format) {
        return true;
    }
    if (x->has_movie) {
        bc_cmaf_movie_finish(&x->movie);
        x->has_movie = false;
    }
    struct bc_buf *init = bc_recording_init_section(x->r, format);
    if (init && bc_cmaf_movie_read(init->data, init->len, &x->movie) == 0) {
        x->has_movie = true;
        x->movie_format = format;
    }
    bc_buf_unref(&init);
    return x->has_movie;
}

// Makes a part of what was found; false when its times make no sense.
static bool
describe(const struct loading *x, const struct media_file *f,
    const struct record_scan_part *s, struct bc_recording_part *p)
{
    const struct bc_recording_part *last = x->has_last ? &x->last : NULL;
    int64_t duration_us = record_times_end_us(&s->times) - s->start_us;
    if (s->start_us < 0 || s->start_us > RECORD_TIME_MAX_US || duration_us > UINT32_MAX
        || (last && s->start_us < last->start_us - SCAN_BACK_US)) {
        return false;
    }
    *p = (struct bc_recording_part){
        .file = f->number,
        .offset = f->end,
        .bytes = (uint32_t)s->bytes,
        .head_bytes = s->head_bytes,
        .start_us = last && s->start_us < last->start_us ? last->start_us : s->start_us,
        .duration_us = duration_us > 0 ? (uint32_t)duration_us : 0,
        .independent = s->times.sync,
    };
    int64_t expected_us = last ? last->wall_us + (p->start_us - last->start_us)
                               : x->r->info.began_wall_us + p->start_us;
    bool has_wall = s->has_prft && s->wall_us >= 0 && s->wall_us <= RECORD_WALL_MAX_US;
    p->wall_us = has_wall ? s->wall_us : expected_us;
    bool new_file = !last || last->file != f->number;
    p->discontinuity = last && new_file
        && (f->format != x->last_format || p->wall_us - expected_us > RECORD_GAP_US);
    p->segment =
        new_file || (p->independent && p->start_us - x->segment_us >= SCAN_SEGMENT_US);
    p->msn = last ? last->msn + (p->segment ? 1 : 0) : 0;
    return p->wall_us >= 0;
}

// Finds further parts behind those that the index told of.
static int
take_scanned(struct loading *x, struct media_file *f)
{
    struct record_scan_part found;
    struct bc_recording_part p;
    while (f->end < f->size && load_movie(x, f->format)
        && record_scan_part(f->fd, f->size, f->end, &x->movie, &found) == 0
        && describe(x, f, &found, &p)) {
        int e = add(x, f, &p);
        if (e) {
            return e;
        }
        f->end += p.bytes;
        x->index.fits = false;
    }
    return 0;
}

static int
take_head(struct loading *x, struct media_file *f)
{
    struct bc_buf *init = NULL;
    int e = record_scan_head(f->fd, f->size, &init);
    if (e) {
        return e;
    }
    size_t len = init->len;
    int format = record_add_format(x->r, init);
    bc_buf_unref(&init);
    if (format < 0) {
        return format;
    }
    f->format = (uint32_t)format;
    f->end = len;
    return record_add_file(x->r, f->number, f->format, (uint32_t)len);
}

// A file that cannot be read is a hole; only a lack of memory ends the reading.
static int
load_file(struct loading *x, struct media_file *f)
{
    char name[RECORD_FILE_NAME];
    record_file_name(name, f->number);
    f->fd = record_open_file(x->dir, name, O_RDONLY, &f->size);
    int e = f->fd >= 0 ? take_head(x, f) : f->fd;
    if (e == -ENOMEM) {
        goto out;
    }
    if (e) {
        x->hole = true;
        f->torn_head = f->fd >= 0 && e == -ENOENT && f->size < RECORD_INIT_MAX;
        e = 0;
        goto out;
    }
    e = take_indexed(x, f);
    if (!e) {
        e = take_scanned(x, f);
    }
    x->hole = x->hole || f->end < f->size;
out:
    if (f->fd >= 0) {
        close(f->fd);
    }
    return e;
}

static int
load_files(struct loading *x, struct record_loaded *out)
{
    uint32_t *numbers = NULL;
    size_t count = 0;
    int e = record_list_files(x->dir, &numbers, &count);
    for (size_t i = 0; !e && i < count; i++) {
        x->hole = x->hole || numbers[i] != (i > 0 ? numbers[i - 1] + 1 : 1);
        struct media_file f = { .number = numbers[i], .is_last = i + 1 == count };
        e = load_file(x, &f);
        out->last_number = f.number;
        out->last_end = f.end;
        out->last_size = f.size;
        out->last_torn_head = f.torn_head;
    }
    free(numbers);
    return e;
}

int
record_load(const char *folder, struct record_loaded *out)
{
    *out = (struct record_loaded){ .dir = record_open_folder(folder) };
    if (out->dir < 0) {
        return out->dir;
    }
    struct loading x = { .dir = out->dir };
    struct bc_recording_info info;
    int e = record_info_load(out->dir, folder, &info);
    if (e) {
        goto close_dir;
    }
    x.running = info.ended_wall_us == 0;
    x.r = record_create(folder, &info);
    e = x.r ? record_cursor_open(&x.index, out->dir) : -ENOMEM;
    if (e) {
        goto unref;
    }
    e = load_files(&x, out);
    record_cursor_seek(&x.index, UINT32_MAX);
    out->index_fits = x.index.fits;
    record_cursor_close(&x.index);
    if (x.has_movie) {
        bc_cmaf_movie_finish(&x.movie);
    }
    if (!e) {
        out->recording = x.r;
        return 0;
    }
unref:
    bc_recording_unref(&x.r);
close_dir:
    close(out->dir);
    out->dir = -1;
    return e;
}

void
record_loaded_finish(struct record_loaded *l)
{
    bc_recording_unref(&l->recording);
    if (l->dir >= 0) {
        close(l->dir);
    }
    l->dir = -1;
}

struct bc_recording *
bc_recording_open(const char *folder)
{
    struct record_loaded l;
    int e = record_load(folder, &l);
    if (e) {
        errno = -e;
        return NULL;
    }
    struct bc_recording *r = bc_recording_ref(l.recording);
    record_loaded_finish(&l);
    return r;
}
