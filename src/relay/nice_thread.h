// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_NICE_THREAD_H
#define RELAY_NICE_THREAD_H

#include "base/list.h"

// The thread on which libnice's agents live, with a GLib main context of its own. Owned
// by the relay.
struct relay_nice;

struct relay_nice *
relay_nice_create(void);

// All agents were destroyed. What is in the inbox is run. NULL is fine.
void
relay_nice_destroy(struct relay_nice *nice);

// A piece of work for the thread, embedded in what it works on; at most once in the
// inbox.
struct relay_nice_task {
    struct bc_list node;
    void (*run)(struct relay_nice_task *task);
};

// Any thread; never blocks for long.
void
relay_nice_post(struct relay_nice *nice, struct relay_nice_task *task);

// The GMainContext.
void *
relay_nice_context(struct relay_nice *nice);

#endif
