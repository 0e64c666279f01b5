// SPDX-License-Identifier: Apache-2.0
#include "writer_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "index.h"
#include "layout.h"

struct bc_recording_writer *
record_writer_create(struct bc_recording *r, int dir)
{
    struct bc_recording_writer *w = calloc(1, sizeof(*w));
    if (!w) {
        bc_recording_unref(&r);
        close(dir);
        return NULL;
    }
    w->r = r;
    w->dir = dir;
    w->index = -1;
    w->file = -1;
    w->fresh = true;
    return w;
}

void
record_writer_destroy(struct bc_recording_writer *w)
{
    if (w->file >= 0) {
        close(w->file);
    }
    if (w->index >= 0) {
        close(w->index);
    }
    close(w->dir);
    if (w->init) {
        bc_cmaf_movie_finish(&w->movie);
    }
    bc_buf_unref(&w->init);
    bc_writer_finish(&w->emsg);
    bc_recording_unref(&w->r);
    free(w);
}

static int
cut(int fd, uint64_t bytes)
{
    int e;
    do {
        e = ftruncate(fd, (off_t)bytes) == 0 ? 0 : -errno;
    } while (e == -EINTR);
    return e;
}

// Takes back what a failed append left. What cannot be taken back now is before the next.
static int
restore(struct bc_recording_writer *w)
{
    int e = w->file >= 0 ? cut(w->file, w->file_bytes) : 0;
    int e2 = cut(w->index, w->index_bytes);
    w->torn = e || e2;
    return e ? e : e2;
}

// Media that is not on the disk when its file is closed would be in no later sync.
static void
close_file(struct bc_recording_writer *w)
{
    if (w->file >= 0) {
        if (fdatasync(w->file) != 0) {
            w->sync_error = -errno;
        }
        close(w->file);
        w->file = -1;
    }
}

static int
write_part(int fd, uint64_t offset, const struct record_bytes *b)
{
    struct iovec iov[3];
    int n = 0;
    if (b->init) {
        iov[n++] = (struct iovec){ b->init->data, b->init->len };
    }
    iov[n++] = (struct iovec){ (void *)b->head, b->head_bytes };
    iov[n++] = (struct iovec){ (void *)b->rest, b->rest_bytes };
    return record_write(fd, iov, n, offset);
}

// Brings the waiting records to the index. 0 or negative errno; then they wait on.
static int
flush_index(struct bc_recording_writer *w)
{
    if (w->pending_count == 0) {
        return 0;
    }
    size_t bytes = w->pending_count * RECORD_INDEX_BYTES;
    struct iovec iov = { w->pending, bytes };
    int e = record_write(w->index, &iov, 1, w->index_bytes);
    if (!e) {
        w->index_bytes += bytes;
        w->pending_count = 0;
    }
    return e;
}

static int
note_part(struct bc_recording_writer *w, const struct bc_recording_part *part)
{
    uint64_t written = (w->index_bytes - RECORD_INDEX_HEAD_BYTES) / RECORD_INDEX_BYTES;
    record_index_write(w->pending + w->pending_count * RECORD_INDEX_BYTES, part,
        written + w->pending_count);
    w->pending_count++;
    bool due = part->segment || w->pending_count == RECORD_INDEX_PENDING;
    int e = due ? flush_index(w) : 0;
    w->pending_count -= e != 0; // the part is taken back
    return e;
}

// The first part of a new file, with the init section before it in the same write.
static int
put_first(struct bc_recording_writer *w, const struct record_bytes *b,
    struct bc_recording_part *part)
{
    char name[RECORD_FILE_NAME];
    uint32_t number = w->number + 1;
    uint32_t init_bytes = (uint32_t)b->init->len;
    record_file_name(name, number);
    int fd = record_create_file(w->dir, name);
    if (fd < 0) {
        w->number += fd == -EEXIST; // not ours; the next try takes the next number
        return fd;
    }
    part->file = number;
    part->offset = init_bytes;
    int e = write_part(fd, 0, b);
    if (!e) {
        e = record_add_file(w->r, number, w->format, init_bytes);
    }
    if (!e) {
        e = note_part(w, part);
        if (e) {
            record_drop_file(w->r);
        }
    }
    if (e) {
        close(fd);
        if (unlinkat(w->dir, name, 0) != 0) {
            w->number = number; // the name is taken, by nothing that counts
        }
        restore(w);
        return e;
    }
    close_file(w);
    w->file = fd;
    w->number = number;
    w->file_bytes = init_bytes;
    w->file_start_us = part->start_us;
    w->dirty_dir = true;
    return 0;
}

static int
put_next(struct bc_recording_writer *w, const struct record_bytes *b,
    struct bc_recording_part *part)
{
    part->file = w->number;
    part->offset = w->file_bytes;
    int e = write_part(w->file, w->file_bytes, b);
    if (!e) {
        e = note_part(w, part);
    }
    if (e) {
        restore(w);
    }
    return e;
}

int
record_writer_put(struct bc_recording_writer *w, const struct record_bytes *bytes,
    struct bc_recording_part *part)
{
    int e = w->torn ? restore(w) : 0;
    if (!e && !record_reserve_part(w->r)) {
        e = -ENOMEM;
    }
    if (!e) {
        e = bytes->init ? put_first(w, bytes, part) : put_next(w, bytes, part);
    }
    if (e) {
        return e;
    }
    w->file_bytes += part->bytes;
    record_add_part(w->r, part);
    return 0;
}

int
bc_recording_sync(struct bc_recording_writer *w)
{
    int e = w->torn ? restore(w) : 0;
    e = w->sync_error ? w->sync_error : e;
    w->sync_error = 0;
    // The index need not be on the disk yet: a power cut may cost it, not the media.
    int flushed = flush_index(w);
    e = e ? e : flushed;
    if (w->file >= 0 && fdatasync(w->file) != 0 && !e) {
        e = -errno;
    }
    if (w->dirty_dir) {
        if (fsync(w->dir) != 0 && !e) {
            e = -errno;
        }
        w->dirty_dir = e != 0;
    }
    return e;
}
