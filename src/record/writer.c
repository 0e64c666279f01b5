// SPDX-License-Identifier: Apache-2.0
#include "record/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "container/emsg.h"
#include "index.h"
#include "info.h"
#include "layout.h"
#include "writer_impl.h"

#define ID_TRIES 8
#define MOOF 0x6d6f6f66
#define MDAT 0x6d646174

static int
make_folder(const struct bc_recording_params *params, char id[BC_RECORDING_ID_MAX + 1],
    char path[PATH_MAX])
{
    int e = record_make_folders(params->root);
    for (int i = 0; !e && i < ID_TRIES; i++) {
        if (params->id) {
            snprintf(id, BC_RECORDING_ID_MAX + 1, "%s", params->id);
        } else {
            record_id_make(id, params->wall_us);
        }
        int len = snprintf(path, PATH_MAX, "%s/%s", params->root, id);
        if (len < 0 || len >= PATH_MAX) {
            return -ENAMETOOLONG;
        }
        if (mkdir(path, 0755) == 0) {
            return 0;
        }
        if (errno != EEXIST || params->id) {
            return -errno;
        }
    }
    return e ? e : -EEXIST;
}

static int
make_index(struct bc_recording_writer *w)
{
    uint8_t head[RECORD_INDEX_HEAD_BYTES];
    record_index_head_write(head);
    w->index = record_create_file(w->dir, RECORD_INDEX_NAME);
    if (w->index < 0) {
        return w->index;
    }
    struct iovec iov = { head, sizeof(head) };
    w->index_bytes = sizeof(head);
    return record_write(w->index, &iov, 1, 0);
}

static void
remove_folder(const char *path, int dir)
{
    unlinkat(dir, RECORD_INDEX_NAME, 0);
    unlinkat(dir, RECORD_JSON_NAME, 0);
    rmdir(path);
}

static struct bc_recording_writer *
open_new(const char *path, const struct bc_recording_info *info)
{
    int dir = record_open_folder(path);
    if (dir < 0) {
        errno = -dir;
        return NULL;
    }
    int e = record_info_save(dir, info);
    struct bc_recording *r = e ? NULL : record_create(path, info);
    if (!r) {
        remove_folder(path, dir);
        close(dir);
        errno = e ? -e : ENOMEM;
        return NULL;
    }
    struct bc_recording_writer *w = record_writer_create(r, dir);
    e = w ? make_index(w) : -ENOMEM;
    if (e) {
        if (w) {
            remove_folder(path, w->dir);
            record_writer_destroy(w);
        }
        errno = -e;
        return NULL;
    }
    w->dirty_dir = true;
    return w;
}

struct bc_recording_writer *
bc_recording_create(const struct bc_recording_params *params)
{
    struct bc_recording_info info = {
        .kind = params->kind,
        .source_from_us = params->source_from_us,
        .source_to_us = params->source_to_us,
        .frame_exact = params->frame_exact,
        .began_wall_us = params->wall_us,
    };
    if (params->id && !bc_recording_id_is_valid(params->id)) {
        errno = EINVAL;
        return NULL;
    }
    snprintf(info.channel, sizeof(info.channel), "%s", params->channel);
    snprintf(info.title, sizeof(info.title), "%s", params->title ? params->title : "");
    snprintf(
        info.source, sizeof(info.source), "%s", params->source ? params->source : "");
    char path[PATH_MAX];
    int e = make_folder(params, info.id, path);
    if (e) {
        errno = -e;
        return NULL;
    }
    return open_new(path, &info);
}

struct bc_recording *
bc_recording_of(struct bc_recording_writer *w)
{
    return w->r;
}

// Makes the part's format the current one. The old one goes when the new is understood.
static int
take_format(struct bc_recording_writer *w, struct bc_buf *init)
{
    struct bc_cmaf_movie movie;
    if (init->len == 0 || init->len > RECORD_INIT_MAX) {
        return -EINVAL;
    }
    int e = bc_cmaf_movie_read(init->data, init->len, &movie);
    if (e) {
        return e;
    }
    int format = record_add_format(w->r, init);
    if (format < 0) {
        bc_cmaf_movie_finish(&movie);
        return format;
    }
    if (w->init) {
        bc_cmaf_movie_finish(&w->movie);
    }
    bc_buf_unref(&w->init);
    w->init = bc_buf_ref(init);
    w->movie = movie;
    w->format = (uint32_t)format;
    w->fresh = true;
    return 0;
}

// A part's boxes: event messages if any, one moof, one mdat.
struct boxes {
    const uint8_t *emsg;
    size_t emsg_bytes;
    const uint8_t *moof;
    size_t moof_bytes;
    const uint8_t *mdat;
    size_t mdat_bytes;
};

static int
split(const struct bc_buf *data, struct boxes *out)
{
    struct bc_cmaf_box box;
    out->emsg = data->data;
    out->emsg_bytes = bc_emsg_run(data->data, data->len);
    out->moof = data->data + out->emsg_bytes;
    size_t rest = data->len - out->emsg_bytes;
    if (bc_cmaf_box_read(out->moof, rest, &box) != 0 || box.type != MOOF
        || box.size >= rest || box.size > RECORD_MOOF_MAX - BC_CMAF_PRFT_BYTES
        || data->len > RECORD_PART_MAX - BC_CMAF_PRFT_BYTES - BC_EMSG_MAX) {
        return -EINVAL;
    }
    out->moof_bytes = (size_t)box.size;
    out->mdat = out->moof + out->moof_bytes;
    out->mdat_bytes = rest - out->moof_bytes;
    return bc_cmaf_box_read(out->mdat, out->mdat_bytes, &box) == 0 && box.type == MDAT
            && box.size == out->mdat_bytes
        ? 0
        : -EINVAL;
}

// What becomes of the part's event messages: those of one that begins a segment come with the
// next part, so that a segment's moof is where indexes say it is. Their times are moved as the
// part's are. Not more than BC_EMSG_MAX; the rest is left out, as without memory: the list of
// cues has them too.
static int
take_messages(struct bc_recording_writer *w, const struct boxes *b, int64_t shift_us)
{
    size_t had = w->emsg.len;
    if (b->emsg_bytes > 0 && b->emsg_bytes <= BC_EMSG_MAX - had) {
        bc_write_bytes(&w->emsg, b->emsg, b->emsg_bytes);
        return w->emsg.failed
            ? -ENOMEM
            : bc_emsg_shift(w->emsg.data + had, b->emsg_bytes, shift_us);
    }
    return 0;
}

// Where a part after a break goes: behind all that there is, on each track of its own, so
// that decoding times never step back. Picture and sound are moved alike and stay in
// step.
static int64_t
shift_after_break(const struct bc_recording_writer *w,
    const struct bc_recording_append *part, const struct record_times *t)
{
    int64_t end_us = w->has_last ? w->last.start_us + w->last.duration_us : 0;
    int64_t shift_us = end_us - part->start_us;
    for (int kind = 0; kind < 2; kind++) {
        int64_t track_us = w->track_end_us[kind] - t->first_us[kind];
        if (t->has[kind] && track_us > shift_us) {
            shift_us = track_us;
        }
    }
    return shift_us;
}

// Whether the source's clock jumped although nobody said so: the host stalled in the
// middle of a group of pictures, which goes on with the next part. Its pictures still
// belong together, so that is a gap and no break.
static bool
has_jumped(const struct bc_recording_writer *w, int64_t start_us)
{
    int64_t end_us = w->last.start_us + w->last.duration_us;
    int64_t off_us = start_us + w->shift_us - end_us;
    return off_us > RECORD_GAP_US || off_us < -RECORD_GAP_US;
}

static bool
begins_file(const struct bc_recording_writer *w, const struct bc_recording_part *p)
{
    return w->file < 0 || p->discontinuity
        || (p->segment
            && (w->file_bytes > RECORD_FILE_BYTES
                || p->start_us - w->file_start_us > RECORD_FILE_US));
}

// prft, event messages, and the moof with its times moved; owned by the caller.
static uint8_t *
make_head(const struct bc_recording_writer *w, const struct boxes *b,
    const struct bc_recording_part *p, int64_t shift_us)
{
    uint8_t *head = malloc(p->head_bytes);
    size_t emsg_bytes = p->head_bytes - BC_CMAF_PRFT_BYTES - b->moof_bytes;
    if (!head) {
        return NULL;
    }
    struct bc_cmaf_prft prft = {
        .track_id = w->movie.tracks[0].track_id,
        .wall_us = p->wall_us,
        .media_time = (uint64_t)bc_cmaf_ticks(p->start_us, w->movie.tracks[0].timescale),
    };
    bc_cmaf_prft_write(head, &prft);
    uint8_t *moof = head + BC_CMAF_PRFT_BYTES + emsg_bytes;
    if (emsg_bytes > 0) {
        memcpy(head + BC_CMAF_PRFT_BYTES, w->emsg.data, emsg_bytes);
    }
    memcpy(moof, b->moof, b->moof_bytes);
    if (bc_cmaf_moof_shift(moof, b->moof_bytes, &w->movie, shift_us) != 0) {
        free(head);
        return NULL;
    }
    return head;
}

static bool
is_sane(const struct bc_recording_append *a)
{
    return a->init && a->data && a->start_us >= -RECORD_TIME_MAX_US * 20
        && a->start_us <= RECORD_TIME_MAX_US * 20 && a->duration_us >= 0
        && a->duration_us <= UINT32_MAX && a->wall_us >= 0
        && a->wall_us <= RECORD_WALL_MAX_US;
}

static void
took(struct bc_recording_writer *w, const struct bc_recording_part *p,
    const struct record_times *t, int64_t shift_us)
{
    w->shift_us = shift_us;
    w->fresh = false;
    w->has_last = true;
    w->last = *p;
    for (int kind = 0; kind < 2; kind++) {
        int64_t end_us = t->end_us[kind] + shift_us;
        if (t->has[kind] && end_us > w->track_end_us[kind]) {
            w->track_end_us[kind] = end_us;
        }
    }
    record_set_tail_open(w->r, true);
}

// The part with the messages that are due; those of this one, too, unless it begins a segment.
static int
put_part(struct bc_recording_writer *w, const struct boxes *b, struct bc_recording_part *p,
    int64_t shift_us)
{
    size_t had = w->emsg.len;
    int e = take_messages(w, b, shift_us);
    size_t emsg_bytes = p->segment ? 0 : w->emsg.len;
    p->head_bytes = (uint32_t)(BC_CMAF_PRFT_BYTES + emsg_bytes + b->moof_bytes);
    p->bytes = (uint32_t)(p->head_bytes + b->mdat_bytes);
    uint8_t *head = e ? NULL : make_head(w, b, p, shift_us);
    if (head) {
        struct record_bytes bytes = {
            .init = begins_file(w, p) ? w->init : NULL,
            .head = head,
            .head_bytes = p->head_bytes,
            .rest = b->mdat,
            .rest_bytes = b->mdat_bytes,
        };
        e = record_writer_put(w, &bytes, p);
        free(head);
    } else {
        e = e ? e : -ENOMEM;
    }
    if (e) {
        w->emsg.len = had; // it may come again
        w->emsg.failed = false;
    } else if (emsg_bytes > 0) {
        bc_writer_reset(&w->emsg);
    }
    return e;
}

int
bc_recording_append(struct bc_recording_writer *w, const struct bc_recording_append *a)
{
    struct boxes boxes;
    struct record_times times;
    int e = is_sane(a) ? split(a->data, &boxes) : -EINVAL;
    if (!e
        && (!w->init || w->init->len != a->init->len
            || (w->init != a->init
                && memcmp(w->init->data, a->init->data, a->init->len) != 0))) {
        e = take_format(w, a->init);
    }
    if (!e) {
        e = record_times_read(boxes.moof, boxes.moof_bytes, &w->movie, &times);
    }
    if (e) {
        return e;
    }
    bool breaks = w->fresh || a->discontinuity;
    int64_t shift_us = breaks || has_jumped(w, a->start_us)
        ? shift_after_break(w, a, &times)
        : w->shift_us;
    int64_t start_us = a->start_us + shift_us;
    bool segment = a->segment || breaks;
    struct bc_recording_part p = {
        .start_us =
            w->has_last && start_us < w->last.start_us ? w->last.start_us : start_us,
        .wall_us = a->wall_us,
        .duration_us = (uint32_t)a->duration_us,
        .independent = a->independent,
        .segment = segment,
        .discontinuity = breaks && w->has_last,
        .msn = a->msn,
    };
    if (p.start_us < 0 || p.start_us > RECORD_TIME_MAX_US) {
        return -ERANGE;
    }
    e = put_part(w, &boxes, &p, shift_us);
    if (!e) {
        took(w, &p, &times, shift_us);
    }
    return e;
}

int
bc_recording_finish(struct bc_recording_writer **holder, bool ended, int64_t wall_us)
{
    struct bc_recording_writer *w = *holder;
    *holder = NULL;
    int e = bc_recording_sync(w);
    if (!e && fdatasync(w->index) != 0) {
        e = -errno;
    }
    if (ended) {
        struct bc_recording_info info;
        record_set_ended(w->r, wall_us > 0 ? wall_us : bc_clock_wall_us());
        bc_recording_info(w->r, &info);
        int e2 = record_info_save(w->dir, &info);
        e = e ? e : e2;
    }
    record_set_tail_open(w->r, false);
    record_writer_destroy(w);
    return e;
}
