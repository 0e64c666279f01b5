// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_TRANSPORT_DTLS_INTERNAL_H
#define PROTOCOL_WEBRTC_TRANSPORT_DTLS_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/writer.h"
#include "protocol/webrtc/dtls.h"

#define DTLS_DATAGRAM_MAX 1200
#define DTLS_INPUT_MAX 2048

struct bc_dtls_identity {
    SSL_CTX *ctx;       // owned
    BIO_METHOD *method; // owned; of dtls_bio_create()
    char fingerprint[sizeof("sha-256 ") + 32 * 3];
};

// The two ends of a session's SSL object: the datagram that has come and those that go.
// They wait until OpenSSL is off the stack, so callbacks may call back. Embedded in the
// session.
struct dtls_pipe {
    const uint8_t *in; // borrowed while bc_dtls_input() runs; NULL: nothing to read
    size_t in_len;
    struct bc_writer out; // each with its length, 16 bits, in front
};

BIO_METHOD *
dtls_bio_method_create(void);

// A BIO in which one read is one datagram and so is one write.
BIO *
dtls_bio_create(const BIO_METHOD *method, struct dtls_pipe *pipe);

// Compares the peer's certificate with its SDP. NULL, or what is wrong.
const char *
dtls_check_certificate(
    const SSL *ssl, const struct bc_sdp_fingerprint *list, unsigned count);

#endif
