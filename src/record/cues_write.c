// SPDX-License-Identifier: Apache-2.0
// cues.jsonl: lines that are appended, and those of a clip.
#include "record/cues.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cues.h"
#include "layout.h"

static void
write_json(struct bc_writer *w, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text) {
        bc_write_str(w, text);
    } else {
        w->failed = true;
    }
    free(text);
    json_decref(line);
}

void
bc_recording_cue_write_begin(struct bc_writer *w, const struct bc_recording_cue *c)
{
    json_t *line = json_pack("{s:I, s:s, s:s, s:s, s:s, s:I}", "at_us",
        (json_int_t)c->from_us, "event", "begin", "id", c->id, "kind", c->kind, "channel",
        c->channel, "revision", (json_int_t)c->revision);
    if (line && c->repeat > 0) {
        json_object_set_new(line, "repeat", json_integer(c->repeat));
    }
    if (line && c->planned_us > 0) {
        json_object_set_new(line, "planned_us", json_integer(c->planned_us));
    }
    if (line) {
        json_object_set_new(line, "data", json_loadb(c->data, c->data_len, 0, NULL));
    }
    write_json(w, line);
}

void
bc_recording_cue_write_end(struct bc_writer *w, const struct bc_recording_cue *c)
{
    write_json(w,
        json_pack("{s:I, s:s, s:s, s:I}", "at_us", (json_int_t)c->until_us, "event", "end",
            "id", c->id, "revision", (json_int_t)c->revision));
}

void
bc_recording_cue_write_resume(struct bc_writer *w, int64_t at_us)
{
    write_json(w, json_pack("{s:I, s:s}", "at_us", (json_int_t)at_us, "event", "resume"));
}

static bool
is_torn(int fd, uint64_t size)
{
    char last = '\n';
    return size > 0 && record_read(fd, &last, 1, size - 1) == 0 && last != '\n';
}

int
bc_recording_cues_append(const char *folder, const void *line, size_t len)
{
    int dir = record_open_folder(folder);
    if (dir < 0) {
        return dir;
    }
    int fd = openat(dir, RECORD_CUES_NAME,
        O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    int e = fd < 0 ? -errno : 0;
    close(dir);
    struct stat st;
    if (!e && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        e = -EINVAL;
    }
    if (!e && (uint64_t)st.st_size + len + 2 > RECORD_CUES_BYTES_MAX) {
        e = -EFBIG;
    }
    if (!e) {
        static const char newline[] = "\n";
        struct iovec iov[3] = {
            { (void *)newline, is_torn(fd, (uint64_t)st.st_size) ? 1 : 0 },
            { (void *)line, len },
            { (void *)newline, 1 },
        };
        e = record_write(fd, iov, 3, (uint64_t)st.st_size);
        if (e && ftruncate(fd, st.st_size) != 0) {
            e = -errno; // the next line is put behind what is torn
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return e;
}

// In the clip's own time. False: nothing of it is in the clip.
static bool
move(const struct bc_recording_cue *c, int64_t from_us, int64_t to_us,
    struct bc_recording_cue *out)
{
    if (c->from_us >= to_us || c->until_us <= from_us) {
        return false;
    }
    *out = *c;
    out->from_us = c->from_us > from_us ? c->from_us - from_us : 0;
    out->until_us = c->until_us < to_us ? c->until_us - from_us : BC_RECORDING_CUE_OPEN;
    if (c->from_us < from_us && c->planned_us > 0) {
        int64_t gone_us = from_us - c->from_us;
        out->planned_us = c->planned_us > gone_us ? c->planned_us - gone_us : 0;
    }
    return true;
}

int
bc_recording_cues_cut(const struct bc_recording *from, int64_t from_us, int64_t to_us,
    const char *folder)
{
    struct bc_recording_cues cues;
    int e = bc_recording_cues_read(from, &cues);
    for (size_t i = 0; !e && i < cues.count; i++) {
        struct bc_recording_cue c;
        struct bc_writer w = { 0 };
        if (!move(&cues.items[i], from_us, to_us, &c)) {
            continue;
        }
        bc_recording_cue_write_begin(&w, &c);
        if (c.until_us != BC_RECORDING_CUE_OPEN) {
            bc_write_u8(&w, '\n');
            bc_recording_cue_write_end(&w, &c);
        }
        e = w.failed ? -ENOMEM : bc_recording_cues_append(folder, w.data, w.len);
        bc_writer_finish(&w);
    }
    bc_recording_cues_finish(&cues);
    return e;
}
