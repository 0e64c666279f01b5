// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_OUTPUTS_H
#define TRANSMUX_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "stream/channel.h"
#include "transmux/hls.h"

struct bc_codec_threads;
struct bc_outputs;
struct bc_worker;

// All that a channel's packets are turned into: the feeds of FLV and RTMP, LL-HLS, and
// RTP. Hangs on the channel (bc_channel_outputs()) and lives as long. Called on the
// channel's home worker. `threads` (borrowed; NULL: no codec is ever changed) outlives it.
// NULL without memory.
struct bc_outputs *
bc_outputs_create(struct bc_channel *channel, struct bc_codec_threads *threads);

void
bc_outputs_destroy(struct bc_outputs *outputs);

// --- LL-HLS for requests on any worker ---

// The newest snapshot as a new reference; NULL before the first part. Any thread.
struct bc_hls_snapshot *
bc_outputs_hls(struct bc_outputs *outputs);

// A request that waits for the next snapshot. Embedded in its owner; belongs to one
// worker.
struct bc_hls_waiter {
    struct bc_list node;
    // Called once with the newer snapshot (NULL: there is none yet); may wait again.
    void (*wake)(struct bc_hls_waiter *waiter, struct bc_hls_snapshot *snapshot);
};

// Waits for a snapshot newer than `seen`. False when there is one already: look again.
bool
bc_hls_wait(struct bc_outputs *outputs, struct bc_worker *worker,
    struct bc_hls_waiter *waiter, const struct bc_hls_snapshot *seen);

// Gives up waiting; harmless when it does not wait.
void
bc_hls_wait_cancel(struct bc_hls_waiter *waiter);

// --- who keeps what HLS publishes ---

// Hears of every snapshot, on the channel's home worker: a recorder. Owned by whoever set
// it; `muxer` is a number that changes when parts and media sequence numbers begin anew.
struct bc_hls_tap {
    void (*on_snapshot)(
        struct bc_hls_tap *tap, struct bc_hls_snapshot *snapshot, uint64_t muxer);
    // The broadcast is over; the last snapshot was heard of before.
    void (*on_end)(struct bc_hls_tap *tap);
};

// One tap at most; NULL takes it away. Home worker only. With a tap, HLS is made whether or
// not somebody has asked for it (which matters for sound that must be encoded).
void
bc_outputs_set_tap(struct bc_outputs *outputs, struct bc_hls_tap *tap);

#endif
