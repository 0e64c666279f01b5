// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_WEBRTC_SCTP_PAIR_H
#define TESTS_WEBRTC_SCTP_PAIR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/worker.h"
#include "protocol/webrtc/sctp.h"

#define PAIR_MESSAGES 400
#define PAIR_DEADLINE_S 20

struct pair;

struct pair_message {
    uint16_t stream;
    bool binary;
    size_t len;
    uint8_t first; // bytes of the content
    uint8_t last;
};

// One end: an association on a worker of its own. Its fields are guarded by the pair's
// lock.
struct pair_end {
    struct pair *pair;
    struct pair_end *other;
    struct bc_worker *worker;
    struct bc_sctp_association *association; // the worker's
    bool echo;
    bool destroy_on_close;
    unsigned sent;       // packets
    size_t largest;
    unsigned drop_every; // 0: none of this end's packets is lost
    bool mute;           // all are
    unsigned opened;
    unsigned closed;
    uint16_t stream; // the one opened last
    char label[256];
    unsigned message_count;
    struct pair_message messages[PAIR_MESSAGES];
    unsigned over;
    char reason[96];
};

// Two ends, joined back to back: what the one sends, the other gets as a message of its
// own worker.
struct pair {
    struct bc_sctp_service *service;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct pair_end a; // the DTLS client
    struct pair_end b;
    struct bc_sctp_limits limits[2];
};

// Starts the workers and the service; no association yet.
void
pair_open(struct pair *p);

void
pair_close(struct pair *p);

// On the end's worker.
void
pair_connect(struct pair_end *end);

void
pair_destroy(struct pair_end *end);

int
pair_channel(struct pair_end *end, const char *label);

void
pair_close_channel(struct pair_end *end, uint16_t stream);

int
pair_send(
    struct pair_end *end, uint16_t stream, bool binary, const void *data, size_t len);

// A packet as if from the peer.
void
pair_input(struct pair_end *end, const void *data, size_t len);

// Waits until the condition holds; the test fails when it does not in time.
#define PAIR_UNTIL(p, condition) \
    do { \
        pthread_mutex_lock(&(p)->lock); \
        while (!(condition)) { \
            pair_wait((p), #condition); \
        } \
        pthread_mutex_unlock(&(p)->lock); \
    } while (0)

void
pair_wait(struct pair *p, const char *what);

#endif
