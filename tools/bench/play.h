// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_PLAY_H
#define BENCH_PLAY_H

#include "procstat.h"
#include "samples.h"
#include "viewer.h"

// Everything one run of the play command saw. There is one; play.c fills it, report.c
// reads it.
struct bc_run {
    const struct bc_viewer_kind *kind;
    struct bc_viewer *viewers; // owned
    int started;
    bool window_open;
    int64_t window_start_ns;
    int64_t window_end_ns;
    int64_t gap_ns; // threshold
    struct bc_samples join_answer_ms; // WebRTC
    struct bc_samples join_connected_ms;
    struct bc_samples join_media_ms;
    struct bc_samples join_key_ms;
    struct bc_samples delay_ms;        // frame, or a part's newest frame
    struct bc_samples delay_oldest_ms; // a part's oldest frame
    struct bc_samples loader_lag_ms;
    struct bc_samples rss_kb;
    struct bc_proc_sample at_begin;
    struct bc_proc_sample at_ramp;
    struct bc_proc_sample at_window_start;
    struct bc_proc_sample at_window_end;
};

// The play command; returns the exit status.
int bc_play(void);

// One JSON line on stdout; returns the exit status: 0 when all joined and stayed.
int bc_report(struct bc_run *run);
int bc_run_count(const struct bc_run *run, enum bc_viewer_state state);

#endif
