// SPDX-License-Identifier: Apache-2.0
// The fragmented form: what stands in the files, behind a head that tells players the
// duration and where each segment is.
#include "replay/mp4.h"

#include <errno.h>
#include <stdlib.h>

#include "base/writer.h"
#include "mp4_head.h"

#define PAGE 64

// The closed segments of one format, gathered; on the stack of bc_replay_mp4_make(). The
// writers hold arrays.
struct gathered {
    struct bc_writer references; // struct mp4_reference
    struct bc_writer stretches;  // struct bc_replay_stretch
    uint64_t bytes;
};

static void
add_stretch(struct gathered *g, const struct bc_recording_segment *s)
{
    struct bc_replay_stretch *all = (struct bc_replay_stretch *)g->stretches.data;
    size_t count = g->stretches.len / sizeof(*all);
    struct bc_replay_stretch *last = count > 0 ? &all[count - 1] : NULL;
    if (last && last->file == s->file && last->offset + last->bytes == s->offset) {
        last->bytes += s->bytes;
        return;
    }
    struct bc_replay_stretch stretch = { s->file, s->offset, s->bytes };
    bc_write_bytes(&g->stretches, &stretch, sizeof(stretch));
}

static void
add_segment(struct gathered *g, const struct bc_recording_segment *s)
{
    struct mp4_reference reference = { s->start_us, s->start_us + s->duration_us,
        s->bytes, s->independent };
    bc_write_bytes(&g->references, &reference, sizeof(reference));
    g->bytes += s->bytes;
    add_stretch(g, s);
}

static int
gather(const struct bc_recording *r, uint32_t format, struct gathered *g)
{
    struct bc_recording_segment page[PAGE];
    size_t first = 0;
    size_t n;
    while ((n = bc_recording_segments(r, first, page, PAGE)) > 0) {
        for (size_t i = 0; i < n; i++) {
            const struct bc_recording_segment *s = &page[i];
            if (s->closed && s->format == format && s->bytes > 0) {
                add_segment(g, s);
            }
        }
        first += n;
    }
    return g->references.failed || g->stretches.failed ? -ENOMEM
        : g->bytes == 0                                ? -ENOENT
                                                       : 0;
}

int
bc_replay_mp4_make(
    const struct bc_recording *r, uint32_t format, struct bc_replay_mp4 *out)
{
    *out = (struct bc_replay_mp4){ .format = format };
    struct gathered g = { 0 };
    struct bc_buf *init = NULL;
    int rc = gather(r, format, &g);
    if (rc == 0) {
        init = bc_recording_init_section(r, format);
        const struct mp4_reference *all = (struct mp4_reference *)g.references.data;
        rc = init
            ? mp4_head_make(init, all, g.references.len / sizeof(*all), &out->head)
            : -ENOENT;
    }
    if (rc == 0) {
        out->stretches = (struct bc_replay_stretch *)g.stretches.data; // handed over
        out->count = g.stretches.len / sizeof(*out->stretches);
        out->bytes = out->head->len + g.bytes;
        g.stretches = (struct bc_writer){ 0 };
    }
    bc_buf_unref(&init);
    bc_writer_finish(&g.stretches);
    bc_writer_finish(&g.references);
    return rc;
}

void
bc_replay_mp4_finish(struct bc_replay_mp4 *mp4)
{
    bc_buf_unref(&mp4->head);
    free(mp4->stretches);
    *mp4 = (struct bc_replay_mp4){ 0 };
}

// The media of one format; of the first of those with the same.
static int64_t
format_duration(const struct bc_recording *r, uint32_t format)
{
    struct bc_recording_segment page[PAGE];
    int64_t sum = 0;
    size_t first = 0;
    size_t n;
    while ((n = bc_recording_segments(r, first, page, PAGE)) > 0) {
        for (size_t i = 0; i < n; i++) {
            sum += page[i].format == format ? page[i].duration_us : 0;
        }
        first += n;
    }
    return sum;
}

uint32_t
bc_replay_mp4_main_format(const struct bc_recording *r)
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    uint32_t best = 0;
    int64_t longest = 0;
    for (uint32_t i = 0; i < info.formats && info.formats > 1; i++) {
        int64_t duration = format_duration(r, i);
        if (duration > longest) {
            longest = duration;
            best = i;
        }
    }
    return best;
}
