// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_ICE_H
#define PROTOCOL_WEBRTC_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// The server's side of ICE (RFC 8445): a lite agent that answers authenticated checks and
// never sends its own. Built on the STUN message library of libnice. Pure: datagrams in,
// datagrams out.

#define BC_ICE_UFRAG 16 // bytes with the zero; 4 to 15 characters
#define BC_ICE_PWD 33
#define BC_STUN_MAX 1500

struct bc_ice {
    char ufrag[BC_ICE_UFRAG];
    char pwd[BC_ICE_PWD];
    char remote_ufrag[257]; // of the peer; checked in USERNAME
    uint64_t tie_breaker;
};

// Draws a password of 32 random characters and a ufrag that begins with `prefix`
// (letters and digits, at most 4) followed by 8 random ones.
void
bc_ice_init(struct bc_ice *ice, const char *prefix);

// The local ufrag that a binding request's USERNAME names, without checking anything else:
// to find whom it is for. False when it is no binding request or has no USERNAME.
bool
bc_ice_peek_ufrag(const uint8_t *data, size_t len, char out[BC_ICE_UFRAG]);

enum bc_ice_verdict {
    BC_ICE_IGNORE,    // no reply is due (indication, response, garbage)
    BC_ICE_REPLY,     // an error reply is in `out`; the sender is not trusted
    BC_ICE_CHECK,     // an authenticated check; the success reply is in `out`
    BC_ICE_NOMINATE,  // the same with USE-CANDIDATE
};

struct bc_ice_reply {
    uint8_t data[512];
    size_t len;
    char error[64]; // for the log, with BC_ICE_REPLY
};

// Handles one STUN message from `from`. Checks FINGERPRINT, USERNAME (both halves),
// MESSAGE-INTEGRITY; answers with XOR-MAPPED-ADDRESS; 400/401 per RFC 8489, 487 on a role
// conflict (a lite agent is controlled), 420 for unknown comprehension-required
// attributes. Never replies to what cannot be a STUN request.
enum bc_ice_verdict
bc_ice_handle(const struct bc_ice *ice, const uint8_t *data, size_t len,
    const struct sockaddr *from, struct bc_ice_reply *out);

#endif
