// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "association.h"
#include "usrsctp_glue.h"

// A send must fit into the library's buffer (endpoint.c); longer messages go in pieces.
#define PIECE_BYTES (16 * 1024)

enum outcome { SENT, BLOCKED, REFUSED };

static void
drop_first(struct bc_sctp_association *a, struct dc_item *item)
{
    dc_association_count_unsent(a, 0, dc_item_bytes(item));
    dc_queue_drop(&a->endpoint.outbox, item);
    a->endpoint.outbox_sent = 0;
}

void
dc_outbox_take(struct bc_sctp_association *a, struct dc_queue *orders)
{
    dc_queue_move(&a->endpoint.outbox, orders);
}

void
dc_outbox_ack(struct bc_sctp_association *a, uint16_t stream)
{
    const uint8_t ack = DC_DCEP_ACK;
    struct dc_item *item = dc_item_create(DC_ACK, stream, &ack, 1);
    if (!item || a->endpoint.outbox.bytes > a->limits.send_queue_bytes) {
        free(item);
        dc_endpoint_doom(a, "no room for an answer");
        return;
    }
    dc_association_count_unsent(a, dc_item_bytes(item), 0);
    dc_queue_push(&a->endpoint.outbox, item);
}

void
dc_outbox_clear(struct bc_sctp_association *a)
{
    struct dc_item *item;
    while ((item = dc_queue_first(&a->endpoint.outbox)) != NULL) {
        drop_first(a, item);
    }
}

static void
set_reliability(struct sctp_sendv_spa *info, const struct dc_channel *channel)
{
    if (channel->unordered) {
        info->sendv_sndinfo.snd_flags |= SCTP_UNORDERED;
    }
    if (channel->reliability != DC_RELIABLE) {
        info->sendv_flags |= SCTP_SEND_PRINFO_VALID;
        info->sendv_prinfo.pr_policy
            = channel->reliability == DC_LIMITED_MS ? SCTP_PR_SCTP_TTL : SCTP_PR_SCTP_RTX;
        info->sendv_prinfo.pr_value = channel->parameter;
    }
}

// Gives the library what it takes of these bytes, which are one message.
static enum outcome
send_bytes(struct bc_sctp_association *a, uint16_t stream, enum dc_ppid ppid,
    const struct dc_channel *channel, const uint8_t *data, size_t len)
{
    struct dc_endpoint *e = &a->endpoint;
    struct sctp_sendv_spa info = { .sendv_flags = SCTP_SEND_SNDINFO_VALID,
        .sendv_sndinfo = { .snd_sid = stream, .snd_ppid = htonl(ppid) } };
    if (channel) {
        set_reliability(&info, channel);
    }
    while (e->outbox_sent < len) {
        size_t left = len - e->outbox_sent;
        size_t piece = left < PIECE_BYTES ? left : PIECE_BYTES;
        if (piece == left) {
            info.sendv_sndinfo.snd_flags |= SCTP_EOR; // the end of the message
        }
        ssize_t n = usrsctp_sendv(e->socket, data + e->outbox_sent, piece, NULL, 0, &info,
            sizeof(info), SCTP_SENDV_SPA, 0);
        if (n <= 0) {
            return n == 0 || errno == EWOULDBLOCK || errno == EAGAIN ? BLOCKED : REFUSED;
        }
        e->outbox_sent += (size_t)n;
    }
    return SENT;
}

static enum outcome
send_open(struct bc_sctp_association *a, const struct dc_item *item)
{
    struct dc_channel *channel = dc_channel_find(a, item->stream);
    if (!channel) {
        channel = dc_channel_add(a, item->stream);
        if (!channel) {
            return REFUSED;
        }
        channel->state = DC_CHANNEL_OPENING;
    }
    struct bc_writer w = { 0 };
    dc_dcep_write_open(&w, (const char *)item->data);
    enum outcome outcome = w.failed
        ? REFUSED
        : send_bytes(a, item->stream, DC_PPID_DCEP, NULL, w.data, w.len);
    bc_writer_finish(&w);
    return outcome;
}

static enum outcome
send_message(struct bc_sctp_association *a, const struct dc_item *item)
{
    struct dc_channel *channel = dc_channel_find(a, item->stream);
    if (!channel || channel->state == DC_CHANNEL_CLOSING) {
        return SENT; // nobody waits for it any more
    }
    // Before its ACK a channel must be ordered (RFC 8832 6); ours always are.
    if (item->len > 0) {
        return send_bytes(a, item->stream, item->binary ? DC_PPID_BINARY : DC_PPID_STRING,
            channel, item->data, item->len);
    }
    const uint8_t zero = 0; // SCTP has no empty messages, RFC 8831 6.6
    return send_bytes(a, item->stream,
        item->binary ? DC_PPID_BINARY_EMPTY : DC_PPID_STRING_EMPTY, channel, &zero, 1);
}

static enum outcome
send_item(struct bc_sctp_association *a, const struct dc_item *item)
{
    struct dc_channel *channel = dc_channel_find(a, item->stream);
    switch (item->kind) {
    case DC_OPEN:
        return send_open(a, item);
    case DC_ACK:
        return send_bytes(a, item->stream, DC_PPID_DCEP, NULL, item->data, item->len);
    case DC_MESSAGE:
        return send_message(a, item);
    case DC_CLOSE:
        if (channel) {
            dc_channel_close(a, channel);
        }
        return SENT;
    default:
        return SENT;
    }
}

// A stream that the library does not take is no channel.
static void
give_up(struct bc_sctp_association *a, uint16_t stream)
{
    struct dc_channel *channel = dc_channel_find(a, stream);
    if (channel) {
        dc_channel_close(a, channel);
        channel->state = DC_CHANNEL_NONE;
    } else {
        dc_association_emit(a, DC_CLOSE, stream, false, NULL, 0);
    }
}

void
dc_outbox_flush(struct bc_sctp_association *a)
{
    struct dc_item *item;
    while ((item = dc_queue_first(&a->endpoint.outbox)) != NULL) {
        enum outcome outcome = send_item(a, item);
        if (outcome == BLOCKED) {
            return;
        }
        uint16_t stream = item->stream;
        drop_first(a, item);
        if (outcome == REFUSED) {
            give_up(a, stream);
        }
    }
}
