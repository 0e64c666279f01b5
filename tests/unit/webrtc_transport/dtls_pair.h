// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_WEBRTC_TRANSPORT_DTLS_PAIR_H
#define TESTS_WEBRTC_TRANSPORT_DTLS_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/webrtc/dtls.h"

// A DTLS server and a client of ours with a bad network between them. The clock that
// OpenSSL's timers read is the pair's and moves only when nothing else happens.

#define PAIR_QUEUE_MAX 64

struct pair_datagram {
    uint8_t data[1500];
    size_t len;
};

struct pair_end {
    struct bc_dtls_identity *identity; // owned
    struct bc_dtls *dtls;              // owned
    struct pair_end *peer;
    struct pair_datagram queue[PAIR_QUEUE_MAX]; // sent by this end
    unsigned queued;
    unsigned sent;
    size_t largest;
    unsigned connected;
    struct bc_srtp_keys keys;
    unsigned closed;
    char reason[160];
    uint8_t data[2048]; // of the last on_data
    size_t data_len;
    unsigned records;
};

struct pair {
    struct pair_end server;
    struct pair_end client;
    uint64_t drop;     // bit n: the nth datagram of the pair is lost
    unsigned count;    // datagrams so far
    bool backwards;    // of those that wait the last one comes first
    unsigned copies;   // each comes so many times; 0 is 1
    unsigned random;   // state of the generator that loses `loss_percent`
    unsigned loss_percent;
};

// Both identities and, if `fingerprints`, sessions that know each other's certificates.
void
pair_init(struct pair *p, bool fingerprints);

// Sessions for the identities as they are by now.
void
pair_open(struct pair *p, bool fingerprints);

void
pair_finish(struct pair *p);

// A fingerprint out of the text "sha-256 AB:CD:…".
struct bc_sdp_fingerprint
pair_fingerprint(const char *text);

void
pair_open_end(struct pair_end *end, bool client, const struct bc_sdp_fingerprint *list,
    unsigned count);

// Carries datagrams until there are none.
void
pair_carry(struct pair *p);

// Starts the client and carries datagrams and time until both ends are connected or
// closed. False: they never were.
bool
pair_run(struct pair *p);

// The clock goes on to the next timer. False when none runs.
bool
pair_wait(struct pair *p);

#endif
