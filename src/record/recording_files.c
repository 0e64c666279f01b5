// SPDX-License-Identifier: Apache-2.0
#include "recording_impl.h"

#include <errno.h>
#include <stdio.h>
#include <limits.h>

#include "layout.h"

// Readers hold the recording const: locking it changes nothing that they see.
void
record_lock(const struct bc_recording *r)
{
    pthread_mutex_lock(&((struct bc_recording *)r)->lock);
}

void
record_unlock(const struct bc_recording *r)
{
    pthread_mutex_unlock(&((struct bc_recording *)r)->lock);
}

struct record_file *
record_find_file(const struct bc_recording *r, uint32_t number)
{
    size_t low = 0;
    size_t high = r->files.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct record_file *f = record_column_at(&r->files, middle);
        if (f->number == number) {
            return f;
        }
        if (f->number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

unsigned
record_files_read(const struct bc_recording *r)
{
    unsigned read = 0;
    record_lock(r);
    for (size_t i = 0; i < r->files.count; i++) {
        const struct record_file *f = record_column_at(&r->files, i);
        read += f->open && atomic_load(&f->open->refs) > 1 ? 1 : 0;
    }
    record_unlock(r);
    return read;
}

// The one that was asked for longest ago; who reads it has a reference of its own. The
// lock is held.
static void
close_oldest(struct bc_recording *r)
{
    struct record_file *oldest = NULL;
    for (size_t i = 0; i < r->files.count; i++) {
        struct record_file *f = record_column_at(&r->files, i);
        if (f->open && (!oldest || f->used < oldest->used)) {
            oldest = f;
        }
    }
    if (oldest) {
        bc_file_unref(&oldest->open);
        r->open_files--;
    }
}

// Keeps an open file for the next who asks, unless another thread was faster.
static void
keep_file(struct bc_recording *r, uint32_t number, struct bc_file *file)
{
    record_lock(r);
    struct record_file *f = record_find_file(r, number);
    if (f && !f->open) {
        if (r->open_files == RECORD_OPEN_FILES) {
            close_oldest(r);
        }
        f->open = bc_file_ref(file);
        f->used = ++r->uses;
        r->open_files++;
    }
    record_unlock(r);
}

struct bc_file *
bc_recording_file(const struct bc_recording *r, uint32_t file)
{
    struct bc_recording *shared =
        (struct bc_recording *)r; // for its cache, under its lock
    record_lock(r);
    struct record_file *f = record_find_file(r, file);
    struct bc_file *open = f && f->open ? bc_file_ref(f->open) : NULL;
    if (open) {
        f->used = ++shared->uses;
    }
    record_unlock(r);
    if (open || !f) {
        errno = open ? errno : ENOENT;
        return open;
    }
    char name[RECORD_FILE_NAME];
    char path[PATH_MAX];
    record_file_name(name, file);
    int len = snprintf(path, sizeof(path), "%s/%s", r->folder, name);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    open = bc_file_open(path);
    if (open) {
        keep_file(shared, file, open);
    }
    return open;
}

struct bc_buf *
bc_recording_read(const struct bc_recording *r, const struct bc_recording_part *part)
{
    if (part->bytes == 0 || part->bytes > RECORD_PART_MAX) {
        errno = EINVAL;
        return NULL;
    }
    struct bc_file *file = bc_recording_file(r, part->file);
    if (!file) {
        return NULL;
    }
    struct bc_buf *buf = bc_buf_create(part->bytes);
    int e = buf ? record_read(file->fd, buf->data, part->bytes, part->offset) : -ENOMEM;
    bc_file_unref(&file);
    if (e) {
        bc_buf_unref(&buf);
        errno = -e;
    }
    return buf;
}
