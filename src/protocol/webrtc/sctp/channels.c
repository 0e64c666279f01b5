// SPDX-License-Identifier: Apache-2.0
// Channels, and what the peer sends on them: RFC 8831, 8832.
#include <stdio.h>
#include <string.h>

#include "association.h"
#include "base/clock.h"
#include "usrsctp_glue.h"

#define TOKEN 1000000
#define BURST_S 2
// So many dropped messages within a window end the channel; so many channels, the
// association.
#define STRIKES 50
#define WINDOW_US 10000000

// --- the table ---

struct dc_channel *
dc_channel_find(struct bc_sctp_association *a, uint16_t stream)
{
    for (unsigned i = 0; i < a->limits.channels; i++) {
        struct dc_channel *channel = &a->endpoint.channels[i];
        if (channel->state != DC_CHANNEL_NONE && channel->stream == stream) {
            return channel;
        }
    }
    return NULL;
}

struct dc_channel *
dc_channel_add(struct bc_sctp_association *a, uint16_t stream)
{
    if (dc_channel_find(a, stream)) {
        return NULL;
    }
    for (unsigned i = 0; i < a->limits.channels; i++) {
        struct dc_channel *channel = &a->endpoint.channels[i];
        if (channel->state == DC_CHANNEL_NONE) {
            *channel = (struct dc_channel){ .stream = stream };
            return channel;
        }
    }
    return NULL;
}

static void
reset_stream(struct bc_sctp_association *a, uint16_t stream)
{
    if (stream < DC_STREAMS) {
        a->endpoint.resets[stream / 8] |= (uint8_t)(1u << stream % 8);
    }
}

void
dc_channel_close(struct bc_sctp_association *a, struct dc_channel *channel)
{
    if (channel->state == DC_CHANNEL_CLOSING) {
        return;
    }
    channel->state = DC_CHANNEL_CLOSING;
    reset_stream(a, channel->stream);
    dc_association_emit(a, DC_CLOSE, channel->stream, false, NULL, 0);
}

// --- limits ---

static void
strike(struct bc_sctp_association *a, uint16_t stream, int64_t now_us)
{
    struct dc_allowance *w = &a->endpoint.allowance;
    if (now_us - w->window_us > WINDOW_US) {
        w->window_us = now_us;
        w->strikes = 0;
    }
    if (++w->strikes < STRIKES) {
        return;
    }
    w->strikes = 0;
    struct dc_channel *channel = dc_channel_find(a, stream);
    if (channel) {
        dc_channel_close(a, channel);
    } else {
        reset_stream(a, stream);
    }
    if (++w->closings > a->limits.channels) {
        dc_endpoint_doom(a, "the peer sends more than it may");
    }
}

// A bucket of messages that fills with the time.
static bool
take_token(struct bc_sctp_association *a, int64_t now_us)
{
    struct dc_allowance *w = &a->endpoint.allowance;
    int64_t rate = a->limits.messages_per_second;
    int64_t full = BURST_S * rate * TOKEN;
    int64_t elapsed_us = now_us - w->refilled_us;
    w->refilled_us = now_us;
    bool fills = elapsed_us >= BURST_S * (int64_t)TOKEN;
    w->tokens = fills || w->tokens + elapsed_us * rate > full
        ? full
        : w->tokens + elapsed_us * rate;
    if (w->tokens < TOKEN) {
        return false;
    }
    w->tokens -= TOKEN;
    return true;
}

// --- messages ---

static bool
is_peers_stream(const struct bc_sctp_association *a, uint16_t stream)
{
    // The DTLS client has the even ones (RFC 8832 6).
    return (stream % 2 == 0) != a->dtls_client;
}

static void
open_by_peer(
    struct bc_sctp_association *a, uint16_t stream, const uint8_t *data, size_t len)
{
    struct dc_open open;
    struct dc_channel *used = dc_channel_find(a, stream);
    struct dc_channel *channel = NULL;
    if (is_peers_stream(a, stream) && dc_dcep_parse_open(data, len, &open)) {
        channel = dc_channel_add(a, stream);
    }
    if (!channel) {
        // Malformed, a stream that is in use or not the peer's, or no room: RFC 8832 6
        // closes the channel.
        if (used) {
            dc_channel_close(a, used);
        } else {
            reset_stream(a, stream);
        }
        return;
    }
    channel->state = DC_CHANNEL_OPEN;
    channel->unordered = open.unordered;
    channel->reliability = open.reliability;
    channel->parameter = open.parameter;
    dc_outbox_ack(a, stream);
    dc_association_emit(a, DC_OPEN, stream, false, open.label, strlen(open.label) + 1);
}

static void
confirm(struct bc_sctp_association *a, struct dc_channel *channel)
{
    if (channel->state == DC_CHANNEL_OPENING) {
        channel->state = DC_CHANNEL_OPEN;
        dc_association_emit(a, DC_OPEN, channel->stream, false, "", 1);
    }
}

// True for the identifiers of user messages; the old ones for pieces of a message (52,
// 54) are not taken.
static bool
is_user_ppid(uint32_t ppid)
{
    return ppid == DC_PPID_STRING || ppid == DC_PPID_BINARY
        || ppid == DC_PPID_STRING_EMPTY || ppid == DC_PPID_BINARY_EMPTY;
}

void
dc_channels_message(struct bc_sctp_association *a, uint16_t stream, uint32_t ppid,
    bool complete, const uint8_t *data, size_t len)
{
    struct dc_channel *channel = dc_channel_find(a, stream);
    bool rest = channel && channel->skipping;
    if (channel) {
        channel->skipping = !complete;
    }
    if (rest) {
        return; // it was counted when it began
    }
    bool is_control = ppid == DC_PPID_DCEP;
    enum dc_dcep_type type = is_control ? dc_dcep_type(data, len) : DC_DCEP_NONE;
    if (type == DC_DCEP_ACK && channel && channel->state == DC_CHANNEL_OPENING) {
        confirm(a, channel); // one for each that we open, so no limit is needed
        return;
    }
    int64_t now = bc_clock_us();
    bool may = take_token(a, now);
    size_t most = is_control ? DC_CONTROL_MAX : a->limits.message_bytes;
    if (!may || !complete || len > most
        || (!is_control && (!channel || !is_user_ppid(ppid)))) {
        if (is_control && !channel) {
            reset_stream(a, stream); // who opens it is told
        }
        strike(a, stream, now);
        return;
    }
    if (is_control) {
        if (type == DC_DCEP_OPEN) {
            open_by_peer(a, stream, data, len);
        }
        return;
    }
    confirm(a, channel); // messages may come before the ACK
    if (channel->state == DC_CHANNEL_OPEN) {
        bool is_empty = ppid == DC_PPID_STRING_EMPTY || ppid == DC_PPID_BINARY_EMPTY;
        bool binary = ppid == DC_PPID_BINARY || ppid == DC_PPID_BINARY_EMPTY;
        dc_association_emit(a, DC_MESSAGE, stream, binary, data, is_empty ? 0 : len);
    }
}

// --- events ---

static void
on_change(struct bc_sctp_association *a, const struct sctp_assoc_change *change)
{
    char reason[DC_REASON];
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        a->endpoint.state = DC_ENDPOINT_UP;
        return;
    case SCTP_SHUTDOWN_COMP:
        dc_endpoint_doom(a, "shut down by the peer");
        return;
    case SCTP_CANT_STR_ASSOC:
        dc_endpoint_doom(a, "the peer does not answer");
        return;
    case SCTP_RESTART:
        dc_endpoint_doom(a, "restarted by the peer");
        return;
    default:
        snprintf(reason, sizeof(reason), "lost (state %u, error %u)",
            (unsigned)change->sac_state, (unsigned)change->sac_error);
        dc_endpoint_doom(a, reason);
        return;
    }
}

static void
on_stream_reset(struct bc_sctp_association *a, uint16_t stream)
{
    struct dc_channel *channel = dc_channel_find(a, stream);
    if (channel) {
        dc_channel_close(a, channel); // resets our direction too, RFC 8831 6.7
        channel->state = DC_CHANNEL_NONE;
    }
}

static void
on_reset(
    struct bc_sctp_association *a, const struct sctp_stream_reset_event *e, size_t len)
{
    if (!(e->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN)
        || (e->strreset_flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED))) {
        return;
    }
    size_t n = (len - sizeof(*e)) / sizeof(e->strreset_stream_list[0]);
    for (size_t i = 0; i < n; i++) {
        on_stream_reset(a, e->strreset_stream_list[i]);
    }
    for (unsigned i = 0; n == 0 && i < a->limits.channels; i++) {
        on_stream_reset(a, a->endpoint.channels[i].stream); // all of them
    }
}

void
dc_channels_notification(
    struct bc_sctp_association *a, const union sctp_notification *n, size_t len)
{
    if (len < sizeof(n->sn_header) || n->sn_header.sn_length != len) {
        return;
    }
    if (n->sn_header.sn_type == SCTP_ASSOC_CHANGE && len >= sizeof(n->sn_assoc_change)) {
        on_change(a, &n->sn_assoc_change);
    } else if (n->sn_header.sn_type == SCTP_STREAM_RESET_EVENT
        && len >= sizeof(n->sn_strreset_event)) {
        on_reset(a, &n->sn_strreset_event, len);
    }
}
