// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/writer.h"
#include "control_internal.h"

#define TYPE "text/plain; version=0.0.4; charset=utf-8"

void
bc_metrics_write_label(struct bc_writer *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n') {
            bc_write_str(out, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\') {
            bc_write_u8(out, '\\');
        }
        bc_write_u8(out, (uint8_t)*value);
    }
}

static void
write_head(struct bc_writer *out, const char *name, const char *help, bool counter)
{
    bc_write_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
        counter ? "counter" : "gauge");
}

static void
write_process(struct bc_writer *out, const struct bc_control_totals *totals)
{
    for (size_t i = 0; i < BC_METRICS_PROCESS_COUNT; i++) {
        const struct bc_metric_process *m = &BC_METRICS_PROCESS[i];
        uint64_t value;
        memcpy(&value, (const char *)totals + m->offset, sizeof(value));
        write_head(out, m->name, m->help, m->counter);
        bc_write_fmt(out, "%s %llu\n", m->name, (unsigned long long)value);
    }
    write_head(out, "branchcast_uptime_seconds", "Since the server started.", false);
    bc_write_fmt(out, "branchcast_uptime_seconds %.3f\n",
        (double)totals->uptime_us / 1e6);
    write_head(out, "branchcast_build_info", "Which version runs.", false);
    bc_write_str(out, "branchcast_build_info{version=\"");
    bc_metrics_write_label(out, BC_VERSION);
    bc_write_str(out, "\"} 1\n");
}

struct samples {
    struct bc_metric_sample *list; // owned
    size_t count;
    size_t cap;
    bool failed;
};

static bool
add_sample(void *user, const struct bc_channel_info *info)
{
    struct samples *s = user;
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct bc_metric_sample *list = realloc(s->list, cap * sizeof(*list));
        if (!list) {
            s->failed = true;
            return false;
        }
        s->list = list;
        s->cap = cap;
    }
    struct bc_metric_sample *sample = &s->list[s->count++];
    *sample = (struct bc_metric_sample){
        .live = info->state == BC_CHANNEL_LIVE,
        .video_kbps = info->video.kbps,
        .audio_kbps = info->audio.kbps,
        .fps = info->video.fps,
        .gop_us = info->gop_us,
        .takes = info->takes,
        .repairs = info->timestamp_repairs,
        .jumps = info->timestamp_jumps,
    };
    memcpy(sample->name, info->name, sizeof(sample->name));
    memcpy(sample->viewers, info->viewers, sizeof(sample->viewers));
    sample->viewer_lines = info->viewer_lines;
    if (info->history_count > 0) {
        sample->host_line = info->history[0].line;
    }
    return true;
}

static void
write_sample(struct bc_writer *out, const struct bc_metric_channel *m,
    const struct bc_metric_sample *sample, int variant)
{
    bc_write_fmt(out, "%s{channel=\"", m->name);
    bc_metrics_write_label(out, sample->name);
    if (m->label) {
        bc_write_fmt(out, "\",%s=\"", m->label);
        bc_metrics_write_label(out, m->variant(variant));
    }
    bc_write_fmt(out, "\"} %.15g\n", m->read(sample, variant));
}

// All lines of one metric must stand together.
static void
write_channels(struct bc_writer *out, const struct samples *s)
{
    for (size_t i = 0; i < BC_METRICS_CHANNEL_COUNT; i++) {
        const struct bc_metric_channel *m = &BC_METRICS_CHANNEL[i];
        write_head(out, m->name, m->help, m->counter);
        for (size_t c = 0; c < s->count; c++) {
            for (int v = 0; v < m->variants; v++) {
                write_sample(out, m, &s->list[c], v);
            }
        }
    }
}

bool
bc_metrics_write(struct bc_writer *out, struct bc_hub *hub,
    const struct bc_control_totals *totals)
{
    struct samples s = { 0 };
    bool ok = bc_control_each(hub, add_sample, &s) && !s.failed;
    if (ok) {
        write_process(out, totals);
        write_channels(out, &s);
    }
    free(s.list);
    return ok && !out->failed;
}

void
bc_control_metrics(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    struct bc_control_totals totals = { 0 };
    control->params.totals(control->params.user, &totals);
    struct bc_writer w = { 0 };
    struct bc_buf *body = NULL;
    if (bc_metrics_write(&w, control->params.hub, &totals)) {
        body = bc_buf_from_writer(&w);
    }
    bc_writer_finish(&w);
    if (!body) {
        bc_control_respond_json(x, 200, NULL);
        return;
    }
    struct bc_http_response r = {
        .status = 200,
        .content_type = TYPE,
        .headers = BC_CONTROL_NO_STORE,
        .bufs = &body,
        .count = 1,
    };
    bc_http_respond(x, &r);
    bc_buf_unref(&body);
}
