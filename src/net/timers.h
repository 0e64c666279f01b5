// SPDX-License-Identifier: Apache-2.0
#ifndef NET_TIMERS_H
#define NET_TIMERS_H

struct bc_worker;

// Prepares the worker's clock; part of bc_worker_create().
void
bc_timers_init(struct bc_worker *worker);

#endif
