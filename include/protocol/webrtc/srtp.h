// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SRTP_H
#define PROTOCOL_WEBRTC_SRTP_H

#include <stddef.h>
#include <stdint.h>

enum bc_srtp_profile {
    BC_SRTP_NONE,
    BC_SRTP_AEAD_AES_128_GCM,
    BC_SRTP_AES128_CM_SHA1_80,
};

// Master key and salt of both directions, as exported from DTLS (RFC 5764 4.2).
struct bc_srtp_keys {
    enum bc_srtp_profile profile;
    uint8_t local[30]; // key, then salt: 16 + 12 with GCM, 16 + 14 with CM
    uint8_t remote[30];
};

#define BC_SRTP_OVERHEAD 16      // what RTP grows by at most
#define BC_SRTCP_OVERHEAD 20     // and RTCP

// Both directions of one session's SRTP and SRTCP (RFC 3711, 7714) by libsrtp, any number
// of SSRCs. Owned by the session; one thread.
struct bc_srtp;

// Once per process, before the first session; calling it again is harmless.
int
bc_srtp_setup(void);

struct bc_srtp *
bc_srtp_create(const struct bc_srtp_keys *keys);

void
bc_srtp_destroy(struct bc_srtp *srtp);

// Encrypts in place; the buffer has BC_SRTP_OVERHEAD bytes of room behind. Sending the
// very same packet again is allowed. Returns the new length or a negative errno.
int
bc_srtp_protect(struct bc_srtp *srtp, uint8_t *packet, size_t len);

int
bc_srtp_protect_rtcp(struct bc_srtp *srtp, uint8_t *packet, size_t len);

// Decrypts in place. -EALREADY: a replay; -EBADMSG: it is not genuine; -ENOBUFS: the peer
// sends with more SSRCs than a session may have.
int
bc_srtp_unprotect(struct bc_srtp *srtp, uint8_t *packet, size_t len);

int
bc_srtp_unprotect_rtcp(struct bc_srtp *srtp, uint8_t *packet, size_t len);

#endif
