// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_OUTLET_INTERNAL_H
#define COMPOSE_OUTLET_INTERNAL_H

#include <pthread.h>

#include "base/log.h"
#include "base/writer.h"
#include "input.h"
#include "outlet.h"

#define COMPOSE_OUTLET_QUEUE 256 // packets: about two seconds of all renditions

struct compose_outlet {
    struct bc_logger log;
    pthread_t thread;
    int wakeup; // eventfd

    pthread_mutex_t lock; // guards what follows, up to the next blank line
    bool stop;
    char url[COMPOSE_URL_MAX];
    unsigned url_serial; // counts up with each new one
    struct bc_packet *queue[COMPOSE_OUTLET_QUEUE]; // a ring; owned references
    unsigned first;
    unsigned count;
    bool wants_key;
    bool live; // packets are taken

    // The thread's own; of one connection from here on.
    int fd;
    struct bc_rtmp_client *rtmp;
    struct bc_writer unsent;
    size_t sent; // of `unsent`
    int64_t sent_us;
    unsigned serial; // of the URL
    bool started;
    bool failed;
    struct bc_track *video[BC_RENDITION_MAX]; // what the server knows; owned references
    struct bc_track *audio;
    bool waits_key[BC_RENDITION_MAX];
    char why[160];
};

// --- outlet.c ---

// The next packet to be sent, a reference of the caller's; NULL: none.
struct bc_packet *
compose_outlet_take(struct compose_outlet *o);

// Whether this connection is to be left by our own will.
bool
compose_outlet_is_over(struct compose_outlet *o);

// --- outlet_link.c: on the outlet's thread ---

// One connection, from its begin to its end; `o->why` says why it ended if it failed.
void
compose_outlet_publish(struct compose_outlet *o, const char *url);

void
compose_outlet_forget(struct compose_outlet *o);

// Waits for the socket or for something to send.
void
compose_outlet_wait(struct compose_outlet *o, int ms);

#endif
