// SPDX-License-Identifier: Apache-2.0
// bcbench: a load generator and latency probe for live media servers.
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "floor.h"
#include "loop.h"
#include "options.h"
#include "play.h"
#include "publish.h"

static void
on_signal(int number)
{
    (void)number;
    bc_loop_stop();
}

static void
raise_file_limit(void)
{
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void
pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set)) {
        bc_die("cannot run on CPU %d", cpu);
    }
}

int
main(int argc, char **argv)
{
    bc_options_parse(argc, argv);
    raise_file_limit();
    if (bc_options.cpu >= 0) {
        pin(bc_options.cpu);
    }
    prctl(PR_SET_TIMERSLACK, 1000UL); // ns: frames are sent and sockets drained on time
    struct sigaction stop = {.sa_handler = on_signal};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    bc_loop_init(bc_options.tick_ns);
    if (!strcmp(bc_options.command, "publish")) {
        return bc_publish();
    }
    if (!strcmp(bc_options.command, "play")) {
        return bc_play();
    }
    if (!strcmp(bc_options.command, "srtp-floor")) {
        return bc_floor();
    }
    if (!strcmp(bc_options.command, "memory-floor")) {
        return bc_floor_memory();
    }
    bc_die("no such command: %s", bc_options.command);
}
