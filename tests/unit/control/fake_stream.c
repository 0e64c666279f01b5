// SPDX-License-Identifier: Apache-2.0
#include "fake_stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "access/keys.h"
#include "cue/cue.h"
#include "net/worker.h"
#include "protocol/http/files.h"
#include "schedule/schedule.h"
#include "stream/channel.h"
#include "stream/delay.h"
#include "stream/hub.h"
#include "stream/program.h"

static struct bc_hub *g_hub; // the running test's, for bc_worker_post()

struct bc_config *
bc_hub_config(struct bc_hub *hub)
{
    return bc_config_ref(hub->config);
}

struct bc_channel *
bc_hub_find(struct bc_hub *hub, const char *name)
{
    assert_true(bc_channel_name_is_valid(name));
    for (size_t i = 0; i < hub->count; i++) {
        if (strcmp(hub->channels[i]->info.name, name) == 0) {
            return bc_channel_ref(hub->channels[i]);
        }
    }
    return NULL;
}

size_t
bc_hub_list(struct bc_hub *hub, struct bc_channel **out, size_t max)
{
    for (size_t i = 0; i < hub->count && i < max; i++) {
        out[i] = bc_channel_ref(hub->channels[i]);
    }
    return hub->count;
}

size_t
bc_hub_count(struct bc_hub *hub)
{
    return hub->count - hub->hidden;
}

int
bc_channel_cut(struct bc_channel *channel, int64_t seconds)
{
    (void)channel;
    return seconds == 0 || seconds < -1 ? -EINVAL : 0;
}

struct bc_channel *
bc_channel_ref(struct bc_channel *channel)
{
    channel->refs++;
    return channel;
}

void
bc_channel_unref(struct bc_channel **holder)
{
    if (*holder) {
        (*holder)->refs--;
        *holder = NULL;
    }
}

struct bc_worker *
bc_channel_home(const struct bc_channel *channel)
{
    (void)channel;
    return NULL;
}

const struct bc_logger *
bc_channel_logger(const struct bc_channel *channel)
{
    (void)channel;
    return NULL;
}

enum bc_channel_state
bc_channel_state(const struct bc_channel *channel)
{
    return channel->info.state;
}

void
bc_channel_info(const struct bc_channel *channel, struct bc_channel_info *out)
{
    *out = channel->info;
}

void
bc_channel_kick(struct bc_channel *channel, const char *reason)
{
    assert_true(strlen(reason) > 0);
    channel->kicks++;
}

struct bc_channel *
bc_channel_program(struct bc_channel *channel)
{
    return channel->info.state == BC_CHANNEL_LIVE ? bc_channel_ref(channel) : NULL;
}

void
bc_channel_sources(const struct bc_channel *channel, struct bc_sources_info *out)
{
    *out = channel->sources;
}

int
bc_channel_choose_source(struct bc_channel *channel, int index, bool force)
{
    assert_true(index >= -1 && index < (int)channel->sources.count);
    if (index >= 0 && channel->sources.list[index].state == BC_SOURCE_DOWN && !force) {
        return -EHOSTDOWN;
    }
    channel->chosen = index;
    channel->forced = force;
    channel->sources.manual = index >= 0;
    return 0;
}

void
bc_hub_set_open(struct bc_hub *hub, const char *name, bool open)
{
    snprintf(hub->closed, sizeof(hub->closed), "%s", open ? "" : name);
}

bool
bc_hub_is_open(struct bc_hub *hub, const char *name)
{
    return strcmp(hub->closed, name) != 0;
}

void
bc_worker_post(struct bc_worker *worker, struct bc_task *task)
{
    (void)worker;
    assert_null(g_hub->posted);
    g_hub->posted = task;
}

bool
bc_keys_play_check(const struct bc_keys *keys, const struct bc_config *cfg,
    const char *channel, const char *key)
{
    assert_non_null(keys);
    assert_non_null(cfg);
    return strcmp(channel, "live/hq") == 0 && strcmp(key, "play") == 0;
}

bool
bc_keys_api_check(const struct bc_keys *keys, const char *token)
{
    assert_non_null(keys);
    return strcmp(token, "secret") == 0;
}

// --- the test's side ---

static void
give_totals(void *user, struct bc_control_totals *out)
{
    (void)user;
    out->uptime_us = 1500000;
    out->workers = 2;
    out->connections = 12;
    out->http_requests = 345;
    out->rtmp_refused = 6;
    out->webrtc_sessions = 7;
    out->rtp_resent = 89;
    out->window_bytes = UINT64_C(18446744073709551615);
}

static bool
is_ready(void *user)
{
    return ((struct fake *)user)->ready;
}

static bool
send_message(void *user, const char *channel, const char *text)
{
    struct fake *f = user;
    if (f->no_memory) {
        return false;
    }
    f->messages++;
    snprintf(f->message_channel, sizeof(f->message_channel), "%s", channel);
    assert_true(strlen(text) < sizeof(f->message));
    snprintf(f->message, sizeof(f->message), "%s", text);
    return true;
}

static int
start_relay(void *user, struct bc_control_relay *relay, const char *token)
{
    struct fake *f = user;
    if (f->relay_error) {
        return f->relay_error;
    }
    assert_true(f->relay_count < BC_CONTROL_RELAYS_MAX);
    relay->id = 7 + f->relay_count;
    relay->status.state = BC_RELAY_WAITING;
    relay->since_wall_us = INT64_C(1772366400123000); // 2026-03-01T12:00:00.123Z
    f->relays[f->relay_count++] = *relay;
    snprintf(f->relay_token, sizeof(f->relay_token), "%s", token ? token : "none");
    return 0;
}

// The last one only.
static bool
stop_relay(void *user, uint64_t id)
{
    struct fake *f = user;
    if (f->relay_count == 0 || f->relays[f->relay_count - 1].id != id) {
        return false;
    }
    f->relay_count--;
    return true;
}

static bool
enable_relay(void *user, uint64_t id, bool on)
{
    struct fake *f = user;
    for (size_t i = 0; i < f->relay_count; i++) {
        if (f->relays[i].id == id) {
            f->relays[i].enabled = on;
            return true;
        }
    }
    return false;
}

static size_t
list_relays(void *user, struct bc_control_relay *out)
{
    struct fake *f = user;
    memcpy(out, f->relays, f->relay_count * sizeof(*out));
    return f->relay_count;
}

static const struct bc_control_relay_ops RELAY_OPS = { start_relay, stop_relay,
    enable_relay, list_relays };

static struct bc_config *
load(const char *set, const char *set2)
{
    const char *const sets[] = { set, set2 };
    struct bc_config *config = NULL;
    assert_int_equal(bc_config_load(NULL, sets, 2, &config, NULL), 0);
    return config;
}

static struct bc_control_params
params_of(struct fake *f)
{
    return (struct bc_control_params){
        .hub = &f->hub,
        .keys = (const struct bc_keys *)f, // never looked into by the fakes
        .files = (const struct bc_http_files *)f,
        .totals = give_totals,
        .ready = is_ready,
        .send_message = send_message,
        .relays = &RELAY_OPS,
        .user = f,
        .library = &f->record.library,
        .catalogue = &f->record.catalogue,
        .recorder = &f->record.recorder,
        .clips = &f->record.clips,
        .retention = (struct bc_retention *)f,
        .disk = (struct bc_disk *)f,
        .schedules = f->schedules,
        .cues = f->cues,
        .pictures = (struct bc_picture_store *)f,
    };
}

static int64_t
clock_us(void *user)
{
    (void)user;
    return 0;
}

static bool
nothing_shown(void *user, const char *channel, int64_t *clock, int64_t *wall_us)
{
    (void)user;
    (void)channel;
    (void)clock;
    (void)wall_us;
    return false;
}

static const struct bc_cues_ops CUE_OPS = { .clock_us = clock_us, .shown = nothing_shown };

int
fake_setup(void **state)
{
    struct fake *f = calloc(1, sizeof(*f));
    if (!f) {
        return -1;
    }
    g_hub = &f->hub;
    f->hub.config = load("access.api=open", "http.listen=:8080");
    f->ready = true;
    fake_record_setup(&f->record);
    strcpy(f->data_dir, "/tmp/bc-control-XXXXXX");
    f->schedules = mkdtemp(f->data_dir) ? bc_schedules_open(f->data_dir) : NULL;
    f->cues = f->schedules ? bc_cues_open(f->data_dir, &CUE_OPS, f) : NULL;
    if (!f->cues) {
        return -1;
    }
    struct bc_control_params params = params_of(f);
    f->control = bc_control_create(&params);
    *state = f;
    return f->control ? 0 : -1;
}

struct bc_control *
fake_control_without_recordings(struct fake *f)
{
    struct bc_control_params params = params_of(f);
    params.library = NULL;
    params.catalogue = NULL;
    params.recorder = NULL;
    params.clips = NULL;
    params.retention = NULL;
    params.disk = NULL;
    return bc_control_create(&params);
}

int
fake_teardown(void **state)
{
    struct fake *f = *state;
    bc_control_destroy(f->control);
    int leaked = f->hub.posted != NULL || f->record.recording.refs != 0
        || f->record.catalogue.held || f->record.library.held;
    for (size_t i = 0; i < f->hub.count; i++) {
        leaked |= f->hub.channels[i]->refs;
        free(f->hub.channels[i]);
    }
    bc_config_unref(&f->hub.config);
    bc_schedules_close(f->schedules);
    bc_cues_close(f->cues);
    char file[96];
    snprintf(file, sizeof(file), "%s/schedules.json", f->data_dir);
    unlink(file);
    rmdir(f->data_dir);
    free(f);
    return leaked ? -1 : 0;
}

void
fake_configure(struct fake *f, const char *set, const char *set2)
{
    bc_config_unref(&f->hub.config);
    f->hub.config = load(set, set2);
}

struct bc_channel_info *
fake_add(struct fake *f, const char *name, enum bc_channel_state state)
{
    struct bc_channel *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    assert_true(f->hub.count < FAKE_CHANNELS_MAX);
    f->hub.channels[f->hub.count++] = c;
    snprintf(c->info.name, sizeof(c->info.name), "%s", name);
    c->info.state = state;
    c->info.broadcast = 1;
    c->chosen = -2;
    c->sources = (struct bc_sources_info){ .on_air = 0, .count = 2, .program = "live/hq" };
    c->sources.list[0] = (struct bc_source_info){ .kind = BC_SOURCE_PUBLISHER,
        .name = "publisher", .state = BC_SOURCE_ON_AIR, .peer = "198.51.100.7:5000" };
    c->sources.list[1] = (struct bc_source_info){ .kind = BC_SOURCE_PUBLISHER,
        .name = "publisher:backup", .state = BC_SOURCE_DOWN, .error = "timed out" };
    return &c->info;
}

struct bc_channel_info *
fake_add_live(struct fake *f)
{
    struct bc_channel_info *info = fake_add(f, "live/hq", BC_CHANNEL_LIVE);
    info->began_wall_us = INT64_C(1772366400123000); // 2026-03-01T12:00:00.123Z
    info->media_us = 61500000;
    info->epoch = 2;
    info->video = (struct bc_track_info){ .present = true,
        .codec = BC_CODEC_AVC,
        .codec_string = "avc1.64001f",
        .width = 1280,
        .height = 720,
        .kbps = 2400,
        .fps = 30000.0 / 1001 };
    info->audio = (struct bc_track_info){ .present = true,
        .codec = BC_CODEC_AAC,
        .codec_string = "mp4a.40.2",
        .sample_rate = 48000,
        .channels = 2,
        .kbps = 128 };
    info->gop_us = 2002000;
    info->gop_max_us = 8340000;
    info->takes = 2;
    info->history_count = 2;
    info->history[0] = (struct bc_take_info){ .number = 2,
        .protocol = "rtmp",
        .peer = "198.51.100.7:5000",
        .encoder = "OBS 29",
        .bytes = 123456,
        .video_frames = 900,
        .audio_frames = 1400,
        .began_wall_us = INT64_C(1772366430000000) };
    info->history[1] = (struct bc_take_info){ .number = 1,
        .protocol = "rtmp",
        .peer = "198.51.100.7:4999",
        .encoder = "OBS 29",
        .began_wall_us = INT64_C(1772366400123000),
        .ended_wall_us = INT64_C(1772366420123000),
        .end_reason = "connection lost" };
    info->viewers[BC_PROTOCOL_FLV] = 3;
    info->viewers[BC_PROTOCOL_HLS] = 4;
    return info;
}

struct bc_http_exchange
fake_send(struct fake *f, enum bc_http_method method, const char *path, const char *body)
{
    struct bc_http_exchange x = { .method = method, .path = path, .sent = body };
    assert_true(fake_ask(f->control, &x));
    return x;
}

void
fake_check_refused(struct fake *f, enum bc_http_method method, const char *path,
    const char *body, int status, const char *code)
{
    struct bc_http_exchange x = fake_send(f, method, path, body);
    fake_check_error(&x, status, code);
    fake_finish(&x);
}

void
fake_run_posted(struct fake *f)
{
    struct bc_task *task = f->hub.posted;
    assert_non_null(task);
    f->hub.posted = NULL;
    task->run(task, NULL);
}

void
fake_run_posted_now(void)
{
    struct bc_task *task = g_hub->posted;
    g_hub->posted = NULL;
    if (task) {
        task->run(task, NULL);
    }
}
