// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_RTMP_OUT_H
#define RELAY_RTMP_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/rtmp/chunk_reader.h"
#include "protocol/rtmp/client.h"

// What viewers by RTMP get becomes what a host sends: times from near 0, metadata as hosts
// write it, the target's own message stream. Embedded in a push; one worker.
struct relay_rtmp_out {
    struct bc_rtmp_client *client; // borrowed
    struct bc_rtmp_chunk_reader chunks; // of the feed
    bool began;
    uint32_t base_ms; // the feed's time that is the target's 0
};

void
relay_rtmp_out_init(struct relay_rtmp_out *out, struct bc_rtmp_client *client);

void
relay_rtmp_out_finish(struct relay_rtmp_out *out);

// The next bytes of the feed. 0 or negative errno.
int
relay_rtmp_out_feed(struct relay_rtmp_out *out, const uint8_t *data, size_t len);

#endif
