// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_DEMUX_H
#define RELAY_INPUT_DEMUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "input_net.h"
#include "input_sink.h"

// Where the bytes of a container come from.
struct input_bytes {
    // At least one byte; 0 at the end; negative errno.
    ssize_t (*read)(void *user, uint8_t *out, size_t size);
    int (*seek)(void *user, int64_t to); // 0 or negative errno; NULL: it cannot
    int64_t size;                        // < 0: not known
    void *user;
};

struct input_demux_params {
    struct input_net *net;          // also for what a playlist names
    const struct input_sink *sink;  // borrowed
    const struct input_bytes *bytes; // borrowed
    const char *url;     // what relative names in it start from; NULL: it may name nothing
    int64_t start_at_us; // where to begin; 0: at its start
    // RTSP's: `bytes` is an SDP, and these are the RTP packets it tells of, one a call.
    const struct input_bytes *rtp;
};

// Reads a container with FFmpeg's demuxers until its end. 0 at the end, or when the sink
// wants no more; a negative errno with net->error telling why.
int
input_demux_run(const struct input_demux_params *params);

#endif
