// SPDX-License-Identifier: Apache-2.0
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "control/control.h"
#include "stream/info.h"

struct bc_hub;
struct bc_writer;

// Metrics are rows of tables, so that what is exported can be compared with what is
// described.

// A number of the whole process.
struct bc_metric_process {
    const char *name;
    const char *help;
    bool counter;  // else a gauge
    size_t offset; // in struct bc_control_totals
};

extern const struct bc_metric_process BC_METRICS_PROCESS[];
extern const size_t BC_METRICS_PROCESS_COUNT;

// The part of a channel's state that metrics show; small, because a scrape holds all
// channels.
struct bc_metric_sample {
    char name[BC_CHANNEL_NAME_MAX + 1];
    bool live;
    uint32_t video_kbps;
    uint32_t audio_kbps;
    double fps;
    int64_t gop_us;
    uint64_t takes;
    uint64_t repairs;
    uint64_t jumps;
    unsigned viewers[BC_PROTOCOL_COUNT];
    struct bc_line_stats host_line;
    struct bc_line_stats viewer_lines;
};

// A number of each channel, or several of them that differ in one more label.
struct bc_metric_channel {
    const char *name;
    const char *help;
    bool counter;
    const char *label;             // the other label's name, or NULL
    int variants;                  // how many values it has; 1 without a label
    const char *(*variant)(int i); // its values
    double (*read)(const struct bc_metric_sample *sample, int i);
};

extern const struct bc_metric_channel BC_METRICS_CHANNEL[];
extern const size_t BC_METRICS_CHANNEL_COUNT;

// The exposition, Prometheus' text format 0.0.4. False without memory.
bool
bc_metrics_write(struct bc_writer *out, struct bc_hub *hub,
    const struct bc_control_totals *totals);

// A label's value: backslash, quote and line feed are escaped.
void
bc_metrics_write_label(struct bc_writer *out, const char *value);

#endif
