// SPDX-License-Identifier: Apache-2.0
// The closed segments of a rendition: those that the playlist lists, and those that left
// it and may still be fetched.
#include <string.h>

#include "rendition.h"

// Stay in every playlist, however large they are.
#define LEAST_SEGMENTS 3

static int64_t
length_us(const struct hls_segment *s)
{
    return s->end_us - s->start_us;
}

void
hls_rendition_drop_oldest(struct hls_rendition *r)
{
    r->bytes -= r->segments[0]->bytes;
    hls_segment_unref(&r->segments[0]);
    memmove(r->segments, r->segments + 1, --r->count * sizeof(r->segments[0]));
    r->listed -= r->listed > 0;
}

void
hls_rendition_append(struct hls_rendition *r, struct hls_segment *s)
{
    if (r->count == HLS_MAX_SEGMENTS) {
        hls_rendition_drop_oldest(r);
    }
    r->segments[r->count++] = s;
    r->next_msn++;
    r->changed = true;
}

void
hls_rendition_describe(const struct hls_rendition *r, struct hls_segment *s)
{
    s->msn = r->next_msn;
    s->discontinuity = r->format->discontinuity && s->msn == r->format->first_msn;
    s->dseq = r->format->dseq;
    s->init = r->init ? hls_init_ref(r->init) : NULL;
}

void
hls_rendition_gap(struct hls_rendition *r, const struct hls_segment *like)
{
    struct hls_segment *s = hls_segment_create(0);
    if (!s) {
        return;
    }
    hls_rendition_describe(r, s);
    // The sound before it ends on a frame of its own, not exactly where the picture was
    // cut; a picture whose keyframes come later may end a whole segment later.
    const struct hls_segment *last = hls_rendition_last(r);
    int64_t over_us = last ? last->pdt_us + length_us(last) - like->pdt_us : 0;
    over_us = over_us < 0 ? 0 : over_us;
    s->gap = true;
    s->start_us = like->start_us + over_us;
    s->end_us = like->end_us > s->start_us ? like->end_us : s->start_us + 1;
    s->pdt_us = like->pdt_us + over_us;
    hls_rendition_append(r, s);
}

const struct hls_segment *
hls_rendition_last(const struct hls_rendition *r)
{
    return r->count > 0 ? r->segments[r->count - 1] : NULL;
}

const struct hls_segment *
hls_rendition_newest(const struct hls_rendition *r)
{
    return r->open && r->open->part_count > 0 ? r->open : hls_rendition_last(r);
}

// How much media came after the oldest segment, holes not counted.
static int64_t
after_oldest_us(const struct hls_rendition *r)
{
    int64_t us = r->open ? length_us(r->open) : 0;
    for (size_t i = 1; i < r->count; i++) {
        us += length_us(r->segments[i]);
    }
    return us;
}

// HLS-5: its own duration after it left the longest playlist that had it; a target
// duration more for the answers on their way.
static bool
is_droppable(const struct hls_rendition *r, int64_t after_us)
{
    const struct bc_hls_params *params = &r->format->params;
    return after_us > params->window_us + length_us(r->segments[0]) + 2 * params->target_us;
}

void
hls_rendition_prune(struct hls_rendition *r)
{
    int64_t listed_us = 0;
    for (size_t i = r->listed; i < r->count; i++) {
        listed_us += length_us(r->segments[i]);
    }
    while (r->listed < r->count
        && listed_us - length_us(r->segments[r->listed]) >= r->format->params.window_us) {
        listed_us -= length_us(r->segments[r->listed++]);
    }
    int64_t after_us = after_oldest_us(r);
    while (r->count > 0 && r->listed > 0 && is_droppable(r, after_us)) {
        hls_rendition_drop_oldest(r);
        after_us -= r->count > 0 ? length_us(r->segments[0]) : 0;
    }
}

// The window by time for each, and the bound of memory for all together: the oldest goes
// first, so that playlists begin at the same time.
void
hls_renditions_prune(struct hls_rendition *const *list, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        hls_rendition_prune(list[i]);
        bytes += list[i]->bytes;
    }
    while (bytes > list[0]->format->params.window_bytes) {
        struct hls_rendition *oldest = NULL;
        for (size_t i = 0; i < count; i++) {
            bool older = list[i]->count > LEAST_SEGMENTS
                && (!oldest || list[i]->segments[0]->msn < oldest->segments[0]->msn);
            oldest = older ? list[i] : oldest;
        }
        if (!oldest) {
            return;
        }
        bytes -= oldest->segments[0]->bytes;
        hls_rendition_drop_oldest(oldest);
    }
}

bool
hls_rendition_is_void(const struct hls_rendition *r)
{
    for (size_t i = r->listed; i < r->count; i++) {
        if (!r->segments[i]->gap) {
            return false;
        }
    }
    return !r->open;
}

void
hls_rendition_withdraw(struct hls_rendition *r)
{
    while (r->count > 0) {
        hls_rendition_drop_oldest(r);
    }
    r->exists = false;
    r->changed = true;
}
