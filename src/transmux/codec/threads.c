// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "ffmpeg.h"
#include "net/worker.h"
#include "threads.h"

#define VIDEO_THREADS_MAX 16

struct bc_codec_threads {
    unsigned count; // of workers; the first is for sound
    bool stopped;
    atomic_uint next_video; // round robin
    struct bc_worker *workers[1 + VIDEO_THREADS_MAX]; // owned
};

void
bc_codec_threads_stop(struct bc_codec_threads *threads)
{
    if (!threads || threads->stopped) {
        return;
    }
    for (unsigned i = 0; i < threads->count; i++) {
        bc_worker_stop(threads->workers[i]);
    }
    for (unsigned i = 0; i < threads->count; i++) {
        bc_worker_join(threads->workers[i]);
    }
    threads->stopped = true;
}

void
bc_codec_threads_destroy(struct bc_codec_threads *threads)
{
    if (!threads) {
        return;
    }
    bc_codec_threads_stop(threads);
    for (unsigned i = 0; i < threads->count; i++) {
        while (bc_worker_run_leftovers(threads->workers[i])) {
        }
        bc_worker_destroy(threads->workers[i]);
    }
    free(threads);
}

// A worker that runs, or NULL.
static struct bc_worker *
start_worker(unsigned index)
{
    struct bc_worker *w = bc_worker_create(index);
    if (!w) {
        return NULL;
    }
    bc_logger_init(&w->log, NULL, "codec %u", index);
    if (bc_worker_start(w) != 0) {
        bc_worker_destroy(w);
        return NULL;
    }
    return w;
}

struct bc_codec_threads *
bc_codec_threads_create(unsigned video_threads)
{
    struct bc_codec_threads *t = calloc(1, sizeof(*t));
    if (!t) {
        return NULL;
    }
    // What a peer sends must not fill the log; what matters is said by us.
    av_log_set_level(AV_LOG_QUIET);
    unsigned want = video_threads < 1 ? 1 : video_threads;
    want = 1 + (want > VIDEO_THREADS_MAX ? VIDEO_THREADS_MAX : want);
    while (t->count < want) {
        t->workers[t->count] = start_worker(t->count);
        if (!t->workers[t->count]) {
            bc_codec_threads_destroy(t);
            return NULL;
        }
        t->count++;
    }
    return t;
}

struct bc_worker *
codec_threads_pick(struct bc_codec_threads *threads, enum bc_kind kind)
{
    if (kind == BC_KIND_AUDIO) {
        return threads->workers[0];
    }
    return threads
        ->workers[1 + atomic_fetch_add(&threads->next_video, 1) % (threads->count - 1)];
}
