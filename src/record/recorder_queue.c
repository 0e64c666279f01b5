// SPDX-License-Identifier: Apache-2.0
#include "recorder_queue.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_AT_ONCE 32

void
recorder_queue_init(struct recorder_queue *q)
{
    *q = (struct recorder_queue){ 0 };
    bc_list_init(&q->items);
}

void
recorder_item_free(struct recorder_item *item)
{
    bc_buf_unref(&item->data);
    bc_buf_unref(&item->init);
    recorder_cues_free(&item->cues);
    free(item);
}

static void
free_cue(struct recorder_cue *c)
{
    free(c->cue.id);
    free(c->cue.kind);
    free(c->cue.channel);
    free(c->cue.data);
    free(c);
}

void
recorder_cues_free(struct recorder_cue **list)
{
    while (*list) {
        struct recorder_cue *c = *list;
        *list = c->next;
        free_cue(c);
    }
}

void
recorder_cues_add(struct recorder_cue **list, struct recorder_cue *cue)
{
    while (*list) {
        list = &(*list)->next;
    }
    *list = cue;
}

static struct recorder_cue *
make_cue(const struct bc_hls_passed *p)
{
    struct recorder_cue *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->at_us = p->at_us;
    c->end = p->end;
    c->cue = (struct bc_recording_cue){
        .id = strdup(p->cue.id),
        .kind = strdup(p->cue.kind),
        .channel = strdup(p->cue.channel),
        .data = strndup(p->cue.data, p->cue.data_len),
        .data_len = p->cue.data_len,
        .revision = p->cue.revision,
        .repeat = p->repeat,
        .planned_us = p->planned_us,
    };
    if (!c->cue.id || !c->cue.kind || !c->cue.channel || !c->cue.data) {
        free_cue(c);
        return NULL;
    }
    return c;
}

void
recorder_queue_cue(struct recorder_queue *q, const struct bc_hls_passed *passed)
{
    struct recorder_item *place = NULL;
    for (struct bc_list *n = q->items.prev; n != &q->items; n = n->prev) {
        struct recorder_item *item = bc_container_of(n, struct recorder_item, node);
        if (place && item->start_us + item->duration_us <= passed->at_us) {
            break;
        }
        place = item;
        if (item->first) {
            break; // what is before it is of another broadcast
        }
    }
    struct recorder_cue *cue = place ? make_cue(passed) : NULL;
    if (cue) {
        recorder_cues_add(&place->cues, cue);
    }
}

void
recorder_queue_finish(struct recorder_queue *q)
{
    while (!bc_list_empty(&q->items)) {
        recorder_item_free(recorder_queue_take(q));
    }
}

struct recorder_item *
recorder_queue_head(const struct recorder_queue *q)
{
    return bc_list_empty(&q->items)
        ? NULL : bc_container_of(q->items.next, struct recorder_item, node);
}

bool
recorder_queue_is_due(const struct recorder_queue *q, bool fresh)
{
    const struct recorder_item *head = recorder_queue_head(q);
    bool more = head && head->node.next != &q->items;
    return head && (fresh || more || head->first || head->duration_us > RECORDER_SHORT_US);
}

struct recorder_item *
recorder_queue_take(struct recorder_queue *q)
{
    struct recorder_item *item = recorder_queue_head(q);
    bc_list_remove(&item->node);
    q->bytes -= item->data->len;
    q->duration_us -= item->duration_us;
    return item;
}

void
recorder_queue_count_lost(struct recorder_queue *q, uint64_t n)
{
    q->lost += n;
    q->lost_ever += n;
}

void
recorder_queue_drop(struct recorder_queue *q)
{
    struct recorder_item *item = recorder_queue_head(q);
    do {
        if (!item) {
            return;
        }
        recorder_item_free(recorder_queue_take(q));
        recorder_queue_count_lost(q, 1);
        item = recorder_queue_head(q);
    } while (item && !item->first);
}

static bool
can_begin(const struct bc_hls_part *part)
{
    return part->segment && part->independent;
}

void
recorder_intake_begin(struct recorder_intake *in, struct recorder_queue *q,
    const struct bc_hls_snapshot *snapshot, uint64_t muxer)
{
    *in = (struct recorder_intake){ .begun = true, .muxer = muxer, .breaks = true };
    q->skipping = false;
    q->lost = 0;
    struct bc_hls_part parts[PARTS_AT_ONCE];
    uint64_t from = 0;
    for (size_t n = PARTS_AT_ONCE; n == PARTS_AT_ONCE;) {
        n = bc_hls_snapshot_parts(snapshot, from, parts, PARTS_AT_ONCE);
        for (size_t i = 0; i < n; i++) {
            from = parts[i].number + 1;
            if (can_begin(&parts[i])) {
                in->next = parts[i].number;
            }
        }
    }
}

static bool
has_room(const struct recorder_queue *q, const struct bc_hls_part *part)
{
    int64_t duration_us = part->end_us - part->start_us;
    return q->bytes + part->buf->len <= RECORDER_QUEUE_BYTES
        && q->duration_us + duration_us <= RECORDER_QUEUE_US;
}

static struct recorder_item *
make_item(const struct bc_hls_part *part)
{
    struct recorder_item *item = calloc(1, sizeof(*item));
    if (!item || !part->init) {
        free(item);
        return NULL;
    }
    bc_list_init(&item->node);
    item->data = bc_buf_ref(part->buf);
    item->init = bc_buf_ref(part->init);
    item->start_us = part->start_us;
    item->duration_us = part->end_us - part->start_us;
    item->wall_us = part->wall_us;
    item->msn = part->msn;
    item->independent = part->independent;
    item->segment = part->segment;
    return item;
}

static void
push(struct recorder_queue *q, struct recorder_item *item)
{
    item->first = q->ended;
    q->ended = false;
    q->skipping = false;
    q->bytes += item->data->len;
    q->duration_us += item->duration_us;
    bc_list_append(&q->items, &item->node);
}

bool
recorder_intake_part(struct recorder_intake *in, struct recorder_queue *q,
    const struct bc_hls_part *part)
{
    uint64_t missing = part->number - in->next;
    in->next = part->number + 1;
    if (!in->started && !can_begin(part)) {
        return true; // nothing that could be watched
    }
    if (in->started && missing > 0) {
        recorder_queue_count_lost(q, missing);
        q->skipping = true;
    }
    in->started = true;
    bool wanted = !q->skipping || can_begin(part);
    struct recorder_item *item = wanted && has_room(q, part) ? make_item(part) : NULL;
    if (!item) {
        recorder_queue_count_lost(q, 1);
        q->skipping = true;
        in->breaks = true;
        return false;
    }
    item->discontinuity = in->breaks || missing > 0 || part->dseq != in->dseq;
    in->breaks = false;
    in->dseq = part->dseq;
    push(q, item);
    return missing == 0;
}

void
recorder_intake_end(struct recorder_intake *in, struct recorder_queue *q, int64_t now_us)
{
    if (in->begun) {
        *in = (struct recorder_intake){ 0 };
        q->ended = true;
        q->ended_us = now_us;
        q->skipping = false;
    }
}
