// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include "util.h"

// Measured values; sorted when a percentile is asked for. Zero-initialised = empty.
struct bc_samples {
    double *values; // owned
    size_t count;
    size_t cap;
};

void bc_samples_add(struct bc_samples *s, double value);
// Nearest rank; 0 when there are none.
double bc_samples_percentile(struct bc_samples *s, double percent);
double bc_samples_mean(const struct bc_samples *s);
void bc_samples_finish(struct bc_samples *s);
// "name":{"n":…,"min":…,"p50":…,"p95":…,"p99":…,"max":…}, or "name":null
void bc_samples_write(struct bc_buf *out, const char *name, struct bc_samples *s);

// Counters by name for the whole run: what went wrong, and what was odd but fine.
void bc_count_error(const char *name);
void bc_count_note(const char *name);
void bc_errors_write(struct bc_buf *out);
void bc_notes_write(struct bc_buf *out);

// Text inside JSON quotes, without what would need an escape.
void bc_json_text(struct bc_buf *out, const char *text);

#endif
