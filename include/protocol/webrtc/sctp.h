// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_H
#define PROTOCOL_WEBRTC_SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_worker;

// Data channels over SCTP over DTLS (RFC 8831, 8832, 8261) by usrsctp. The library has
// locks and timers of its own, so it runs on a thread of its own (a worker without
// listeners); sessions talk to it by messages and never wait for it. Made when the first
// session wants a data channel.

// The process's SCTP thread. Owned by the server; `bc_sctp_association_create` may be
// called from any worker.
struct bc_sctp_service;

struct bc_sctp_service *
bc_sctp_service_create(void);

// All associations must be destroyed and the workers have stopped. NULL is fine.
void
bc_sctp_service_destroy(struct bc_sctp_service *service);

// What a peer may send us; beyond it a message is dropped, and a peer that goes on like
// that loses its channel.
struct bc_sctp_limits {
    size_t message_bytes;        // largest message, both ways; default 16 KiB
    unsigned messages_per_second; // default 20, in bursts of twice that
    unsigned channels;           // open at once; default 4, at most 16
    size_t send_queue_bytes;     // unsent; beyond it bc_sctp_send() drops; default 256 KiB
};

// Called on the session's own worker, never from inside calls to the association.
struct bc_sctp_ops {
    // Put this packet into DTLS.
    void (*on_send)(void *user, const uint8_t *data, size_t len);
    void (*on_channel_open)(void *user, uint16_t stream, const char *label);
    void (*on_message)(void *user, uint16_t stream, bool binary, const uint8_t *data,
        size_t len);
    void (*on_channel_closed)(void *user, uint16_t stream);
    // The association is over (aborted, limits, shut down); `reason` for the log.
    void (*on_closed)(void *user, const char *reason);
};

struct bc_sctp_params {
    struct bc_sctp_service *service;
    struct bc_worker *worker; // of the session
    uint16_t local_port;      // 5000
    uint16_t remote_port;
    bool dtls_client; // decides which stream ids are ours (RFC 8832 6)
    struct bc_sctp_limits limits; // 0: defaults
    const struct bc_sctp_ops *ops;
    void *user;
};

struct bc_sctp_association;

struct bc_sctp_association *
bc_sctp_association_create(const struct bc_sctp_params *params);

// No callback follows, nor any use of the worker; allowed inside a callback. Worker's
// thread; does not wait. The peer is not told: DTLS's close_notify does that.
void
bc_sctp_association_destroy(struct bc_sctp_association *a);

// A packet out of DTLS; copied.
void
bc_sctp_input(struct bc_sctp_association *a, const uint8_t *data, size_t len);

// Opens a reliable, ordered channel; on_channel_open follows when the peer has it. May be
// called before the association is up, and messages may be sent at once. Returns the
// stream, or a negative errno: -ENOTCONN, -EMFILE (no more channels), -EINVAL (a label of
// more than 255 bytes), -EAGAIN (queue full), -ENOMEM.
int
bc_sctp_open(struct bc_sctp_association *a, const char *label);

// Closes a channel after what was sent on it; on_channel_closed follows.
void
bc_sctp_close_channel(struct bc_sctp_association *a, uint16_t stream);

// Sends a message on an open channel; copied. -ENOTCONN, -EMSGSIZE, -EAGAIN (queue full,
// dropped), -ENOMEM.
int
bc_sctp_send(struct bc_sctp_association *a, uint16_t stream, bool binary,
    const uint8_t *data, size_t len);

#endif
