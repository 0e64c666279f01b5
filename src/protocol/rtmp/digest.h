// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_DIGEST_H
#define RTMP_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

// The digest ("complex") handshake, which Adobe never published; RTMP-5 in the README. C1
// and S1 carry an HMAC-SHA256 of their other bytes at a place that bytes of their own
// tell, in one of two schemas; S2 ends in an HMAC that proves knowledge of the C1 digest.

#define RTMP_HANDSHAKE_BYTES 1536
#define RTMP_DIGEST_BYTES 32

// Which of the two places holds a digest.
enum rtmp_schema { RTMP_SCHEMA_NONE, RTMP_SCHEMA_0, RTMP_SCHEMA_1 };

enum rtmp_role { RTMP_ROLE_CLIENT, RTMP_ROLE_SERVER };

bool
bc_rtmp_random(uint8_t *out, int len);

// Looks for a digest that a peer in that role made and copies it. NONE when there is
// none.
enum rtmp_schema
bc_rtmp_digest_find(const uint8_t packet[RTMP_HANDSHAKE_BYTES], enum rtmp_role role,
    uint8_t digest[RTMP_DIGEST_BYTES]);

// Puts the digest of that role into a finished C1 or S1. False when OpenSSL fails.
bool
bc_rtmp_digest_sign(uint8_t packet[RTMP_HANDSHAKE_BYTES], enum rtmp_role role,
    enum rtmp_schema schema);

// Ends an S2 (C2) of random bytes with the answer to the digest of C1 (S1).
bool
bc_rtmp_digest_answer(uint8_t packet[RTMP_HANDSHAKE_BYTES], enum rtmp_role role,
    const uint8_t peer_digest[RTMP_DIGEST_BYTES]);

#endif
