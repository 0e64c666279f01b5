// SPDX-License-Identifier: Apache-2.0
// Cues of the stream itself in its parts, as ID3 in event messages.
#include "mark.h"

#include <string.h>

#include "base/writer.h"
#include "container/cmaf.h"
#include "container/emsg.h"

#define TEXT_NAME "branchcast"

static void
drop(struct hls_marks *marks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bc_packet_unref(&marks->items[i]);
    }
    marks->count -= n;
    memmove(marks->items, marks->items + n, marks->count * sizeof(marks->items[0]));
}

void
hls_marks_push(struct hls_marks *marks, struct bc_packet *cue)
{
    if (marks->count == HLS_MARKS_MAX) {
        drop(marks, 1);
    }
    marks->items[marks->count++] = bc_packet_ref(cue);
}

// FNV-1a.
static uint32_t
hash(const uint8_t *data, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        h = (h ^ data[i]) * 16777619u;
    }
    return h;
}

static void
write_mark(struct bc_writer *w, const struct bc_packet *p, int64_t at_us, uint32_t timescale)
{
    struct bc_writer tag = { 0 };
    bc_id3_write_text(&tag, TEXT_NAME, p->data, p->len);
    struct bc_emsg emsg = {
        .scheme = BC_EMSG_ID3_SCHEME,
        .timescale = timescale,
        .presentation_time = (uint64_t)(at_us > 0 ? bc_cmaf_ticks(at_us, timescale) : 0),
        .event_duration = BC_EMSG_DURATION_UNKNOWN,
        // The same in all playlists, and another one for each revision.
        .id = hash(p->data, p->len),
        .data = tag.data,
        .len = tag.len,
    };
    if (tag.failed) {
        w->failed = true;
    } else if (tag.len < BC_EMSG_MAX - w->len) {
        bc_emsg_write(w, &emsg);
    }
    bc_writer_finish(&tag);
}

struct bc_buf *
hls_marks_apply(struct hls_marks *marks, struct bc_buf *chunk, int64_t end_us,
    int64_t reorder_us, uint32_t timescale)
{
    struct bc_writer w = { 0 };
    size_t n = 0;
    while (n < marks->count && marks->items[n]->dts_us < end_us) {
        write_mark(&w, marks->items[n], marks->items[n]->dts_us + reorder_us, timescale);
        n++;
    }
    if (n == 0 || !chunk) {
        return chunk;
    }
    bc_write_bytes(&w, chunk->data, chunk->len);
    struct bc_buf *marked = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    if (!marked) {
        return chunk;
    }
    drop(marks, n);
    bc_buf_unref(&chunk);
    return marked;
}

void
hls_marks_finish(struct hls_marks *marks)
{
    drop(marks, marks->count);
}
