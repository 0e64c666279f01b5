// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_FRAMING_H
#define PROTOCOL_WEBRTC_FRAMING_H

#include <stddef.h>
#include <stdint.h>

// Datagrams over TCP (RFC 4571, as ICE-TCP uses it): each has its length in front, 16
// bits, network order.

#define BC_RTP_FRAMING_MAX 2048 // bytes of one frame
#define BC_RTP_FRAMING_HEAD 2

// Cuts a stream of bytes into frames. Zero-initialised is empty and valid; it holds at
// most one frame that is not complete yet. Embedded in its connection; one thread.
struct bc_rtp_framing {
    uint8_t head[BC_RTP_FRAMING_HEAD];
    size_t head_len;
    uint8_t *frame; // owned; NULL between frames
    size_t have;    // bytes of it that have come
};

// Calls on_frame() for each frame that is complete with these bytes; empty frames, which
// keep a connection open, are left out. The frame is the callee's to change (to decrypt
// in place) until it returns. 0, -EMSGSIZE for a frame above the maximum or -ENOMEM;
// after an error the connection is of no use.
int
bc_rtp_framing_input(struct bc_rtp_framing *f, const uint8_t *data, size_t len,
    void (*on_frame)(void *user, uint8_t *frame, size_t len), void *user);

void
bc_rtp_framing_finish(struct bc_rtp_framing *f);

// What goes in front of a datagram of `len` bytes. 0 or -EMSGSIZE.
int
bc_rtp_framing_head(uint8_t head[BC_RTP_FRAMING_HEAD], size_t len);

#endif
