// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "http.h"
#include "input_internal.h"
#include "relay/flv_reader.h"

#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 5000
#define IDLE_S 10 // a connection on which nothing comes is made anew
#define STALLED_US 2000000
#define SLACK_US 8000
#define US_PER_S 1000000.0

// Of all inputs' pictures, so that none is taken for another's.
static atomic_ullong serials;

// --- the thread ---

static void
note_cpu(struct compose_input *input)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    pthread_mutex_lock(&input->lock);
    input->cpu_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    pthread_mutex_unlock(&input->lock);
}

static bool
on_packet(void *user, struct bc_packet *packet)
{
    struct compose_input *input = user;
    compose_decode_packet(input, packet);
    return !atomic_load(&input->stop);
}

// One connection: the input and its reader. On the thread's stack.
struct connection {
    struct compose_input *input;
    struct bc_flv_reader *reader;
};

static bool
on_bytes(void *user, const void *data, size_t len)
{
    struct connection *c = user;
    if (!c->input->connected) {
        pthread_mutex_lock(&c->input->lock);
        c->input->connected = true;
        c->input->connections++;
        compose_pace_init(&c->input->pace);
        pthread_mutex_unlock(&c->input->lock);
    }
    bool go_on = bc_flv_reader_bytes(c->reader, data, len) == 0;
    note_cpu(c->input);
    return go_on;
}

static void
connect_once(struct compose_input *input, struct compose_http *http)
{
    char url[COMPOSE_URL_MAX];
    unsigned count;
    struct connection c = { input, bc_flv_reader_create(on_packet, input) };
    pthread_mutex_lock(&input->lock);
    memcpy(url, input->url, sizeof(url));
    pthread_mutex_unlock(&input->lock);
    compose_decode_restart(input);
    int status = c.reader ? compose_http_stream(http, url, IDLE_S, on_bytes, &c) : 0;
    bc_flv_reader_destroy(c.reader);
    pthread_mutex_lock(&input->lock);
    input->connected = false;
    pthread_mutex_unlock(&input->lock);
    if (!atomic_load(&input->stop)
        && bc_log_limit_pass(&input->complaints, bc_clock_us(), &count)) {
        bc_info(&input->log, "not connected: HTTP %d %s", status,
            status == 200 && !http->error[0] ? "the stream ended" : http->error);
    }
}

static void
pause_ms(struct compose_input *input, unsigned ms)
{
    static const unsigned STEP_MS = 50;
    for (unsigned waited = 0; waited < ms && !atomic_load(&input->stop);
         waited += STEP_MS) {
        struct timespec t = { 0, (long)STEP_MS * 1000000 };
        nanosleep(&t, NULL);
    }
}

static void *
run(void *user)
{
    struct compose_input *input = user;
    struct compose_http http;
    unsigned wait_ms = RETRY_MIN_MS;
    if (compose_http_init(&http, &input->stop, NULL)) {
        while (!atomic_load(&input->stop)) {
            connect_once(input, &http);
            wait_ms = input->began           ? RETRY_MIN_MS
                : wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2
                                             : RETRY_MAX_MS;
            pause_ms(input, wait_ms);
        }
        compose_http_finish(&http);
    }
    compose_decode_finish(input);
    return NULL;
}

// --- life ---

struct compose_input *
compose_input_create(const char *name, const char *url)
{
    struct compose_input *input = calloc(1, sizeof(*input));
    if (!input) {
        return NULL;
    }
    snprintf(input->name, sizeof(input->name), "%s", name);
    snprintf(input->url, sizeof(input->url), "%s", url);
    bc_logger_init(&input->log, NULL, "input %s", name);
    pthread_mutex_init(&input->lock, NULL);
    compose_pace_init(&input->pace);
    compose_ring_init(&input->ring);
    input->shown = av_frame_alloc();
    if (!input->shown || !compose_decode_init(input)
        || pthread_create(&input->thread, NULL, run, input) != 0) {
        compose_decode_finish(input);
        av_frame_free(&input->shown);
        pthread_mutex_destroy(&input->lock);
        free(input);
        return NULL;
    }
    return input;
}

void
compose_input_stop(struct compose_input *input)
{
    if (input) {
        atomic_store(&input->stop, true);
    }
}

void
compose_input_destroy(struct compose_input *input)
{
    if (!input) {
        return;
    }
    atomic_store(&input->stop, true);
    pthread_join(input->thread, NULL);
    for (unsigned i = 0; i < input->queued; i++) {
        av_frame_free(&input->queue[i].frame);
    }
    for (unsigned i = 0; i < input->script_count; i++) {
        bc_buf_unref(&input->scripts[i].buf);
    }
    av_frame_free(&input->shown);
    pthread_mutex_destroy(&input->lock);
    free(input);
}

const char *
compose_input_name(const struct compose_input *input)
{
    return input->name;
}

void
compose_input_set_url(struct compose_input *input, const char *url)
{
    pthread_mutex_lock(&input->lock);
    snprintf(input->url, sizeof(input->url), "%s", url);
    pthread_mutex_unlock(&input->lock);
}

// --- what is due ---

// How many of those that wait are to go now. Where a picture is due at about the time of
// a tick, its stamp's rounding would show one twice and leave the next one out, again and
// again; so one may come a little early, and one that only just came due may wait.
static unsigned
count_due(const struct compose_input *input, int64_t now_us)
{
    unsigned due = 0;
    int64_t last_us = 0;
    int64_t next_us = INT64_MAX;
    while (due < input->queued && next_us == INT64_MAX) {
        int64_t due_us = compose_pace_due_us(&input->pace, input->queue[due].pts_us);
        if (due_us > now_us) {
            next_us = due_us;
        } else {
            last_us = due_us;
            due++;
        }
    }
    bool early = due == 0 && next_us <= now_us + SLACK_US;
    bool waits = due == 2 && last_us > now_us - SLACK_US;
    return early || waits ? 1 : due;
}

const AVFrame *
compose_input_picture(struct compose_input *input, int64_t now_us, uint64_t *serial)
{
    pthread_mutex_lock(&input->lock);
    unsigned due = count_due(input, now_us);
    if (due > 0) {
        av_frame_free(&input->shown);
        input->shown = input->queue[due - 1].frame;
        input->serial = atomic_fetch_add(&serials, 1) + 1;
        input->shown_us = now_us;
        for (unsigned i = 0; i + 1 < due; i++) {
            av_frame_free(&input->queue[i].frame);
        }
        input->queued -= due;
        memmove(
            input->queue, input->queue + due, input->queued * sizeof(input->queue[0]));
    }
    pthread_mutex_unlock(&input->lock);
    *serial = input->serial;
    return input->serial > 0 ? input->shown : NULL;
}

int64_t
compose_input_still_us(const struct compose_input *input, int64_t now_us)
{
    return input->serial > 0 ? now_us - input->shown_us : INT64_MAX;
}

bool
compose_input_sound(struct compose_input *input, int64_t now_us, float *out, int count)
{
    pthread_mutex_lock(&input->lock);
    double place =
        (double)compose_pace_stamp_us(&input->pace, now_us) * COMPOSE_RATE / US_PER_S
        - count;
    bool any = compose_ring_read(&input->ring, place, out, count);
    pthread_mutex_unlock(&input->lock);
    return any;
}

struct bc_buf *
compose_input_script(struct compose_input *input, int64_t now_us)
{
    struct bc_buf *buf = NULL;
    pthread_mutex_lock(&input->lock);
    if (input->script_count > 0
        && compose_pace_due_us(&input->pace, input->scripts[0].pts_us) <= now_us) {
        buf = input->scripts[0].buf;
        input->script_count--;
        memmove(input->scripts, input->scripts + 1,
            input->script_count * sizeof(input->scripts[0]));
    }
    pthread_mutex_unlock(&input->lock);
    return buf;
}

unsigned
compose_input_connections(struct compose_input *input)
{
    pthread_mutex_lock(&input->lock);
    unsigned n = input->connections;
    pthread_mutex_unlock(&input->lock);
    return n;
}

// --- status ---

enum compose_input_state
compose_input_state(struct compose_input *input, int64_t now_us)
{
    int64_t newest_us = atomic_load(&input->newest_us);
    pthread_mutex_lock(&input->lock);
    bool connected = input->connected;
    pthread_mutex_unlock(&input->lock);
    if (newest_us > 0 && now_us - newest_us < STALLED_US) {
        return COMPOSE_INPUT_LIVE;
    }
    return connected ? COMPOSE_INPUT_STALLED : COMPOSE_INPUT_AWAY;
}

int64_t
compose_input_cpu_us(struct compose_input *input)
{
    pthread_mutex_lock(&input->lock);
    int64_t us = input->cpu_us;
    pthread_mutex_unlock(&input->lock);
    return us;
}

int64_t
compose_input_delay_us(struct compose_input *input)
{
    pthread_mutex_lock(&input->lock);
    const struct compose_pace *p = &input->pace;
    int64_t least_us = p->kinds[0].least_us[0] < p->kinds[0].least_us[1]
        ? p->kinds[0].least_us[0]
        : p->kinds[0].least_us[1];
    int64_t us = p->started && p->kinds[0].seen ? p->shift_us - least_us : 0;
    pthread_mutex_unlock(&input->lock);
    return us;
}
