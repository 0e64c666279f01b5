// SPDX-License-Identifier: Apache-2.0
// The main playlist's parts for who keeps them.
#include "snapshot.h"

// The segment at a place of the view: the closed ones, then the open one.
static const struct hls_segment *
segment_at(const struct hls_view *v, size_t i)
{
    return i < v->count ? v->segments[i] : v->open;
}

// The first segment with a part of this number or a later one. Who follows looks for the
// newest, so the search begins there.
static size_t
find_first(const struct hls_view *v, size_t segments, uint64_t from)
{
    size_t first = segments;
    while (first > 0) {
        const struct hls_segment *s = segment_at(v, first - 1);
        if (s->part_count > 0 && s->parts[s->part_count - 1].number < from) {
            break;
        }
        first--;
    }
    return first;
}

static struct bc_hls_part
describe(const struct hls_segment *s, size_t i)
{
    const struct hls_part *p = &s->parts[i];
    return (struct bc_hls_part){
        .buf = p->buf,
        .init = s->init ? s->init->buf : NULL,
        .number = p->number,
        .msn = s->msn,
        .dseq = s->dseq,
        .start_us = p->start_us,
        .end_us = p->end_us,
        .wall_us = s->pdt_us + (p->start_us - s->start_us),
        .independent = p->leads,
        .segment = i == 0,
    };
}

size_t
bc_hls_snapshot_parts(const struct bc_hls_snapshot *s, uint64_t from,
    struct bc_hls_part *out, size_t max)
{
    const struct hls_view *v = &s->views[BC_HLS_MAIN];
    size_t segments = v->count + (v->open ? 1 : 0);
    size_t n = 0;
    for (size_t i = find_first(v, segments, from); i < segments && n < max; i++) {
        const struct hls_segment *segment = segment_at(v, i);
        for (size_t p = 0; p < segment->part_count && n < max; p++) {
            if (segment->parts[p].number >= from) {
                out[n++] = describe(segment, p);
            }
        }
    }
    return n;
}
