// SPDX-License-Identifier: Apache-2.0
#ifndef IMPAIR_PATH_H
#define IMPAIR_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BC_PATH_REORDER_US = 8000 }; // how long a packet is held back to be overtaken

// How one direction treats what passes. Changed by control lines while packets fly; those
// under way are not touched.
struct bc_path_settings {
    double loss_percent;
    double reorder_percent;
    int64_t delay_us;
    int64_t jitter_us; // up to this much more or less than the delay
    int64_t rate_bps; // 0: unlimited
    int64_t queue_us; // how long a packet may wait for the link
    bool block_udp;
    bool block_tcp;
};

struct bc_path_counters {
    uint64_t packets;
    uint64_t bytes;
    uint64_t lost; // by chance
    uint64_t overflowed; // the queue was full
    uint64_t blocked;
    uint64_t reordered; // held back
};

// One direction of one client's flow: its dice and the state of its link. Embedded in the
// flow. Pure: time comes in.
struct bc_path {
    uint64_t dice;
    int64_t link_free_us; // when the last bit of what waits has left
    int64_t last_due_us;
};

// The dice depend on the three numbers only, so a flow meets the same fate in every run.
void
bc_path_init(struct bc_path *path, uint64_t seed, uint32_t flow, uint32_t direction);

// When a datagram of so many bytes that enters now leaves the path; -1: never. Counts.
int64_t
bc_path_datagram(struct bc_path *path, const struct bc_path_settings *settings,
    size_t bytes, int64_t now_us, struct bc_path_counters *counters);

// The same for bytes of a TCP connection: they are delayed and limited, never lost.
int64_t
bc_path_bytes(struct bc_path *path, const struct bc_path_settings *settings, size_t bytes,
    int64_t now_us);

#endif
