// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_AGGREGATE_H
#define RTMP_AGGREGATE_H

#include <stdbool.h>

#include "base/reader.h"

// One message inside an aggregate message (type 22); the bytes lie in the aggregate.
struct rtmp_sub_message {
    uint8_t type;
    uint32_t timestamp;
    const uint8_t *data;
    size_t len;
};

// Walks through an aggregate. Lives on the stack while one is taken apart.
struct bc_rtmp_aggregate {
    struct bc_reader r;
    uint32_t timestamp; // of the aggregate message
    uint32_t offset;    // what turns a sub-message's time into the connection's
    bool started;
};

// Returns 1 with the next sub-message, 0 at the end, -EINVAL when the bytes make no
// sense.
int
bc_rtmp_aggregate_next(struct bc_rtmp_aggregate *a, struct rtmp_sub_message *sub);

#endif
