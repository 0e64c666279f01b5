// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_ENDPOINT_H
#define PROTOCOL_WEBRTC_SCTP_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/table.h"
#include "dcep.h"
#include "queue.h"

#define DC_CHANNELS_MAX 16
#define DC_STREAMS 128 // each way; the library keeps some 130 bytes for each
#define DC_CONTROL_MAX 1024 // bytes of a DCEP message
#define DC_REASON 96

struct bc_sctp_association;
struct socket;
union sctp_notification;

enum dc_channel_state {
    DC_CHANNEL_NONE,
    DC_CHANNEL_OPENING, // by us; the peer has not answered
    DC_CHANNEL_OPEN,
    DC_CHANNEL_CLOSING, // we have closed; the peer has not yet
};

struct dc_channel {
    enum dc_channel_state state;
    uint16_t stream;
    bool unordered;
    enum dc_reliability reliability;
    uint32_t parameter;
    bool skipping; // the rest of a message that is too long
};

enum dc_endpoint_state {
    DC_ENDPOINT_NEW,
    DC_ENDPOINT_CONNECTING,
    DC_ENDPOINT_UP,
    DC_ENDPOINT_CLOSED,
};

// What the peer may still send; see channels.c.
struct dc_allowance {
    int64_t refilled_us;
    int64_t tokens; // millionths of a message
    int64_t window_us;
    unsigned strikes; // since window_us
    unsigned closings; // channels lost that way
};

// The service's half of an association: its socket in the library. Embedded in the
// association; the service's thread only. The library knows it by its id and not by its
// address, so that whatever comes late finds nobody.
struct dc_endpoint {
    enum dc_endpoint_state state;
    uint64_t id;
    UT_hash_handle hh;      // in the service's table, by id
    struct socket *socket;  // owned
    struct bc_list attention; // in the service's list: dc_endpoint_settle() is due
    char doom[DC_REASON];   // why it must end; empty: it goes on
    struct dc_channel channels[DC_CHANNELS_MAX];
    uint8_t resets[DC_STREAMS / 8]; // outgoing streams that are to be reset
    struct dc_queue outbox; // not yet in the library
    size_t outbox_sent;     // of the first item
    struct dc_allowance allowance;
};

// --- endpoint.c ---

void
dc_endpoint_init(struct bc_sctp_association *a);

// Takes over what came from the session. Opens the socket at the first call.
void
dc_endpoint_run(struct bc_sctp_association *a, struct dc_queue *packets,
    struct dc_queue *orders);

// Does what callbacks of the library must not: ends the association, resets streams,
// sends.
void
dc_endpoint_settle(struct bc_sctp_association *a);

void
dc_endpoint_close(struct bc_sctp_association *a);

// Ends the association at the next settling.
void
dc_endpoint_doom(struct bc_sctp_association *a, const char *reason);

void
dc_endpoint_want_attention(struct bc_sctp_association *a);

// The library's output.
void
dc_endpoint_output(struct bc_sctp_association *a, const void *data, size_t len);

// --- channels.c: from the peer ---

struct dc_channel *
dc_channel_find(struct bc_sctp_association *a, uint16_t stream);

// NULL: there is no room, or the stream is in use.
struct dc_channel *
dc_channel_add(struct bc_sctp_association *a, uint16_t stream);

// Closes our side and tells the session.
void
dc_channel_close(struct bc_sctp_association *a, struct dc_channel *channel);

// A message, or a piece of one that is longer than any may be.
void
dc_channels_message(struct bc_sctp_association *a, uint16_t stream, uint32_t ppid,
    bool complete, const uint8_t *data, size_t len);

void
dc_channels_notification(struct bc_sctp_association *a,
    const union sctp_notification *n, size_t len);

// --- outbox.c: to the peer ---

void
dc_outbox_take(struct bc_sctp_association *a, struct dc_queue *orders);

void
dc_outbox_ack(struct bc_sctp_association *a, uint16_t stream);

// Gives the library what it takes.
void
dc_outbox_flush(struct bc_sctp_association *a);

void
dc_outbox_clear(struct bc_sctp_association *a);

#endif
