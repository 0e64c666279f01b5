// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <stdlib.h>

#define SOUND_US 2000000
#define SOUND_MAX 512
#define PICTURES_MAX 64
#define HISTORY_MAX 2048

struct codec_entry *
codec_entry_create(struct bc_packet *packet)
{
    struct codec_entry *e = calloc(1, sizeof(*e));
    if (e) {
        bc_list_init(&e->node);
        e->packet = packet;
        e->flags = packet ? packet->flags : 0;
    }
    return e;
}

void
codec_entry_free(struct codec_entry *e)
{
    bc_list_remove(&e->node);
    bc_packet_unref(&e->packet);
    free(e);
}

static struct codec_entry *
entry_of(struct bc_list *node)
{
    return bc_container_of(node, struct codec_entry, node);
}

void
codec_entries_free(struct bc_list *entries)
{
    while (!bc_list_empty(entries)) {
        codec_entry_free(entry_of(entries->next));
    }
}

void
codec_queue_init(struct codec_queue *q, enum bc_kind kind)
{
    *q = (struct codec_queue){ .kind = kind };
    bc_list_init(&q->entries);
}

static void
take_out(struct codec_queue *q, struct codec_entry *e)
{
    bc_list_remove(&e->node);
    q->packets--;
    q->history -= q->history > 0;
}

static void
drop(struct codec_queue *q, struct codec_entry *e)
{
    if (e->flags & BC_PACKET_NEW_EPOCH) {
        q->flag_lost = true;
        q->lost_epoch = e->packet->epoch;
    }
    take_out(q, e);
    codec_entry_free(e);
}

static void
drop_sound(struct codec_queue *q)
{
    unsigned left = q->packets / 2;
    while (q->packets > left) {
        drop(q, entry_of(q->entries.next));
    }
}

// The newest keyframe that has packets before it, or the queue's end.
static struct bc_list *
find_later_key(struct codec_queue *q)
{
    struct bc_list *key = &q->entries;
    bool any = false;
    bc_list_for_each(it, next, &q->entries)
    {
        if (any && (entry_of(it)->flags & BC_PACKET_KEY)) {
            key = it;
        }
        any = any || entry_of(it)->packet;
    }
    return key;
}

// Everything before that keyframe. Without one everything, and what comes until the next.
static void
drop_pictures(struct codec_queue *q)
{
    struct bc_list *key = find_later_key(q);
    q->wait_key = key == &q->entries;
    bc_list_for_each(it, next, &q->entries)
    {
        if (it == key) {
            break;
        }
        if (entry_of(it)->packet) { // marks stay
            drop(q, entry_of(it));
        }
    }
}

static bool
is_overfull(const struct codec_queue *q)
{
    if (q->kind == BC_KIND_VIDEO) {
        unsigned live = q->begun ? q->packets - q->history : 0;
        return live > PICTURES_MAX || q->packets > HISTORY_MAX;
    }
    const struct bc_packet *first = entry_of(q->entries.next)->packet;
    const struct bc_packet *last = entry_of(q->entries.prev)->packet;
    return q->packets > SOUND_MAX || last->dts_us - first->dts_us > SOUND_US;
}

unsigned
codec_queue_push(struct codec_queue *q, struct codec_entry *e)
{
    bc_list_append(&q->entries, &e->node);
    unsigned before = ++q->packets;
    if (q->wait_key && !(e->flags & BC_PACKET_KEY)) {
        drop(q, e);
        return 1;
    }
    q->wait_key = false;
    if (is_overfull(q) && q->kind == BC_KIND_AUDIO) {
        drop_sound(q);
    } else if (is_overfull(q)) {
        drop_pictures(q);
    }
    return before - q->packets;
}

void
codec_queue_mark(struct codec_queue *q, struct codec_entry *mark)
{
    q->begun = true;
    q->history = q->packets;
    bc_list_append(&q->entries, &mark->node);
}

struct codec_entry *
codec_queue_pop(struct codec_queue *q)
{
    if (bc_list_empty(&q->entries)) {
        return NULL;
    }
    struct codec_entry *e = entry_of(q->entries.next);
    if (!e->packet) {
        bc_list_remove(&e->node);
        return e;
    }
    take_out(q, e);
    if (q->flag_lost && q->lost_epoch == e->packet->epoch) {
        e->flags |= BC_PACKET_NEW_EPOCH;
        q->flag_lost = false;
    }
    return e;
}
