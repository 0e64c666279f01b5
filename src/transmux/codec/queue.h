// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_QUEUE_H
#define TRANSMUX_CODEC_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "media/packet.h"

// A packet in a queue, with a reference. One without a packet is the mark that the output
// is to begin here.
struct codec_entry {
    struct bc_list node;
    struct bc_packet *packet;
    uint32_t flags; // the packet's; NEW_EPOCH also when the one that had it was dropped
};

// Takes over the caller's reference, or not when there is no memory.
struct codec_entry *
codec_entry_create(struct bc_packet *packet);

void
codec_entry_free(struct codec_entry *e);

void
codec_entries_free(struct bc_list *entries);

// What waits for a codec. Bounded: 2 s of sound, 64 pictures and their history. When it
// is full, the older half of the sound is dropped, or the pictures before a later
// keyframe. Part of a recoder, whose lock guards it.
struct codec_queue {
    enum bc_kind kind;
    struct bc_list entries;
    unsigned packets;
    unsigned history; // of them before the mark
    bool begun; // the mark was set
    bool wait_key; // pictures are dropped until a keyframe comes
    bool flag_lost; // a dropped packet was the first of lost_epoch
    uint32_t lost_epoch;
};

void
codec_queue_init(struct codec_queue *q, enum bc_kind kind);

// Takes the entry. Returns how many packets were dropped, it or others.
unsigned
codec_queue_push(struct codec_queue *q, struct codec_entry *e);

// A mark, behind what is there.
void
codec_queue_mark(struct codec_queue *q, struct codec_entry *mark);

// NULL when it is empty.
struct codec_entry *
codec_queue_pop(struct codec_queue *q);

#endif
