// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_DTLS_H
#define BENCH_DTLS_H

#include <openssl/ssl.h>
#include <srtp2/srtp.h>

#include "util.h"

// One viewer's DTLS 1.2 connection over its connected UDP socket. Embedded in the viewer.
struct bc_dtls {
    SSL *ssl; // owned
    int fd; // borrowed
    const uint8_t *datagram; // what is being read; borrowed for one call
    size_t datagram_len;
};

enum bc_dtls_state {
    BC_DTLS_HANDSHAKE,
    BC_DTLS_CONNECTED,
    BC_DTLS_CLOSED, // by the peer
    BC_DTLS_FAILED,
};

// One certificate for all viewers, made at the first call.
const char *
bc_dtls_fingerprint(void);

int
bc_dtls_open(struct bc_dtls *d, int fd, bool client);
// A datagram, or none at the start (n 0).
enum bc_dtls_state
bc_dtls_feed(struct bc_dtls *d, const uint8_t *p, size_t n);
// In ns from now; -1: nothing to repeat.
int64_t
bc_dtls_timeout_ns(struct bc_dtls *d);
void
bc_dtls_on_timeout(struct bc_dtls *d);
// The keys of both directions; NULL, or what is wrong with the peer.
const char *
bc_dtls_make_srtp(struct bc_dtls *d, const char *fingerprint, srtp_t *in, srtp_t *out);
void
bc_dtls_close(struct bc_dtls *d);

#endif
