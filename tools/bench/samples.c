// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COUNTERS = 64, MAX_COUNTER_NAME = 64 };

struct counter {
    char name[MAX_COUNTER_NAME];
    unsigned count;
};

static struct counter errors[MAX_COUNTERS];
static struct counter notes[MAX_COUNTERS];

void
bc_samples_add(struct bc_samples *s, double value)
{
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 256;
        s->values = bc_xrealloc(s->values, s->cap * sizeof(*s->values));
    }
    s->values[s->count++] = value;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double
bc_samples_percentile(struct bc_samples *s, double percent)
{
    if (!s->count) {
        return 0;
    }
    qsort(s->values, s->count, sizeof(*s->values), compare);
    double exact = percent / 100 * (double)s->count;
    size_t rank = (size_t)exact;
    if ((double)rank < exact) {
        rank++;
    }
    return s->values[rank ? rank - 1 : 0];
}

double
bc_samples_mean(const struct bc_samples *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        sum += s->values[i];
    }
    return s->count ? sum / (double)s->count : 0;
}

void
bc_samples_finish(struct bc_samples *s)
{
    free(s->values);
    *s = (struct bc_samples){0};
}

void
bc_samples_write(struct bc_buf *out, const char *name, struct bc_samples *s)
{
    if (!s->count) {
        bc_buf_add_format(out, "\"%s\":null", name);
        return;
    }
    bc_buf_add_format(out, "\"%s\":{\"n\":%zu,\"min\":%.3f,\"p50\":%.3f,\"p95\":%.3f,",
                      name, s->count, bc_samples_percentile(s, 0),
                      bc_samples_percentile(s, 50), bc_samples_percentile(s, 95));
    bc_buf_add_format(out, "\"p99\":%.3f,\"max\":%.3f}", bc_samples_percentile(s, 99),
                      bc_samples_percentile(s, 100));
}

static void
count(struct counter *table, const char *name)
{
    size_t i = 0;
    while (i < MAX_COUNTERS - 1 && table[i].count &&
           strncmp(table[i].name, name, MAX_COUNTER_NAME - 1)) {
        i++;
    }
    if (!table[i].count) {
        snprintf(table[i].name, MAX_COUNTER_NAME, "%s",
                 i < MAX_COUNTERS - 1 ? name : "other");
    }
    table[i].count++;
}

static void
counters_write(struct bc_buf *out, const struct counter *table)
{
    bc_buf_add_text(out, "{");
    for (size_t i = 0; i < MAX_COUNTERS && table[i].count; i++) {
        bc_buf_add_text(out, i ? ",\"" : "\"");
        bc_json_text(out, table[i].name);
        bc_buf_add_format(out, "\":%u", table[i].count);
    }
    bc_buf_add_text(out, "}");
}

void
bc_count_error(const char *name)
{
    count(errors, name);
}

void
bc_count_note(const char *name)
{
    count(notes, name);
}

void
bc_errors_write(struct bc_buf *out)
{
    counters_write(out, errors);
}

void
bc_notes_write(struct bc_buf *out)
{
    counters_write(out, notes);
}

void
bc_json_text(struct bc_buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c >= 32 && *c < 127 && *c != '"' && *c != '\\') {
            bc_buf_add(out, c, 1);
        }
    }
}
