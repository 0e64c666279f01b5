// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_QUEUE_H
#define TRANSMUX_HLS_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

// What waits in a muxer at most: some ten seconds of any stream.
#define HLS_QUEUE_MAX 4096

struct hls_queued {
    struct bc_packet *packet; // owned reference
    int64_t wall_us;
};

// Packets that wait for a decision of their muxer, in order of arrival. Embedded in it.
struct hls_queue {
    struct hls_queued *items; // owned
    size_t count;
    size_t cap;
};

// Takes a reference. -ENOMEM, or -EOVERFLOW when the queue is full.
int
hls_queue_push(struct hls_queue *q, struct bc_packet *packet, int64_t wall_us);

// Forgets all before the last keyframe, everything when there is none.
void
hls_queue_keep_gop(struct hls_queue *q);

// Forgets the first `count`.
void
hls_queue_shift(struct hls_queue *q, size_t count);

void
hls_queue_finish(struct hls_queue *q);

#endif
