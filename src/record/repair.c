// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "record/writer.h"

#include "base/log.h"
#include "index.h"
#include "info.h"
#include "layout.h"
#include "load.h"
#include "writer_impl.h"

// What a crash leaves is at the end of the last file: half a part, or a file that has not
// even its head. What is more than that was not left by a crash, and is not cut off but
// left as it is, as are other files.
static int
cut_tail(const struct record_loaded *l)
{
    char name[RECORD_FILE_NAME];
    record_file_name(name, l->last_number);
    if (l->last_torn_head) {
        return unlinkat(l->dir, name, 0) == 0 ? 0 : -errno;
    }
    if (l->last_end == 0 || l->last_end == l->last_size
        || l->last_size - l->last_end > RECORD_PART_MAX) {
        return 0;
    }
    uint64_t size;
    int fd = record_open_file(l->dir, name, O_RDWR, &size);
    if (fd < 0) {
        return fd;
    }
    int e = ftruncate(fd, (off_t)l->last_end) == 0 && fdatasync(fd) == 0 ? 0 : -errno;
    close(fd);
    return e;
}

// Writes the index from what the recording has in memory.
static int
write_index(const struct record_loaded *l)
{
    struct bc_recording_info info;
    bc_recording_info(l->recording, &info);
    size_t len = RECORD_INDEX_HEAD_BYTES + info.parts * RECORD_INDEX_BYTES;
    uint8_t *text = malloc(len);
    if (!text) {
        return -ENOMEM;
    }
    record_index_head_write(text);
    for (size_t i = 0; i < info.parts; i++) {
        struct bc_recording_part p;
        bc_recording_parts(l->recording, i, &p, 1);
        record_index_write(
            text + RECORD_INDEX_HEAD_BYTES + i * RECORD_INDEX_BYTES, &p, i);
    }
    int e = record_replace_file(l->dir, RECORD_INDEX_NAME, text, len);
    free(text);
    return e;
}

static int
mend(const struct record_loaded *l, bool always)
{
    if (l->last_end != l->last_size || !l->index_fits) {
        bc_warn(NULL, "recording %s: repaired, %llu bytes cut off, index %s",
            bc_recording_folder(l->recording),
            (unsigned long long)(l->last_size - l->last_end),
            l->index_fits ? "whole" : "made anew");
    }
    int e = cut_tail(l);
    return e || (l->index_fits && !always) ? e : write_index(l);
}

int
bc_recording_repair(const char *folder, bool end)
{
    struct record_loaded l;
    int e = record_load(folder, &l);
    if (e) {
        return e;
    }
    e = mend(&l, true);
    struct bc_recording_info info;
    bc_recording_info(l.recording, &info);
    struct bc_recording_part last;
    if (end && info.ended_wall_us == 0) {
        info.ended_wall_us = record_last_part(l.recording, &last)
            ? last.wall_us + last.duration_us
            : info.began_wall_us + 1;
    }
    if (!e) {
        e = record_info_save(l.dir, &info);
    }
    record_loaded_finish(&l);
    return e;
}

// Where picture and sound end in the last part, so that the next one comes behind both.
static void
take_ends(struct bc_recording_writer *w)
{
    struct bc_cmaf_movie movie;
    uint32_t format = 0;
    uint32_t head_bytes;
    int64_t end_us = w->last.start_us + w->last.duration_us;
    w->track_end_us[0] = w->track_end_us[1] = end_us;
    bc_recording_file_head(w->r, w->last.file, &format, &head_bytes);
    struct bc_buf *init = bc_recording_init_section(w->r, format);
    struct bc_file *file = bc_recording_file(w->r, w->last.file);
    if (init && file && bc_cmaf_movie_read(init->data, init->len, &movie) == 0) {
        struct record_scan_part found;
        if (record_scan_part(
                file->fd, w->last.offset + w->last.bytes, w->last.offset, &movie, &found)
            == 0) {
            for (int kind = 0; kind < 2; kind++) {
                w->track_end_us[kind] =
                    found.times.has[kind] ? found.times.end_us[kind] : end_us;
            }
        }
        bc_cmaf_movie_finish(&movie);
    }
    bc_buf_unref(&init);
    bc_file_unref(&file);
}

static int
go_on(struct bc_recording_writer *w, uint32_t last_number)
{
    struct bc_recording_info info;
    uint64_t size;
    w->index = record_open_file(w->dir, RECORD_INDEX_NAME, O_RDWR, &size);
    if (w->index < 0) {
        return w->index;
    }
    w->index_bytes = size;
    w->number = last_number;
    w->has_last = record_last_part(w->r, &w->last);
    if (w->has_last) {
        take_ends(w);
    }
    bc_recording_info(w->r, &info);
    return record_info_save(w->dir, &info);
}

struct bc_recording_writer *
bc_recording_resume(const char *folder)
{
    struct record_loaded l;
    int e = record_load(folder, &l);
    if (e) {
        errno = -e;
        return NULL;
    }
    struct bc_recording_info info;
    bc_recording_info(l.recording, &info);
    e = info.ended_wall_us > 0 ? -EALREADY : mend(&l, false);
    struct bc_recording_writer *w = NULL;
    if (!e) {
        w = record_writer_create(bc_recording_ref(l.recording), l.dir);
        l.dir = -1; // the writer's now
        e = w ? go_on(w, l.last_number) : -ENOMEM;
    }
    record_loaded_finish(&l);
    if (e && w) {
        record_writer_destroy(w);
        w = NULL;
    }
    if (e) {
        errno = -e;
    }
    return w;
}
