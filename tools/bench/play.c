// SPDX-License-Identifier: Apache-2.0
// The play command: starts the viewers, opens and closes the measuring window.
#include "play.h"

#include <stdio.h>
#include <string.h>

#include "loop.h"
#include "options.h"

enum { SCAN_MS = 5, MAX_URL = 1400 };

enum phase { PHASE_BASELINE, PHASE_RAMP, PHASE_WARMUP, PHASE_WINDOW };

static const char *const phase_names[] = {"baseline", "ramp", "warmup", "window"};

static const struct bc_viewer_kind *const kinds[] = {
    &bc_viewer_rtmp,
    &bc_viewer_flv,
    &bc_viewer_ws_flv,
    &bc_viewer_llhls,
    &bc_viewer_whep,
    &bc_viewer_janus,
};

static struct bc_run run;
static enum phase phase;
static int64_t phase_end_ns;
static int64_t ramp_start_ns;
static int64_t next_scan_ns;
static int64_t next_second_ns;
static struct bc_proc_sample last_second;
static uint64_t last_second_bytes;

static double
to_ms(int64_t ns)
{
    return (double)ns / BC_NS_PER_MS;
}

int
bc_run_count(const struct bc_run *r, enum bc_viewer_state state)
{
    int n = 0;
    for (int i = 0; i < r->started; i++) {
        n += r->viewers[i].state == state;
    }
    return n;
}

void
bc_viewer_raise_gap_threshold(int64_t ns)
{
    run.gap_ns = bc_max64(run.gap_ns, ns);
}

void
bc_viewer_on_failed(struct bc_viewer *v, const char *what)
{
    if (v->state >= BC_VIEWER_FAILED) {
        return;
    }
    v->state = v->state == BC_VIEWER_PLAYING ? BC_VIEWER_DROPPED : BC_VIEWER_FAILED;
    v->wake_ns = 0;
    bc_count_error(what);
    if (!bc_options.quiet) {
        fprintf(stderr, "viewer %d %s: %s\n", v->id,
                v->state == BC_VIEWER_FAILED ? "failed" : "dropped", what);
    }
    run.kind->stop(v);
}

void
bc_viewer_on_lost(struct bc_viewer *v, uint64_t count)
{
    if (run.window_open) {
        v->lost += count;
    }
}

// A frame left out shows as two timestamps about two frames apart. The quarter forgives
// what the end of the looped file adds.
static void
check_timestamp(struct bc_viewer *v, int64_t ts_ms)
{
    if (v->last_video_ts_ms >= 0 && bc_options.fps > 0) {
        double frames = (double)(ts_ms - v->last_video_ts_ms) * bc_options.fps / 1000;
        if (frames >= 1.75) {
            bc_viewer_on_lost(v, (uint64_t)(frames - 0.75));
        }
    }
    v->last_video_ts_ms = ts_ms;
}

static void
check_gap(struct bc_viewer *v, int64_t now_ns)
{
    if (!run.window_open || !v->last_video_ns) {
        return;
    }
    int64_t gap = now_ns - v->last_video_ns;
    v->gaps += gap > run.gap_ns;
    v->max_gap_ns = bc_max64(v->max_gap_ns, gap);
}

void
bc_viewer_on_media(struct bc_viewer *v, int64_t now_ns, struct bc_viewer_media m)
{
    if (!v->first_media_ns) {
        v->first_media_ns = now_ns;
        v->state = BC_VIEWER_PLAYING;
        bc_samples_add(&run.join_media_ms, to_ms(now_ns - v->start_ns));
    }
    if (m.key && !v->first_key_ns) {
        v->first_key_ns = now_ns;
        bc_samples_add(&run.join_key_ms, to_ms(now_ns - v->start_ns));
        if (!v->probe) {
            run.kind->move_to_bulk(v);
        }
    }
    if (!m.video) {
        return;
    }
    v->frames++;
    if (m.ts_ms >= 0) {
        check_timestamp(v, m.ts_ms);
    }
    check_gap(v, now_ns);
    v->last_video_ns = now_ns;
}

void
bc_viewer_on_answered(struct bc_viewer *v, int64_t now_ns)
{
    bc_samples_add(&run.join_answer_ms, to_ms(now_ns - v->start_ns));
}

void
bc_viewer_on_connected(struct bc_viewer *v, int64_t now_ns)
{
    bc_samples_add(&run.join_connected_ms, to_ms(now_ns - v->start_ns));
}

static void
on_stamp(void *userdata, int64_t sent_ns)
{
    struct bc_viewer *v = userdata;
    v->newest_sent_ns = sent_ns;
    v->oldest_sent_ns = v->oldest_sent_ns ? v->oldest_sent_ns : sent_ns;
}

void
bc_viewer_scan(struct bc_viewer *v, const uint8_t *p, size_t n)
{
    if (v->probe) {
        bc_stamp_scan_feed(&v->scan, p, n, on_stamp, v);
    }
}

void
bc_viewer_scan_done(struct bc_viewer *v, int64_t now_ns)
{
    if (v->newest_sent_ns && run.window_open) {
        bc_samples_add(&run.delay_ms, to_ms(now_ns - v->newest_sent_ns));
        if (run.kind->in_segments) {
            bc_samples_add(&run.delay_oldest_ms, to_ms(now_ns - v->oldest_sent_ns));
        }
    }
    v->newest_sent_ns = v->oldest_sent_ns = 0;
}

static void
on_loop_lag(double lag_ms)
{
    if (run.window_open) {
        bc_samples_add(&run.loader_lag_ms, lag_ms);
    }
}

// Probes are spread evenly from the first viewer to the last: servers serve viewers in
// some order, and neither end of it alone would be fair.
static bool
is_probe(int id)
{
    int probes = bc_options.probes;
    if (probes <= 1) {
        return probes == 1 && id == bc_options.count / 2;
    }
    for (int i = 0; i < probes; i++) {
        if (id == (int)((int64_t)i * (bc_options.count - 1) / (probes - 1))) {
            return true;
        }
    }
    return false;
}

static void
start_viewer(int64_t now_ns)
{
    struct bc_viewer *v = &run.viewers[run.started];
    const char *text = bc_options.url;
    const char *hole = strstr(text, "{}");
    char own[MAX_URL];
    v->id = run.started++;
    v->probe = is_probe(v->id);
    if (hole) {
        snprintf(own, sizeof(own), "%.*s%d%s", (int)(hole - text), text,
                 v->id % bc_options.streams, hole + 2);
    } else {
        snprintf(own, sizeof(own), "%s", text);
    }
    if (bc_url_parse(&v->url, own)) {
        bc_die("bad address: %s", own);
    }
    v->start_ns = now_ns;
    v->last_video_ts_ms = -1;
    v->state = BC_VIEWER_JOINING;
    run.kind->start(v);
}

static int64_t
next_start_ns(void)
{
    return ramp_start_ns +
           (int64_t)(run.started / bc_options.ramp_per_s * (double)BC_NS_PER_S);
}

static void
open_window(int64_t now_ns)
{
    run.window_open = true;
    run.window_start_ns = now_ns;
    bc_procstat_read(&run.at_window_start);
    for (int i = 0; i < run.started; i++) {
        struct bc_viewer *v = &run.viewers[i];
        v->bytes_before = v->bytes;
        v->frames_before = v->frames;
        v->packets_before = v->packets;
        if (run.kind->on_window) {
            run.kind->on_window(v, true);
        }
    }
}

static void
close_window(int64_t now_ns)
{
    for (int i = 0; i < run.started; i++) {
        struct bc_viewer *v = &run.viewers[i];
        if (v->state == BC_VIEWER_PLAYING) {
            check_gap(v, now_ns); // silent at the end
        }
        if (v->state == BC_VIEWER_PLAYING && run.kind->on_window) {
            run.kind->on_window(v, false);
        }
    }
    bc_procstat_read(&run.at_window_end);
    run.window_end_ns = now_ns;
    run.window_open = false;
    bc_loop_stop();
}

static void
advance_phase(int64_t now_ns)
{
    if (phase == PHASE_BASELINE && now_ns >= phase_end_ns) {
        bc_procstat_read(&run.at_ramp);
        ramp_start_ns = now_ns;
        phase = PHASE_RAMP;
    }
    if (phase == PHASE_RAMP) {
        while (run.started < bc_options.count && now_ns >= next_start_ns()) {
            start_viewer(bc_now_ns());
        }
        if (run.started == bc_options.count) {
            phase_end_ns = now_ns + (int64_t)(bc_options.warmup_s * BC_NS_PER_S);
            phase = PHASE_WARMUP;
        }
    }
    if (phase == PHASE_WARMUP && now_ns >= phase_end_ns) {
        phase_end_ns = now_ns + (int64_t)(bc_options.duration_s * BC_NS_PER_S);
        phase = PHASE_WINDOW;
        open_window(bc_now_ns());
    } else if (phase == PHASE_WINDOW && now_ns >= phase_end_ns) {
        close_window(now_ns);
    }
}

static void
check_timers(int64_t now_ns)
{
    for (int i = 0; i < run.started; i++) {
        struct bc_viewer *v = &run.viewers[i];
        int64_t joining_ns = now_ns - v->start_ns;
        if (v->state == BC_VIEWER_JOINING &&
            joining_ns > (int64_t)(bc_options.join_timeout_s * BC_NS_PER_S)) {
            char what[64];
            snprintf(what, sizeof(what), "timeout:%s", v->stage);
            bc_viewer_on_failed(v, what);
        } else if (v->wake_ns && now_ns >= v->wake_ns) {
            v->wake_ns = 0;
            run.kind->on_timer(v, now_ns);
        }
    }
}

static void
on_second(int64_t now_ns)
{
    struct bc_proc_sample s;
    uint64_t bytes = 0;
    bc_procstat_read(&s);
    for (int i = 0; i < run.started; i++) {
        bytes += run.viewers[i].bytes;
    }
    if (run.window_open) {
        bc_samples_add(&run.rss_kb, s.server_rss_kb);
    }
    if (!bc_options.quiet) {
        double secs = (double)(s.time_ns - last_second.time_ns) / BC_NS_PER_S;
        double server_ms = to_ms(s.server_cpu_ns - last_second.server_cpu_ns);
        double self_ms = to_ms(s.self_cpu_ns - last_second.self_cpu_ns);
        fprintf(stderr, "%5.1fs %-8s %d/%d up  %.1f Mbit/s  loader %.1f%%",
                (double)(now_ns - run.at_begin.time_ns) / BC_NS_PER_S, phase_names[phase],
                bc_run_count(&run, BC_VIEWER_PLAYING), bc_options.count,
                (double)(bytes - last_second_bytes) * 8e-6 / secs, self_ms / secs / 10);
        fprintf(stderr, "  server %.1f%% %.1f MB\n", server_ms / secs / 10,
                s.server_rss_kb / 1024);
    }
    last_second = s;
    last_second_bytes = bytes;
}

static int64_t
step(int64_t now_ns)
{
    advance_phase(now_ns);
    if (now_ns >= next_scan_ns) {
        next_scan_ns = now_ns + SCAN_MS * BC_NS_PER_MS;
        check_timers(now_ns);
    }
    if (now_ns >= next_second_ns) {
        next_second_ns += BC_NS_PER_S;
        on_second(now_ns);
    }
    int64_t next = bc_min64(next_scan_ns, next_second_ns);
    if (phase == PHASE_RAMP) {
        next = bc_min64(next, next_start_ns());
    }
    return phase == PHASE_WINDOW ? bc_min64(next, phase_end_ns) : next;
}

static const struct bc_viewer_kind *
kind_of(const char *url)
{
    const char *name = bc_options.kind;
    if (!name) {
        name = !strncmp(url, "rtmp:", 5) ? "rtmp"
               : !strncmp(url, "ws:", 3) ? "ws-flv"
               : strstr(url, ".m3u8")    ? "llhls"
               : strstr(url, "/whep")    ? "whep"
                                         : "flv";
    }
    for (size_t i = 0; i < BC_ARRAY_LEN(kinds); i++) {
        if (!strcmp(name, kinds[i]->name)) {
            return kinds[i];
        }
    }
    bc_die("no such kind: %s", name);
}

int
bc_play(void)
{
    run.kind = kind_of(bc_options.url);
    run.viewers = bc_xcalloc((size_t)bc_options.count * sizeof(*run.viewers));
    run.gap_ns = bc_options.gap_ns;
    if (bc_options.server_pids) {
        bc_procstat_set_server(bc_options.server_pids);
    }
    bc_loop_set_lag_callback(on_loop_lag);
    bc_procstat_read(&run.at_begin);
    last_second = run.at_begin;
    int64_t begin_ns = run.at_begin.time_ns;
    double baseline_s = bc_procstat_has_server() ? bc_options.baseline_s : 0;
    phase_end_ns = begin_ns + (int64_t)(baseline_s * BC_NS_PER_S);
    next_scan_ns = begin_ns;
    next_second_ns = begin_ns + BC_NS_PER_S;
    bc_loop_run(step);
    if (phase != PHASE_WINDOW) {
        bc_die("stopped before the measuring window was open");
    }
    if (run.window_open) { // interrupted: report what there is
        close_window(bc_now_ns());
    }
    for (int i = 0; i < run.started; i++) {
        struct bc_viewer *v = &run.viewers[i];
        if (v->state == BC_VIEWER_JOINING) {
            bc_viewer_on_failed(v, "not_joined_at_the_end");
        } else if (v->state == BC_VIEWER_PLAYING) {
            run.kind->stop(v);
        }
    }
    return bc_report(&run);
}
