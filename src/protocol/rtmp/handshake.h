// SPDX-License-Identifier: Apache-2.0
#ifndef RTMP_HANDSHAKE_H
#define RTMP_HANDSHAKE_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"

struct bc_reader;
struct bc_writer;

// The first bytes of a connection, RTMP 5.2: C0 C1 C2 from the client, S0 S1 S2 from the
// server. Zero-initialised is the start. Owned by the session or client, freed by it once
// done.
struct bc_rtmp_handshake {
    uint8_t in[1 + RTMP_HANDSHAKE_BYTES]; // C0 and C1, or S0 and S1
    size_t have;                          // bytes of `in`
    size_t tail;                          // bytes of C2 (S2) seen
    const char *reason;                   // why it failed
};

// Takes bytes from `r`, writes S0 S1 S2 once C1 is complete. Returns 1 when C2 is
// complete (what is left in `r` are chunks), 0 when more is needed, -EPROTO when this is
// no RTMP, -EIO when no random bytes could be had. `now_ms` goes into S1.
int
bc_rtmp_handshake_server(struct bc_rtmp_handshake *h, struct bc_reader *r,
    struct bc_writer *out, uint32_t now_ms);

// The client's side: start writes C0 and C1, the other answers S1 with C2. Same results.
int
bc_rtmp_handshake_client_start(struct bc_writer *out);

int
bc_rtmp_handshake_client(struct bc_rtmp_handshake *h, struct bc_reader *r,
    struct bc_writer *out);

#endif
