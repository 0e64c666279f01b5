// SPDX-License-Identifier: Apache-2.0
#include "segment.h"

#include <assert.h>
#include <stdlib.h>

struct hls_init *
hls_init_create(uint64_t msn, struct bc_buf *buf)
{
    struct hls_init *init = buf ? malloc(sizeof(*init)) : NULL;
    if (!init) {
        bc_buf_unref(&buf);
        return NULL;
    }
    atomic_init(&init->refs, 1);
    init->msn = msn;
    init->buf = buf;
    return init;
}

struct hls_init *
hls_init_ref(struct hls_init *init)
{
    atomic_fetch_add_explicit(&init->refs, 1, memory_order_relaxed);
    return init;
}

void
hls_init_unref(struct hls_init **holder)
{
    struct hls_init *init = *holder;
    *holder = NULL;
    if (init && atomic_fetch_sub_explicit(&init->refs, 1, memory_order_acq_rel) == 1) {
        bc_buf_unref(&init->buf);
        free(init);
    }
}

struct hls_segment *
hls_segment_create(size_t part_cap)
{
    struct hls_segment *s = calloc(1, sizeof(*s) + part_cap * sizeof(s->parts[0]));
    if (s) {
        atomic_init(&s->refs, 1);
        s->part_cap = part_cap;
    }
    return s;
}

struct hls_segment *
hls_segment_ref(struct hls_segment *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void
hls_segment_unref(struct hls_segment **holder)
{
    struct hls_segment *s = *holder;
    *holder = NULL;
    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1) {
        for (size_t i = 0; i < s->part_count; i++) {
            bc_buf_unref(&s->parts[i].buf);
        }
        hls_init_unref(&s->init);
        free(s);
    }
}

struct hls_segment *
hls_segment_copy(const struct hls_segment *s)
{
    struct hls_segment *copy = hls_segment_create(s->part_count);
    if (!copy) {
        return NULL;
    }
    copy->msn = s->msn;
    copy->dseq = s->dseq;
    copy->init = s->init ? hls_init_ref(s->init) : NULL;
    copy->start_us = s->start_us;
    copy->end_us = s->end_us;
    copy->pdt_us = s->pdt_us;
    copy->bytes = s->bytes;
    copy->discontinuity = s->discontinuity;
    copy->gap = s->gap;
    copy->part_count = s->part_count;
    for (size_t i = 0; i < s->part_count; i++) {
        copy->parts[i] = s->parts[i];
        bc_buf_ref(copy->parts[i].buf);
    }
    return copy;
}

void
hls_segment_push(struct hls_segment *s, const struct hls_part *part)
{
    assert(s->part_count < s->part_cap);
    s->parts[s->part_count++] = *part;
    s->bytes += part->buf->len;
    s->end_us = part->end_us;
}
