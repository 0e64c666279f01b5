// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_PROCSTAT_H
#define BENCH_PROCSTAT_H

#include "util.h"

enum { BC_MAX_CORES = 8 };

// One core's ticks since boot.
struct bc_core_ticks {
    uint64_t total;
    uint64_t busy; // by anyone, hypervisor apart
    uint64_t steal;
};

// What /proc says at one moment about the server, about us and about the machine.
struct bc_proc_sample {
    int64_t time_ns;
    int64_t server_cpu_ns;
    int64_t self_cpu_ns;
    double server_rss_kb;
    struct bc_core_ticks cores[BC_MAX_CORES];
};

// "12,34": their descendants at this moment count too (nginx: the master is enough).
void bc_procstat_set_server(const char *pids);
bool bc_procstat_has_server(void);
void bc_procstat_read(struct bc_proc_sample *s);
int bc_procstat_core_count(void);
int64_t bc_procstat_self_cpu_ns(void);

#endif
