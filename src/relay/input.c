// SPDX-License-Identifier: Apache-2.0
// An input's thread: reads, waits until all tracks are known, paces, passes on.
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "ffmpeg.h"
#include "input_internal.h"
#include "protocol/rtmp/cue_point.h"

#define NAP_US 100000
#define HOLD_US 1000000
#define STOP_WAIT_S 5

// See input.h.
struct relay_inputs {
    pthread_mutex_t lock; // guards the count
    pthread_cond_t none;  // signalled when the last thread ends
    unsigned count;
    unsigned max;
};

struct relay_inputs *
relay_inputs_create(unsigned max)
{
    struct relay_inputs *inputs = calloc(1, sizeof(*inputs));
    if (inputs) {
        pthread_mutex_init(&inputs->lock, NULL);
        pthread_cond_init(&inputs->none, NULL);
        inputs->max = max;
        av_log_set_level(AV_LOG_QUIET); // what matters is said by us
    }
    return inputs;
}

void
relay_inputs_destroy(struct relay_inputs *inputs)
{
    if (!inputs) {
        return;
    }
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_WAIT_S;
    pthread_mutex_lock(&inputs->lock);
    int ret = 0;
    while (inputs->count > 0 && ret == 0) {
        ret = pthread_cond_timedwait(&inputs->none, &inputs->lock, &deadline);
    }
    unsigned left = inputs->count;
    pthread_mutex_unlock(&inputs->lock);
    if (left > 0) {
        // Rather a leak at the process's end than freed memory under a thread.
        bc_error(NULL, "%u inputs did not end in time", left);
        return;
    }
    pthread_cond_destroy(&inputs->none);
    pthread_mutex_destroy(&inputs->lock);
    free(inputs);
}

static bool
count_in(struct relay_inputs *inputs)
{
    pthread_mutex_lock(&inputs->lock);
    bool room = inputs->count < inputs->max;
    inputs->count += room ? 1 : 0;
    pthread_mutex_unlock(&inputs->lock);
    return room;
}

static void
count_out(struct relay_inputs *inputs)
{
    pthread_mutex_lock(&inputs->lock);
    if (--inputs->count == 0) {
        pthread_cond_signal(&inputs->none);
    }
    pthread_mutex_unlock(&inputs->lock);
}

// --- what the readers give ---

// Waits in small steps, so that a stop is noticed.
static bool
nap_until_due(struct relay_input *in, int64_t wait_us)
{
    int64_t due = bc_clock_us() + wait_us;
    int64_t left;
    while ((left = due - bc_clock_us()) > 0) {
        if (atomic_load(&in->stop)) {
            return false;
        }
        int64_t nap = left < NAP_US ? left : NAP_US;
        struct timespec ts = { .tv_nsec = (long)nap * 1000 };
        nanosleep(&ts, NULL);
    }
    return !atomic_load(&in->stop);
}

// Takes over the reference.
static bool
pass_on(struct relay_input *in, struct bc_packet *packet)
{
    int64_t wait = input_pace_wait_us(
        &in->pace, packet->dts_us, packet->len, bc_clock_us());
    if (!nap_until_due(in, wait)) {
        bc_packet_unref(&packet);
        return false;
    }
    packet->arrived_us = bc_clock_us();
    in->passed++;
    input_queue_push(in, packet);
    return true;
}

// The tracks first, so that a broadcast begins with all of them.
static void
announce(struct relay_input *in)
{
    for (enum bc_kind kind = BC_KIND_VIDEO; kind <= BC_KIND_AUDIO; kind++) {
        for (unsigned i = 0; i < in->held_count; i++) {
            if (in->held[i]->kind == kind) {
                struct bc_packet *p
                    = bc_packet_create(kind, in->held[i]->track, NULL, NULL, 0);
                if (p) {
                    input_queue_push(in, p);
                }
                break;
            }
        }
    }
}

static bool
release(struct relay_input *in)
{
    bool go_on = true;
    announce(in);
    in->released = true;
    for (unsigned i = 0; i < in->held_count; i++) {
        if (go_on) {
            go_on = pass_on(in, in->held[i]);
        } else {
            bc_packet_unref(&in->held[i]);
        }
    }
    in->held_count = 0;
    return go_on;
}

static bool
is_complete(const struct relay_input *in)
{
    bool video = false;
    bool audio = false;
    for (unsigned i = 0; i < in->held_count; i++) {
        video = video || in->held[i]->kind == BC_KIND_VIDEO;
        audio = audio || in->held[i]->kind == BC_KIND_AUDIO;
    }
    const struct bc_packet *first = in->held[0];
    const struct bc_packet *last = in->held[in->held_count - 1];
    return ((video || !in->expects_video) && (audio || !in->expects_audio))
        || in->held_count == INPUT_HELD
        || last->arrived_us - first->arrived_us > HOLD_US
        || last->dts_us - first->dts_us > HOLD_US;
}

// Each file, and each round, goes on where the one before ended.
static void
place(struct relay_input *in, struct bc_packet *p)
{
    if (!in->file_began) {
        in->file_began = true;
        in->shift_us = in->end_us - p->dts_us;
        memset(in->last_us, 0, sizeof(in->last_us));
        memset(in->frame_us, 0, sizeof(in->frame_us));
    }
    p->dts_us += in->shift_us;
    p->pts_us += in->shift_us;
    if (p->kind == BC_KIND_SCRIPT) {
        bc_cue_point_move(p->buf->data, p->buf->len, (double)in->shift_us / 1e6);
        return;
    }
    int64_t frame = p->dts_us - in->last_us[p->kind];
    if (in->last_us[p->kind] != 0 && frame > 0 && frame < HOLD_US) {
        in->frame_us[p->kind] = frame;
    }
    in->last_us[p->kind] = p->dts_us;
    int64_t end = p->dts_us + in->frame_us[p->kind];
    in->end_us = end > in->end_us ? end : in->end_us;
}

static bool
on_packet(void *user, struct bc_packet *packet)
{
    struct relay_input *in = user;
    if (packet->kind == BC_KIND_NONE || packet->kind == BC_KIND_CUE) {
        bc_packet_unref(&packet);
        return true;
    }
    place(in, packet);
    if (in->released) {
        return pass_on(in, packet);
    }
    in->held[in->held_count++] = packet;
    return is_complete(in) ? release(in) : !atomic_load(&in->stop);
}

static void
on_kinds(void *user, bool video, bool audio)
{
    struct relay_input *in = user;
    in->expects_video = video;
    in->expects_audio = audio;
}

// --- the thread ---

static int
run_source(struct relay_input *in, const struct input_source *source)
{
    switch (input_kind_of(in->url)) {
    case INPUT_FILE:
        return input_file_run(source);
    case INPUT_HTTP:
        return input_http_run(source);
    case INPUT_RTMP:
        return input_rtmp_run(source);
    case INPUT_RTSP:
        return input_rtsp_run(source);
    case INPUT_NONE:
        break;
    }
    snprintf(in->net.error, sizeof(in->net.error), "this kind of URL is not known");
    return -EINVAL;
}

// Once, or round and round.
static int
run_rounds(struct relay_input *in)
{
    struct input_sink sink = { on_packet, on_kinds, in };
    struct input_source source = { .net = &in->net, .sink = &sink, .url = in->url,
        .media_dir = in->media_dir, .start_at_us = in->start_at_us,
        .lead_us = &in->pace.lead_us, .began = &in->file_began };
    int ret;
    do {
        in->passed = 0;
        in->file_began = false;
        ret = run_source(in, &source);
        if (!in->released && in->held_count > 0) {
            release(in);
        }
        source.start_at_us = 0;
        if (ret == 0 && in->passed == 0) {
            snprintf(in->net.error, sizeof(in->net.error), "there is no media in it");
            ret = -ENODATA;
        }
    } while (ret == 0 && in->loop && !atomic_load(&in->stop));
    return ret;
}

static void *
run_thread(void *user)
{
    struct relay_input *in = user;
    struct relay_inputs *inputs = in->inputs;
    if (input_net_init(&in->net, &in->stop, in->allow_private)) {
        in->net.via = in->via;
        int ret = run_rounds(in);
        atomic_store(&in->refused, in->net.refused);
        const char *error = in->net.error[0] ? in->net.error : "it failed";
        input_queue_end(in, ret == 0 ? "" : error);
        input_net_finish(&in->net);
    } else {
        input_queue_end(in, "no memory");
    }
    input_unref(in);
    count_out(inputs);
    return NULL;
}

static bool
start_thread(struct relay_input *in)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    atomic_store(&in->refs, 2);
    int ret = pthread_create(&thread, &attr, run_thread, in);
    pthread_attr_destroy(&attr);
    return ret == 0;
}

struct relay_input *
relay_input_start(const struct relay_input_params *params)
{
    if (!count_in(params->inputs)) {
        errno = EAGAIN;
        return NULL;
    }
    struct relay_input *in = calloc(1, sizeof(*in));
    if (!in) {
        count_out(params->inputs);
        return NULL;
    }
    input_queue_init(in);
    in->inputs = params->inputs;
    in->worker = params->worker;
    in->url = strdup(params->url);
    in->media_dir = strdup(params->media_dir ? params->media_dir : "");
    in->via = params->via ? strdup(params->via) : NULL;
    in->allow_private = params->allow_private;
    in->loop = params->loop;
    in->start_at_us = params->start_at_us;
    in->expects_video = true;
    in->expects_audio = true;
    in->ops = params->ops;
    in->user = params->user;
    if (!in->url || !in->media_dir || (params->via && !in->via) || !start_thread(in)) {
        atomic_store(&in->refs, 1);
        input_unref(in);
        count_out(params->inputs);
        return NULL;
    }
    return in;
}

void
relay_input_stop(struct relay_input *in)
{
    if (in) {
        in->ops = NULL;
        atomic_store(&in->stop, true);
        input_unref(in);
    }
}

const char *
relay_input_upstream(const struct relay_input *input)
{
    // Written before the thread's first packet was handed over.
    return input->net.upstream;
}

uint64_t
relay_input_dropped(const struct relay_input *in)
{
    return atomic_load(&in->dropped);
}

bool
relay_input_was_refused(const struct relay_input *in)
{
    return atomic_load(&in->refused);
}
