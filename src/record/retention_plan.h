// SPDX-License-Identifier: Apache-2.0
#ifndef RETENTION_PLAN_H
#define RETENTION_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/retention.h"

enum bc_retention_why {
    BC_RETENTION_KEEP,
    BC_RETENTION_AGE,
    BC_RETENTION_SIZE,
    BC_RETENTION_DISK,
};

// A replay as retention sees it.
struct bc_retention_item {
    char id[BC_RECORDING_ID_MAX + 1];
    char channel[128];
    int64_t ended_wall_us; // 0: it runs
    uint64_t bytes;
    bool used;                 // by a reader
    enum bc_retention_why why; // filled in
};

struct bc_retention_disk {
    uint64_t free_bytes;
    uint64_t total_bytes; // 0: nobody knows
    uint64_t going_bytes; // of what is deleted already, but still read by somebody
};

// Whether so little is free that the oldest must go.
bool
bc_retention_is_short(
    const struct bc_retention_limits *limits, const struct bc_retention_disk *disk);

// Sorts the items, the oldest end first, and says which go. What runs or is used stays, and
// counts.
void
bc_retention_plan(struct bc_retention_item *items, size_t count,
    const struct bc_retention_limits *limits, const struct bc_retention_disk *disk,
    int64_t now_wall_us);

#endif
