// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_PUBLISH_H
#define BENCH_PUBLISH_H

#include "flvfile.h"
#include "samples.h"
#include "url.h"

// What was sent, and how it went.
struct bc_publish_totals {
    int running; // streams
    int alive;
    int64_t started_ns;
    uint64_t bytes;
    uint64_t video_frames;
    size_t max_backlog_bytes;
    struct bc_samples lag_ms; // how late frames were sent
};

// The publish command; returns the exit status.
int bc_publish(void);

// The same to a server that is fed by plain RTP: H.264 alone, payload type 96.
int bc_publish_rtp(const struct bc_url *url, const struct bc_flvfile *file);

// One JSON line on stdout.
void bc_publish_report(struct bc_publish_totals *totals);

#endif
