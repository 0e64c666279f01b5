// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_DTLS_H
#define PROTOCOL_WEBRTC_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/webrtc/sdp.h"
#include "protocol/webrtc/srtp.h"

// The certificate that all sessions of a process share: ECDSA P-256, self-signed, made at
// start. Immutable; any thread. Holds OpenSSL's SSL_CTX with the SRTP profiles.
struct bc_dtls_identity;

struct bc_dtls_identity *
bc_dtls_identity_create(void);

void
bc_dtls_identity_destroy(struct bc_dtls_identity *identity);

// "sha-256 AB:CD:…"
const char *
bc_dtls_identity_fingerprint(const struct bc_dtls_identity *identity);

struct bc_dtls_ops {
    // Send this datagram (at most 1200 bytes) to the peer.
    void (*on_send)(void *user, const uint8_t *data, size_t len);
    // The handshake is through and the peer's certificate is the one of its SDP.
    void (*on_connected)(void *user, const struct bc_srtp_keys *keys);
    // A decrypted record: SCTP. May be NULL.
    void (*on_data)(void *user, const uint8_t *data, size_t len);
    // Failed or closed by the peer; `reason` for the log. Not after bc_dtls_destroy().
    void (*on_closed)(void *user, const char *reason);
};

struct bc_dtls_params {
    struct bc_dtls_identity *identity; // borrowed; outlives the session
    bool client;                       // we send the ClientHello
    const struct bc_sdp_fingerprint *fingerprints; // of the peer; copied
    unsigned fingerprint_count;
    const struct bc_dtls_ops *ops;
    void *user;
};

// DTLS 1.2 (RFC 6347, 5764, 8122) of one session. Datagrams come in and go out by calls;
// no socket, no clock of its own except OpenSSL's retransmission timer, which the owner
// drives. One thread.
struct bc_dtls;

struct bc_dtls *
bc_dtls_create(const struct bc_dtls_params *params);

// Frees it; callbacks may be on the stack: freeing inside one's own callback is not
// allowed (defer it).
void
bc_dtls_destroy(struct bc_dtls *dtls);

// The client's first flight. Does nothing on the server.
void
bc_dtls_start(struct bc_dtls *dtls);

// One datagram of DTLS records. Retransmitted, old and forged records are passed over.
void
bc_dtls_input(struct bc_dtls *dtls, const uint8_t *data, size_t len);

// When bc_dtls_tick() must be called at the latest, in microseconds from now; -1: no
// timer runs.
int64_t
bc_dtls_timeout_us(struct bc_dtls *dtls);

// Retransmits a flight when it is due.
void
bc_dtls_tick(struct bc_dtls *dtls);

// What fits into a datagram beside the record's header, nonce and tag.
#define BC_DTLS_DATA_MAX (1200 - 37)

// Encrypts and sends application data (SCTP) of 1 to BC_DTLS_DATA_MAX bytes. 0 or a
// negative errno; -ENOTCONN before on_connected, -EMSGSIZE.
int
bc_dtls_send(struct bc_dtls *dtls, const uint8_t *data, size_t len);

// Sends close_notify; no callbacks afterwards.
void
bc_dtls_shutdown(struct bc_dtls *dtls);

#endif
