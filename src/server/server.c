// SPDX-License-Identifier: Apache-2.0
#include "parts.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "access/keys.h"
#include "base/clock.h"
#include "base/writer.h"
#include "card/cards.h"
#include "card/pictures.h"
#include "cue/cue.h"
#include "net/disk.h"
#include "picture/picture.h"
#include "protocol/http/files.h"
#include "protocol/srt/srt.h"
#include "protocol/webrtc/port.h"
#include "scenes/scenes.h"
#include "schedule/schedule.h"
#include "slate/slate.h"
#include "transmux/outputs.h"
#include "transmux/recoder.h"

#define DRAIN_DEADLINE_US 8000000
#define DRAIN_POLL_MS 20
// A read that hangs on a bad disk must not hold all others up.
#define DISK_THREADS 4

// --- what the parts call back ---

static struct bc_outputs *
open_outputs(void *user, struct bc_channel *channel)
{
    struct bc_server *s = user;
    return bc_outputs_create(channel, s->codecs);
}

static void
close_outputs(void *user, struct bc_outputs *outputs)
{
    (void)user;
    bc_outputs_destroy(outputs);
}

static void
on_broadcast(void *user, struct bc_channel *channel)
{
    bc_server_on_broadcast(user, channel);
}

static void
on_close(void *user, struct bc_channel *channel)
{
    bc_server_on_channel_close(user, channel);
}

static void
on_program(void *user, struct bc_channel *channel, struct bc_channel *program)
{
    bc_server_on_program(user, channel, program);
}

static void
on_cue_point(void *user, struct bc_channel *channel, const struct bc_packet *packet,
    int64_t sent_us)
{
    bc_server_on_cue_point(user, channel, packet, sent_us);
}

static bool
wanted(void *user, const char *name, const char *via)
{
    return bc_server_want(user, name, via);
}

static const struct bc_hub_ops HUB_OPS = {
    .open_outputs = open_outputs,
    .close_outputs = close_outputs,
    .on_broadcast = on_broadcast,
    .on_close = on_close,
    .on_program = on_program,
    .on_cue_point = on_cue_point,
    .open_slate = bc_server_open_slate,
    .close_slate = bc_server_close_slate,
    .slate_problem = bc_server_slate_problem,
    .wanted = wanted,
    .admits = bc_server_admit_composer,
};

static bool
is_ready(void *user)
{
    struct bc_server *s = user;
    return atomic_load(&s->ready);
}

static bool
send_message(void *user, const char *channel, const char *text)
{
    const struct bc_server *s = user;
    bool ok = true;
    for (unsigned i = 0; i < s->worker_count && ok; i++) {
        ok = bc_server_worker_post_message(&s->workers[i], channel, text);
    }
    return ok;
}

// --- starting ---

static struct bc_http_files *
load_pages_from(const char *folder)
{
    char error[256];
    struct bc_http_files *files = bc_http_files_load(folder, error, sizeof(error));
    if (!files) {
        bc_warn(NULL, "web pages: %s", error);
    }
    return files;
}

// The built pages: where BRANCHCAST_WEB says, or where an installation or a build tree
// has them.
static struct bc_http_files *
load_pages(void)
{
    static const char *const PLACES[] = { "/../share/branchcast/web",
        "/../../src/web/dist" };
    if (getenv("BRANCHCAST_WEB")) {
        return load_pages_from(getenv("BRANCHCAST_WEB"));
    }
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    const char *folder = dirname(exe);
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        char path[PATH_MAX + 64];
        snprintf(path, sizeof(path), "%s%s", folder, PLACES[i]);
        if (access(path, R_OK) == 0) {
            return load_pages_from(path);
        }
    }
    bc_warn(NULL, "the web pages are not built: run npm ci && npm run build in src/web");
    return NULL;
}

// Every connection is a descriptor; the usual soft limit of 1024 would end an evening
// early.
static void
raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static unsigned
choose_workers(const struct bc_config *config)
{
    long n = config->workers > 0 ? (long)config->workers : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > BC_WORKER_MAX ? BC_WORKER_MAX : (unsigned)n;
}

static int
open_parts(struct bc_server *s)
{
    struct bc_writer error = { 0 };
    int ret = bc_keys_open(s->config->data.dir, &s->keys, &error);
    if (ret != 0) {
        bc_error(NULL, "%.*s", (int)error.len, error.data ? (char *)error.data : "");
        bc_writer_finish(&error);
        return ret;
    }
    bc_writer_finish(&error);
    s->files = load_pages();
    s->codecs = bc_codec_threads_create(choose_workers(s->config));
    s->pictures = bc_pictures_create();
    s->disk = bc_disk_create(DISK_THREADS);
    s->uploads = bc_picture_store_open(s->config->data.dir);
    s->cards = bc_cards_create(s->config->cards.dir, s->uploads, s->disk);
    s->replays = bc_replays_create();
    s->webrtc = bc_webrtc_create();
    s->schedules = bc_schedules_open(s->config->data.dir);
    if (!s->disk || !s->uploads || !s->cards || !s->schedules || !bc_server_record_create(s)) {
        return -EBUSY;
    }
    s->hub = bc_hub_create(&HUB_OPS, s, s->config);
    bool cues = s->hub && bc_server_cues_open(s);
    bool scenes = s->hub && bc_server_scenes_open(s);
    bool record = s->hub && bc_server_record_start(s);
    s->slates = s->hub ? bc_slates_create(s->hub) : NULL;
    s->sessions = bc_hls_sessions_create();
    s->half_open = bc_half_open_create();
    bool srt = bc_server_srt_create(s);
    s->relays = bc_server_relays_create(s);
    s->edges = bc_server_edges_create(s);
    struct bc_control_params params = { .hub = s->hub, .keys = s->keys, .files = s->files,
        .totals = bc_server_totals, .ready = is_ready,
        .send_message = send_message, .relays = &BC_SERVER_RELAY_OPS, .user = s,
        .library = s->library, .catalogue = s->catalogue, .recorder = s->recorder,
        .clips = s->clips, .retention = s->retention, .disk = s->disk,
        .schedules = s->schedules, .scenes = s->scenes, .cues = s->cues,
        .pictures = s->uploads, .cards = s->cards };
    s->control = s->hub ? bc_control_create(&params) : NULL;
    bool ok = s->control && s->sessions && s->half_open && s->relays && s->edges
        && s->codecs && s->pictures && s->replays && s->slates && record && s->webrtc
        && srt && cues && scenes;
    return ok ? 0 : -ENOMEM;
}

static int
open_workers(struct bc_server *s)
{
    unsigned count = choose_workers(s->config);
    s->workers = calloc(count, sizeof(*s->workers));
    if (!s->workers) {
        return -ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        s->worker_count = i + 1;
        if (!bc_server_worker_init(&s->workers[i], s, i)) {
            return -EADDRNOTAVAIL;
        }
    }
    struct bc_worker *workers[BC_WORKER_MAX];
    for (unsigned i = 0; i < count && i < BC_WORKER_MAX; i++) {
        workers[i] = s->workers[i].worker;
    }
    bc_hub_set_workers(s->hub, workers, count);
    bc_server_inherit_rest(s);
    bc_server_state_restore(s);
    for (unsigned i = 0; i < count; i++) {
        int ret = bc_worker_start(s->workers[i].worker);
        if (ret != 0) {
            return ret;
        }
    }
    return 0;
}

static void
free_parts(struct bc_server *s);

int
bc_server_start(struct bc_server *s)
{
    raise_file_limit();
    s->started_us = bc_clock_us();
    bc_log_set_level(s->config->log.level);
    bc_log_set_format(s->config->log.format);
    bc_server_log_warnings(s->config);
    bc_server_mark_tls(s, s->config);
    s->handover = bc_server_handover_create();
    int ret = s->handover ? bc_server_handover_begin(s) : -ENOMEM;
    if (ret == 0) {
        ret = open_parts(s);
    }
    if (ret == 0) {
        ret = open_workers(s);
    }
    if (ret == 0 && !bc_server_srt_listen(s)) {
        ret = -EADDRNOTAVAIL;
    }
    if (ret != 0) {
        free_parts(s);
        return ret;
    }
    bc_server_relays_follow(s->relays, s->config);
    if (!bc_scenes_start(s->scenes, s->config)) {
        free_parts(s);
        return -ENOMEM;
    }
    bc_server_schedule_tick(s);
    atomic_store(&s->ready, true);
    bc_server_handover_ready(s);
    bc_info(NULL, "branchcast %s is ready with %u workers", BC_VERSION, s->worker_count);
    return 0;
}

// --- running ---

void
bc_server_tick(struct bc_server *s)
{
    bc_hls_sessions_sweep(s->sessions, bc_clock_us());
    bc_replays_sweep(s->replays, bc_clock_us());
    bc_server_record_tick(s);
    bc_server_schedule_tick(s);
    bc_server_demand_tick(s);
    bc_server_watch_tls(s);
    bc_slates_tick(s->slates, bc_clock_us());
    bc_server_srt_tick(s);
    if (atomic_load(&s->ready)) { // else the next process keeps it
        bc_server_state_tick(s);
        bc_server_cues_tick(s);
    }
}

// --- stopping ---

static uint64_t
open_connections(const struct bc_server *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->worker_count; i++) {
        n += atomic_load(&s->workers[i].worker->connections);
    }
    struct bc_srt_totals srt;
    bc_srt_totals(s->srt, &srt);
    return n + srt.open;
}

// Messages that were under way when the workers stopped: what they carry must be let go.
static void
run_leftovers(struct bc_server *s)
{
    bool any = true;
    while (any) {
        any = false;
        for (unsigned i = 0; i < s->worker_count; i++) {
            any = bc_worker_run_leftovers(s->workers[i].worker) || any;
        }
    }
}

static void
free_parts(struct bc_server *s)
{
    bc_server_handover_destroy(s->handover);
    bc_scenes_stop(s->scenes);
    if (s->srt) {
        bc_srt_close_listeners(s->srt); // nobody is called by who came too late
    }
    for (unsigned i = 0; i < s->worker_count && s->workers[i].worker; i++) {
        bc_worker_stop(s->workers[i].worker);
    }
    for (unsigned i = 0; i < s->worker_count && s->workers[i].worker; i++) {
        bc_worker_join(s->workers[i].worker);
    }
    // Relays whose end was under way; their farewells need the threads that end next.
    run_leftovers(s);
    // These may still post to the workers, whose inboxes are emptied next.
    bc_server_relays_destroy(s->relays);
    if (s->srt) {
        bc_srt_stop(s->srt);
    }
    bc_codec_threads_stop(s->codecs);
    bc_pictures_stop(s->pictures);
    bc_slates_stop(s->slates);
    bc_webrtc_stop(s->webrtc);
    bc_server_record_stop(s);
    bc_disk_destroy(s->disk);
    bc_hls_sessions_destroy(s->sessions);
    if (s->worker_count > 0) {
        run_leftovers(s);
    }
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_server_worker_finish(&s->workers[i]);
    }
    bc_half_open_destroy(s->half_open);
    bc_server_edges_destroy(s->edges);
    bc_scenes_close(s->scenes);
    bc_hub_destroy(s->hub);
    bc_slates_destroy(s->slates);
    bc_server_record_destroy(s);
    bc_cues_close(s->cues);
    bc_schedules_close(s->schedules);
    bc_codec_threads_destroy(s->codecs);
    bc_pictures_destroy(s->pictures);
    bc_replays_destroy(s->replays);
    bc_cards_destroy(s->cards);
    bc_picture_store_close(s->uploads);
    bc_webrtc_destroy(s->webrtc);
    bc_server_srt_destroy(s);
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_worker_destroy(s->workers[i].worker);
    }
    free(s->workers);
    bc_control_destroy(s->control);
    bc_http_files_destroy(s->files);
    bc_keys_close(&s->keys);
    bc_server_state_free(s);
    bc_config_unref(&s->config);
}

void
bc_server_drain(struct bc_server *s, int64_t patience_us)
{
    bc_server_relays_close(s->relays);
    bc_server_edges_close(s->edges);
    bc_hub_drain(s->hub);
    bc_srt_close_listeners(s->srt);
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_server_worker_post_drain(&s->workers[i]);
    }
    int64_t deadline = bc_clock_us() + patience_us;
    while (open_connections(s) > 0 && bc_clock_us() < deadline) {
        poll(NULL, 0, DRAIN_POLL_MS);
    }
}

void
bc_server_stop(struct bc_server *s)
{
    bc_info(NULL, "going down: %llu connections to close",
        (unsigned long long)open_connections(s));
    bool serves = atomic_exchange(&s->ready, false);
    bc_scenes_let_go(s->scenes);
    bc_server_drain(s, DRAIN_DEADLINE_US);
    if (serves) { // else the process that does has written more since
        bc_server_state_close(s);
        bc_server_cues_save(s);
    }
    if (open_connections(s) > 0) {
        // Loops with open connections would never end.
        bc_warn(NULL, "%llu connections did not close in time; leaving",
            (unsigned long long)open_connections(s));
        _exit(0);
    }
    free_parts(s);
    bc_info(NULL, "bye");
}
