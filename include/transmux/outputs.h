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

#endif
