// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_INTERNAL_H
#define RELAY_INPUT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "input.h"
#include "input_net.h"
#include "input_pace.h"
#include "input_read.h"
#include "net/worker.h"

#define INPUT_QUEUE 1024
#define INPUT_QUEUE_BYTES (32 * 1024 * 1024)
#define INPUT_HELD 128

// One input. Referred to by its owner, by its thread, and by its task while that travels;
// the last one frees it.
struct relay_input {
    atomic_uint refs;
    struct relay_inputs *inputs; // borrowed
    struct bc_worker *worker;
    char *url;       // owned
    char *media_dir; // owned
    char *via;       // owned; NULL: none
    bool allow_private;
    bool loop;
    int64_t start_at_us;
    atomic_bool stop;
    atomic_bool refused;
    atomic_uint_fast64_t dropped;

    // The thread's.
    struct input_net net;
    struct input_pace pace;
    struct bc_packet *held[INPUT_HELD]; // until all tracks are known; owned
    unsigned held_count;
    bool expects_video;
    bool expects_audio;
    bool released;
    int64_t shift_us; // puts a file's stamps behind those of the file before
    int64_t end_us;   // of what was passed on
    int64_t last_us[3];  // by enum bc_kind: the last stamp of the file
    int64_t frame_us[3]; // and how far it was from the one before
    bool file_began;
    uint64_t passed; // packets of this round

    // The worker's. NULL: stopped.
    const struct relay_input_ops *ops;
    void *user;

    pthread_mutex_t lock; // guards the rest
    struct bc_packet *queue[INPUT_QUEUE]; // owned
    unsigned queued;
    size_t queued_bytes;
    bool dropping; // until a keyframe
    bool has_video;
    bool ended;
    char error[INPUT_ERROR_BYTES];
    bool posted;
    struct bc_task task;
};

// --- input_queue.c: from the thread to the worker ---

void
input_queue_init(struct relay_input *in);

// Takes over the reference.
void
input_queue_push(struct relay_input *in, struct bc_packet *packet);

// The last message.
void
input_queue_end(struct relay_input *in, const char *error);

void
input_unref(struct relay_input *in);

#endif
