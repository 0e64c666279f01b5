// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_HUB_INTERNAL_H
#define STREAM_HUB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/table.h"
#include "channel_internal.h"
#include "stream/hub.h"
#include "stream/plan.h"
#include "stream/via.h"

// What was said about a name at run time. In the hub's table, guarded by its lock.
struct bc_hub_rule {
    UT_hash_handle hh;
    bool has_plan;
    bool has_open;
    bool has_scene;
    bool open;
    struct bc_channel_plan plan;
    struct bc_channel_scene scene;
    char name[];
};

// See stream/hub.h.
struct bc_hub {
    const struct bc_hub_ops *ops; // borrowed
    void *user;
    struct bc_logger log;
    char id[BC_VIA_ID_TEXT];
    pthread_mutex_t lock; // guards all below, and `hh` and `opening` of every channel
    struct bc_channel *channels; // one reference each
    struct bc_config *config;    // owned reference
    struct bc_hub_rule *rules;          // owned
    bool draining;
    unsigned hidden; // channels whose names nobody can write
    struct bc_worker *workers[BC_WORKER_MAX]; // borrowed; none: only takes make channels
    unsigned worker_count;
    atomic_uint generation;
    atomic_int_fast64_t clock_origin_us; // 0: the media clock stands
    struct bc_cues *cues; // borrowed; see bc_hub_set_cues()
    struct bc_hub_past past; // no lock: see there
};

// --- hub_rules.c ---

// With the lock held: whether it can show something without a host of its own.
bool
bc_hub_is_standing(const struct bc_hub *hub, const char *name);

// Whether a slate will be shown to who waits a little.
bool
bc_hub_expects_slate(struct bc_hub *hub, const char *name);

#endif
