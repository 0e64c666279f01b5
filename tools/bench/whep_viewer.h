// SPDX-License-Identifier: Apache-2.0
// What the files of the WebRTC viewer share.
#ifndef BENCH_WHEP_VIEWER_H
#define BENCH_WHEP_VIEWER_H

#include "dtls.h"
#include "loop.h"
#include "rtp.h"
#include "stun.h"
#include "viewer.h"
#include "whep_signal.h"

enum { BC_UFRAG_LEN = 8, BC_PWD_LEN = 24 };

enum bc_whep_stage {
    BC_WHEP_SIGNALLING,
    BC_WHEP_CHECKING,
    BC_WHEP_HANDSHAKE,
    BC_WHEP_PLAYING,
};

// One viewer's WebRTC session. Lives until the program ends.
struct bc_whep_viewer {
    struct bc_viewer *viewer; // borrowed
    struct bc_signal signal;
    struct bc_io udp;
    enum bc_whep_stage stage;
    char ufrag[BC_UFRAG_LEN + 1];
    char pwd[BC_PWD_LEN + 1];
    struct sockaddr_in local;
    uint8_t transaction[BC_STUN_TRANSACTION_LEN];
    uint64_t tie_breaker;
    struct bc_dtls dtls;
    srtp_t in; // owned; NULL once nothing is decrypted any more
    srtp_t out; // owned
    uint32_t own_ssrc;
    struct bc_rtp_receiver receiver;
    uint32_t last_timestamp;
    int64_t media_ticks; // RTP time of the newest frame, unwrapped
    bool key_pending; // an IDR slice began in the frame that is arriving
    bool headers_only;
    int64_t key_deadline_ns;
    int64_t check_at_ns; // 0: never, as all of these
    int64_t dtls_at_ns;
    int64_t report_at_ns;
    int64_t heard_ns; // the last consent
};

// --- viewer_whep.c ---
void
bc_whep_on_stun(struct bc_whep_viewer *w, const uint8_t *p, size_t n);
void
bc_whep_on_dtls(struct bc_whep_viewer *w, const uint8_t *p, size_t n);

// --- whep_receive.c ---
// The event callback of `udp`: reads what has come.
void
bc_whep_on_udp(struct bc_io *io, uint32_t events);

#endif
