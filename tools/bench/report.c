// SPDX-License-Identifier: Apache-2.0
// The JSON line of the play command.
#include <stdio.h>

#include "options.h"
#include "play.h"

enum {
    STEAL_LIMIT_PERCENT = 2,
    LOADER_LIMIT_PERCENT = 70,
    LOADER_LAG_LIMIT_MS = 10,
    OTHERS_LIMIT_PERCENT = 15, // the publisher is among them
    SERVER_LIMIT_PERCENT = 90,
};

struct viewer_totals {
    uint64_t bytes;
    uint64_t lost;
    uint64_t gaps;
    int64_t max_gap_ns;
    int joined;
    uint64_t packets;
    uint64_t packets_expected;
    uint64_t packets_lost;
    uint64_t loader_drops;
    struct bc_samples mbit;
    struct bc_samples fps;
};

static double
percent(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static int64_t
window_ns(const struct bc_run *run)
{
    return run->at_window_end.time_ns - run->at_window_start.time_ns;
}

static double
server_percent(const struct bc_run *run)
{
    return percent(run->at_window_end.server_cpu_ns - run->at_window_start.server_cpu_ns,
                   window_ns(run));
}

static double
loader_percent(const struct bc_run *run)
{
    return percent(run->at_window_end.self_cpu_ns - run->at_window_start.self_cpu_ns,
                   window_ns(run));
}

static double
core_percent(const struct bc_run *run, int core, bool steal)
{
    const struct bc_core_ticks *a = &run->at_window_start.cores[core];
    const struct bc_core_ticks *z = &run->at_window_end.cores[core];
    uint64_t part = steal ? z->steal - a->steal : z->busy - a->busy;
    return percent((int64_t)part, (int64_t)(z->total - a->total));
}

// What ran on the machine beside server and loader, in percent of one core.
static double
others_percent(const struct bc_run *run)
{
    double busy = 0;
    for (int i = 0; i < bc_procstat_core_count(); i++) {
        busy += core_percent(run, i, false);
    }
    double others = busy - loader_percent(run) - server_percent(run);
    return others > 0 ? others : 0;
}

static double
max_steal_percent(const struct bc_run *run)
{
    double max = 0;
    for (int i = 0; i < bc_procstat_core_count(); i++) {
        double steal = core_percent(run, i, true);
        max = steal > max ? steal : max;
    }
    return max;
}

static struct viewer_totals
sum_up(const struct bc_run *run)
{
    struct viewer_totals t = {0};
    double secs = (double)window_ns(run) / BC_NS_PER_S;
    for (int i = 0; i < run->started; i++) {
        const struct bc_viewer *v = &run->viewers[i];
        t.joined += v->first_media_ns != 0;
        t.bytes += v->bytes - v->bytes_before;
        t.lost += v->lost;
        t.gaps += v->gaps;
        t.packets += v->packets - v->packets_before;
        t.packets_expected += v->packets_expected;
        t.packets_lost += v->packets_lost;
        t.loader_drops += v->loader_drops;
        t.max_gap_ns = bc_max64(t.max_gap_ns, v->max_gap_ns);
        if (v->state == BC_VIEWER_PLAYING) {
            bc_samples_add(&t.mbit, (double)(v->bytes - v->bytes_before) * 8e-6 / secs);
            bc_samples_add(&t.fps, (double)(v->frames - v->frames_before) / secs);
        }
    }
    return t;
}

static void
write_viewers(struct bc_buf *b, struct bc_run *run, struct viewer_totals *t)
{
    double secs = (double)window_ns(run) / BC_NS_PER_S;
    bc_buf_add_format(b, "\"count\":%d,\"joined\":%d,\"failed\":%d,\"dropped\":%d,",
                      bc_options.count, t->joined, bc_options.count - t->joined,
                      bc_run_count(run, BC_VIEWER_DROPPED));
    bc_buf_add_format(b, "\"probes\":%d,\"window_s\":%.3f,\"mbit_per_s\":%.3f,",
                      bc_options.probes, secs, (double)t->bytes * 8e-6 / secs);
    bc_samples_write(b, "viewer_mbit", &t->mbit);
    bc_buf_add_text(b, ",");
    bc_samples_write(b, run->kind->in_segments ? "parts_per_s" : "video_fps", &t->fps);
    bc_buf_add_format(b, ",\"lost\":%llu,\"gaps\":%llu,\"gap_threshold_ms\":%lld,",
                      (unsigned long long)t->lost, (unsigned long long)t->gaps,
                      (long long)(run->gap_ns / BC_NS_PER_MS));
    bc_buf_add_format(b, "\"max_gap_ms\":%lld,",
                      (long long)(t->max_gap_ns / BC_NS_PER_MS));
    bc_samples_write(b, "join_ms", &run->join_media_ms);
    bc_buf_add_text(b, ",");
    bc_samples_write(b, "join_key_ms", &run->join_key_ms);
    bc_buf_add_text(b, ",");
    bc_samples_write(b, "delay_ms", &run->delay_ms);
    bc_buf_add_text(b, ",");
    bc_samples_write(b, "delay_oldest_ms", &run->delay_oldest_ms);
}

// Packets are those of all viewers, audio included.
static void
write_rtp(struct bc_buf *b, struct bc_run *run, const struct viewer_totals *t)
{
    int up = bc_run_count(run, BC_VIEWER_PLAYING);
    double secs = (double)window_ns(run) / BC_NS_PER_S;
    double per_s = (double)t->packets / secs;
    bc_buf_add_format(b, ",\"rtp\":{\"packets_per_s\":%.1f,", per_s);
    bc_buf_add_format(b, "\"packets_per_viewer_s\":%.2f,", up ? per_s / up : 0);
    bc_buf_add_format(b, "\"expected\":%llu,\"lost\":%llu,\"loader_drops\":%llu},",
                      (unsigned long long)t->packets_expected,
                      (unsigned long long)t->packets_lost,
                      (unsigned long long)t->loader_drops);
    bc_samples_write(b, "join_answer_ms", &run->join_answer_ms);
    bc_buf_add_text(b, ",");
    bc_samples_write(b, "join_connected_ms", &run->join_connected_ms);
}

static void
write_server(struct bc_buf *b, struct bc_run *run)
{
    int up = bc_run_count(run, BC_VIEWER_PLAYING);
    double busy = server_percent(run);
    double base = percent(run->at_ramp.server_cpu_ns - run->at_begin.server_cpu_ns,
                          run->at_ramp.time_ns - run->at_begin.time_ns);
    bc_samples_add(&run->rss_kb, run->at_window_end.server_rss_kb);
    double rss_kb = bc_samples_mean(&run->rss_kb);
    double before_kb = run->at_ramp.server_rss_kb;
    bc_buf_add_format(b, ",\"server_cpu_percent\":%.2f,\"server_cpu_base_percent\":%.2f,",
                      busy, base);
    bc_buf_add_format(b, "\"rss_mb\":%.2f,\"rss_before_mb\":%.2f", rss_kb / 1024,
                      before_kb / 1024);
    if (up) { // one percent of a core is 10 ms a second
        bc_buf_add_format(b, ",\"cpu_ms_per_viewer_s\":%.4f,", busy * 10 / up);
        bc_buf_add_format(b, "\"cpu_ms_per_viewer_s_net\":%.4f,",
                          (busy - base) * 10 / up);
        bc_buf_add_format(b, "\"rss_kb_per_viewer\":%.2f", (rss_kb - before_kb) / up);
    }
}

static void
write_warning(struct bc_buf *b, bool is_true, const char *name)
{
    if (is_true) {
        const char *comma = b->data[b->len - 1] == '[' ? "" : ",";
        bc_buf_add_format(b, "%s\"%s\"", comma, name);
    }
}

// What makes the figures doubtful.
static void
write_warnings(struct bc_buf *b, struct bc_run *run, const struct viewer_totals *t)
{
    bool server = bc_procstat_has_server();
    double lag_ms = bc_samples_percentile(&run->loader_lag_ms, 99);
    bc_buf_add_text(b, ",\"warnings\":[");
    write_warning(b, max_steal_percent(run) > STEAL_LIMIT_PERCENT, "cpu_stolen");
    write_warning(b, loader_percent(run) > LOADER_LIMIT_PERCENT, "loader_busy");
    write_warning(b, t->loader_drops > 0, "loader_dropped_packets");
    write_warning(b, lag_ms > LOADER_LAG_LIMIT_MS, "loader_late");
    write_warning(b, server && others_percent(run) > OTHERS_LIMIT_PERCENT,
                  "machine_busy");
    write_warning(b, server_percent(run) > SERVER_LIMIT_PERCENT, "server_saturated");
    bc_buf_add_text(b, "]");
}

int
bc_report(struct bc_run *run)
{
    struct bc_buf b = {0};
    struct viewer_totals totals = sum_up(run);
    bc_buf_add_format(&b, "{\"kind\":\"%s\",\"url\":\"", run->kind->name);
    bc_json_text(&b, bc_options.url);
    bc_buf_add_text(&b, "\",");
    write_viewers(&b, run, &totals);
    if (run->kind->rtp) {
        write_rtp(&b, run, &totals);
    }
    bc_buf_add_text(&b, ",\"errors\":");
    bc_errors_write(&b);
    bc_buf_add_text(&b, ",\"notes\":");
    bc_notes_write(&b);
    bc_buf_add_format(&b, ",\"loader_cpu_percent\":%.2f,", loader_percent(run));
    bc_samples_write(&b, "loader_lag_ms", &run->loader_lag_ms);
    bc_buf_add_format(&b, ",\"steal_percent\":%.2f", max_steal_percent(run));
    if (bc_procstat_has_server()) {
        bc_buf_add_format(&b, ",\"others_cpu_percent\":%.2f", others_percent(run));
        write_server(&b, run);
    }
    write_warnings(&b, run, &totals);
    bc_buf_add_text(&b, "}\n");
    fwrite(b.data, 1, b.len, stdout);
    fflush(stdout);
    bc_buf_finish(&b);
    bc_samples_finish(&totals.mbit);
    bc_samples_finish(&totals.fps);
    bool all = totals.joined == bc_options.count && !bc_run_count(run, BC_VIEWER_DROPPED);
    return all ? 0 : 1;
}
