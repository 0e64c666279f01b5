// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_INPUT_INTERNAL_H
#define COMPOSE_INPUT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "ffmpeg.h"
#include "input.h"
#include "media/packet.h"
#include "pace.h"
#include "sound_ring.h"
#include "upright.h"

#define COMPOSE_QUEUE 16 // pictures that are decoded and not due
#define COMPOSE_SCRIPTS 8

// A decoder of one track. The input's thread only.
struct compose_decoder {
    AVCodecContext *ctx; // owned; NULL: none
    struct bc_track *track; // owned reference; of `ctx`, or what could not be opened
};

struct compose_input {
    char name[COMPOSE_INPUT_NAME];
    struct bc_logger log;
    pthread_t thread;
    atomic_bool stop;

    pthread_mutex_t lock; // guards what follows, up to the next blank line
    char url[COMPOSE_URL_MAX];
    struct compose_pace pace;
    struct {
        AVFrame *frame; // owned
        int64_t pts_us;
    } queue[COMPOSE_QUEUE]; // by rising time
    unsigned queued;
    struct {
        struct bc_buf *buf; // owned reference
        int64_t pts_us;
    } scripts[COMPOSE_SCRIPTS];
    unsigned script_count;
    struct compose_ring ring;
    bool connected;
    unsigned connections;
    int64_t cpu_us;

    // The thread's own.
    struct compose_decoder video;
    struct compose_decoder audio;
    AVPacket *packet;
    AVFrame *frame;
    struct compose_upright upright;
    SwrContext *swr;
    AVFrame *sound_like; // what `swr` was opened for
    bool began; // something of this connection could be used
    struct bc_log_limit complaints;

    // The engine's own.
    AVFrame *shown;
    uint64_t serial;
    int64_t shown_us; // when it was due
    atomic_llong newest_us; // clock at the newest picture's arrival; 0: none yet
};

// --- input_decode.c: on the input's thread ---

bool
compose_decode_init(struct compose_input *input);

void
compose_decode_finish(struct compose_input *input);

// A new connection: the decoders begin anew.
void
compose_decode_restart(struct compose_input *input);

// Takes over the reference.
void
compose_decode_packet(struct compose_input *input, struct bc_packet *packet);

#endif
