// SPDX-License-Identifier: Apache-2.0
// The queue of a broadcast delay.
#include "delay_queue.h"

#include <stdlib.h>

struct bc_delay_entry {
    struct bc_delay_entry *next;
    int64_t due_us;
    struct bc_delay_item item; // owned
};

void
bc_delay_init(struct bc_delay *d, int64_t delay_us, size_t bytes_max)
{
    *d = (struct bc_delay){ .delay_us = delay_us, .bytes_max = bytes_max };
}

static size_t
size_of(const struct bc_delay_entry *e)
{
    return sizeof(*e) + (e->item.packet ? e->item.packet->len : 0);
}

static bool
is_video(const struct bc_packet *p)
{
    return p && p->kind == BC_KIND_VIDEO;
}

static bool
is_key(const struct bc_packet *p)
{
    return is_video(p) && p->flags & BC_PACKET_KEY;
}

static void
free_entry(struct bc_delay_entry *e)
{
    bc_packet_unref(&e->item.packet);
    bc_track_unref(&e->item.video);
    bc_track_unref(&e->item.audio);
    free(e);
}

// Out of the queue, the caller's from now on.
static struct bc_delay_entry *
take_first(struct bc_delay *d)
{
    struct bc_delay_entry *e = d->first;
    d->first = e->next;
    d->last = d->first ? d->last : NULL;
    d->bytes -= size_of(e);
    return e;
}

void
bc_delay_clear(struct bc_delay *d)
{
    while (d->first) {
        free_entry(take_first(d));
    }
    d->full = false;
    d->need_key = false;
}

static void
append(struct bc_delay *d, const struct bc_delay_item *item, int64_t at_us)
{
    struct bc_delay_entry *e = calloc(1, sizeof(*e));
    if (!e) {
        struct bc_packet *lost = item->packet;
        bc_packet_unref(&lost);
        d->full = true; // as if there was no room
        return;
    }
    e->item = *item;
    e->due_us = at_us + d->delay_us;
    if (d->last) {
        d->last->next = e;
    } else {
        d->first = e;
    }
    d->last = e;
    d->bytes += size_of(e);
}

// Keyframes alone are kept of all pictures there are: the sound goes on, and so does the
// picture, by jumps.
static void
drop_to_keys(struct bc_delay *d)
{
    struct bc_delay_entry **link = &d->first;
    d->last = NULL;
    while (*link) {
        struct bc_delay_entry *e = *link;
        if (is_video(e->item.packet) && !is_key(e->item.packet)) {
            *link = e->next;
            d->bytes -= size_of(e);
            d->dropped++;
            free_entry(e);
        } else {
            d->last = e;
            link = &e->next;
        }
    }
}

void
bc_delay_push(struct bc_delay *d, struct bc_packet *packet)
{
    if (d->bytes + packet->len > d->bytes_max && !d->full) {
        d->full = true;
        drop_to_keys(d);
    }
    bool room = d->bytes + packet->len <= d->bytes_max;
    if (d->full && room && is_key(packet)) {
        d->full = false;
    }
    if (!room || (d->full && is_video(packet))) {
        d->dropped += is_video(packet);
        bc_packet_unref(&packet);
        return;
    }
    int64_t at_us = packet->arrived_us;
    packet->arrived_us += d->delay_us;
    append(d, &(struct bc_delay_item){ .kind = BC_DELAY_PACKET, .packet = packet }, at_us);
}

void
bc_delay_push_tracks(
    struct bc_delay *d, struct bc_track *video, struct bc_track *audio, int64_t now_us)
{
    struct bc_delay_item item = { .kind = BC_DELAY_TRACKS };
    item.video = video ? bc_track_ref(video) : NULL;
    item.audio = audio ? bc_track_ref(audio) : NULL;
    append(d, &item, now_us);
}

void
bc_delay_push_end(struct bc_delay *d, int64_t now_us)
{
    append(d, &(struct bc_delay_item){ .kind = BC_DELAY_END }, now_us);
}

// After a cut neither pictures that refer to what is gone nor sound without its picture.
static bool
is_held_back(struct bc_delay *d, const struct bc_packet *p)
{
    if (p->kind == BC_KIND_CUE) {
        return false;
    }
    if (d->need_key && (is_key(p) || !d->has_video)) {
        d->need_key = false;
    }
    return d->need_key;
}

enum bc_delay_kind
bc_delay_look(struct bc_delay *d, int64_t now_us)
{
    while (d->first && d->first->due_us <= now_us) {
        const struct bc_delay_item *item = &d->first->item;
        if (item->kind != BC_DELAY_PACKET || !is_held_back(d, item->packet)) {
            return item->kind;
        }
        free_entry(take_first(d));
    }
    return BC_DELAY_NONE;
}

bool
bc_delay_next(struct bc_delay *d, int64_t now_us, struct bc_delay_item *out)
{
    if (bc_delay_look(d, now_us) == BC_DELAY_NONE) {
        return false;
    }
    struct bc_delay_entry *e = take_first(d);
    if (e->item.kind == BC_DELAY_TRACKS) {
        d->has_video = e->item.video != NULL;
    }
    *out = e->item;
    free(e);
    return true;
}

int64_t
bc_delay_due_us(const struct bc_delay *d)
{
    return d->first ? d->first->due_us : INT64_MAX;
}

static bool
is_cue(const struct bc_delay_entry *e)
{
    return e->item.packet && e->item.packet->kind == BC_KIND_CUE;
}

// Puts them before all that is held.
static void
put_back(struct bc_delay *d, struct bc_delay_entry *first, int64_t due_us)
{
    struct bc_delay_entry *last = first;
    for (struct bc_delay_entry *e = first; e; e = e->next) {
        e->due_us = due_us;
        d->bytes += size_of(e);
        last = e;
    }
    if (last) {
        last->next = d->first;
        d->first = first;
        d->last = d->last ? d->last : last;
    }
}

int64_t
bc_delay_cut(struct bc_delay *d, int64_t now_us, int64_t cut_us)
{
    cut_us = cut_us < d->delay_us ? cut_us : d->delay_us;
    struct bc_delay_entry *marker = NULL; // the last one that is cut over: it still counts
    struct bc_delay_entry *cues = NULL; // as do all of these
    struct bc_delay_entry **end = &cues;
    while (d->first && d->first->due_us < now_us + cut_us) {
        struct bc_delay_entry *e = take_first(d);
        e->next = NULL;
        if (is_cue(e)) {
            *end = e;
            end = &e->next;
        } else if (e->item.kind == BC_DELAY_PACKET) {
            free_entry(e);
        } else {
            if (marker) {
                free_entry(marker);
            }
            marker = e;
        }
    }
    put_back(d, cues, now_us + cut_us);
    put_back(d, marker, now_us + cut_us);
    d->need_key = true;
    return cut_us;
}
