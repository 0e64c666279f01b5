// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "util.h"

// The command line; read-only after bc_options_parse(). Borrows argv.
struct bc_options {
    const char *command;
    const char *url;
    const char *file;
    const char *kind;
    const char *server_pids;
    bool quiet;
    bool no_audio; // WebRTC viewers ask for video alone
    int count;  // viewers
    int probes; // of them
    int streams;
    int cpu; // to run on; -1: any
    int chunk_size;
    double duration_s;
    double ramp_per_s;
    double warmup_s;
    double baseline_s;
    double join_timeout_s;
    double fps; // published; 0: lost frames are not counted
    int64_t gap_ns;
    int64_t tick_ns;
};

extern struct bc_options bc_options;

// Ends the program with the usage text when the arguments make no sense.
void bc_options_parse(int argc, char **argv);

#endif
