// SPDX-License-Identifier: Apache-2.0
#include "receiver_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

#define HELD_BYTES_MAX ((size_t)4 << 20)

#define WAIT_NACK_DEFAULT_US 400000
#define WAIT_DEFAULT_US 60000
#define WAIT_MAX_US 10000000

// More holes than this are an outage, not loss: the oldest are given up at once, as what
// would come back is a burst that meets the same path.
#define MISSING_MAX 512

// Who jumps must go on from there (RFC 3550 A.1 wants two in a row).
#define JUMP_REACH 16
#define JUMP_AGE_MAX_US 1000000
// So many old packets with no new one between them are a restart a little way back,
// unless their time is what such packets have: then they were sent again too late.
#define LATE_RUN_MAX 64
#define LATE_AGE_MAX_S 10

#define RTX_HEADER_BYTES 2

struct bc_rtp_receiver *
bc_rtp_receiver_create(const struct bc_rtp_receiver_params *params)
{
    struct bc_rtp_receiver *r = calloc(1, sizeof(*r));
    if (!r) {
        return NULL;
    }
    r->params = *params;
    if (r->params.wait_us <= 0) {
        r->params.wait_us = params->nack ? WAIT_NACK_DEFAULT_US : WAIT_DEFAULT_US;
    }
    if (r->params.wait_us > WAIT_MAX_US) {
        r->params.wait_us = WAIT_MAX_US;
    }
    r->due_us = INT64_MAX;
    return r;
}

void
bc_rtp_receiver_destroy(struct bc_rtp_receiver *r)
{
    if (!r) {
        return;
    }
    for (unsigned i = 0; i < RTP_WINDOW; i++) {
        free(r->slots[i].held);
    }
    free(r->jump);
    free(r);
}

// NULL without memory: the packet then counts as not come.
static struct rtp_held *
hold(const struct bc_rtp_header *h, int64_t now_us)
{
    size_t size = sizeof(struct rtp_held) + h->ext_len + h->payload_len;
    struct rtp_held *held = malloc(size);
    if (!held) {
        return NULL;
    }
    held->h = *h;
    held->arrived_us = now_us;
    held->size = size;
    if (h->ext) {
        memcpy(held->bytes, h->ext, h->ext_len);
        held->h.ext = held->bytes;
    }
    held->h.payload = held->bytes + h->ext_len;
    if (h->payload_len > 0) {
        memcpy(held->bytes + h->ext_len, h->payload, h->payload_len);
    }
    return held;
}

static void
emit(struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t arrived_us)
{
    bool lost_before = r->lost_before;
    r->lost_before = false;
    r->params.on_packet(r->params.user, h, lost_before, arrived_us);
}

// Passes on what is complete at the window's front.
static void
emit_run(struct bc_rtp_receiver *r)
{
    while (r->next <= r->highest && rtp_receiver_slot(r, r->next)->held) {
        struct rtp_slot *slot = rtp_receiver_slot(r, r->next);
        struct rtp_held *held = slot->held;
        slot->held = NULL;
        r->held_bytes -= held->size;
        r->next++;
        emit(r, &held->h, held->arrived_us);
        free(held);
    }
}

static void
mark_missing(struct bc_rtp_receiver *r, int64_t seq, int64_t now_us)
{
    *rtp_receiver_slot(r, seq) = (struct rtp_slot){ .since_us = now_us };
    r->missing++;
    r->unasked++;
}

static void
unmark_missing(struct bc_rtp_receiver *r, const struct rtp_slot *slot)
{
    r->missing--;
    if (slot->asks == 0) {
        r->unasked--;
    }
}

void
rtp_receiver_give_up_first(struct bc_rtp_receiver *r)
{
    unmark_missing(r, rtp_receiver_slot(r, r->next));
    r->stats.lost++;
    r->lost_before = true;
    r->next++;
    emit_run(r);
}

// A missing packet came.
static void
fill(
    struct bc_rtp_receiver *r, int64_t seq, const struct bc_rtp_header *h, int64_t now_us)
{
    struct rtp_slot *slot = rtp_receiver_slot(r, seq);
    struct rtp_held *held = NULL;
    if (seq != r->next && !(held = hold(h, now_us))) {
        return;
    }
    unmark_missing(r, slot);
    r->stats.packets++;
    r->stats.bytes += h->payload_len;
    r->stats.recovered += slot->asks > 0;
    if (held) {
        slot->held = held;
        r->held_bytes += held->size;
    } else {
        r->next++;
        emit(r, h, now_us);
        emit_run(r);
    }
    while (r->held_bytes > HELD_BYTES_MAX || r->missing > MISSING_MAX) {
        rtp_receiver_give_up_first(r);
    }
}

// `seq` is at most RTP_WINDOW beyond the highest.
static void
accept(
    struct bc_rtp_receiver *r, int64_t seq, const struct bc_rtp_header *h, int64_t now_us)
{
    if (seq > r->highest) {
        while (r->next <= r->highest && seq - r->next >= RTP_WINDOW) {
            rtp_receiver_give_up_first(r);
        }
        while (r->highest < seq) {
            mark_missing(r, ++r->highest, now_us);
        }
        r->late_run = 0;
    }
    fill(r, seq, h, now_us);
    // What nobody asked for yet may be due by the number of packets behind it.
    if (r->unasked > 0 && r->params.nack) {
        r->due_us = now_us;
    }
}

// The stream begins, or begins again elsewhere: what waits is passed on with its gaps.
static void
start(struct bc_rtp_receiver *r, uint16_t seq)
{
    while (r->next <= r->highest && r->started) {
        rtp_receiver_give_up_first(r);
    }
    r->lost_before = r->started;
    r->started = true;
    r->next = seq;
    r->highest = r->next - 1;
    r->late_run = 0;
    rtp_reception_start(&r->reception, r->params.clock_rate, seq);
}

static bool
is_of_the_past(const struct bc_rtp_receiver *r, const struct bc_rtp_header *h)
{
    int64_t age = (int32_t)(r->reception.timestamp - h->timestamp);
    return age >= 0 && age < (int64_t)r->params.clock_rate * LATE_AGE_MAX_S;
}

static void
receive(struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t now_us)
{
    int64_t seq = r->highest + bc_rtp_seq_diff(h->seq, (uint16_t)r->highest);
    rtp_reception_on_packet(&r->reception, seq, h->timestamp, now_us);
    if (seq < r->next) {
        r->late_run += !is_of_the_past(r, h);
        if (r->late_run < LATE_RUN_MAX) {
            r->stats.duplicates++;
            return;
        }
        start(r, h->seq);
        rtp_reception_on_packet(&r->reception, r->next, h->timestamp, now_us);
        seq = r->next;
    }
    if (seq <= r->highest && rtp_receiver_slot(r, seq)->held) {
        r->stats.duplicates++;
        return;
    }
    accept(r, seq, h, now_us);
}

// A packet from far away is kept until the next one shows whether the stream goes on from
// there. A lonely one is a leftover.
static bool
is_restart(struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t now_us)
{
    if (r->jump && now_us - r->jump->arrived_us <= JUMP_AGE_MAX_US) {
        int ahead = bc_rtp_seq_diff(h->seq, r->jump->h.seq);
        if (ahead > 0 && ahead <= JUMP_REACH) {
            return true;
        }
    }
    free(r->jump);
    r->jump = hold(h, now_us);
    return false;
}

void
bc_rtp_receiver_push(
    struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t now_us)
{
    r->ssrc = h->ssrc;
    r->payload_type = h->payload_type;
    if (!r->started) {
        start(r, h->seq);
    }
    int diff = bc_rtp_seq_diff(h->seq, (uint16_t)r->highest);
    if (diff > RTP_WINDOW || diff < -RTP_WINDOW) {
        if (!is_restart(r, h, now_us)) {
            return;
        }
        struct rtp_held *jump = r->jump;
        r->jump = NULL;
        start(r, jump->h.seq);
        receive(r, &jump->h, jump->arrived_us);
        free(jump);
    }
    receive(r, h, now_us);
}

void
bc_rtp_receiver_push_rtx(
    struct bc_rtp_receiver *r, const struct bc_rtp_header *h, int64_t now_us)
{
    if (!r->started || h->payload_len < RTX_HEADER_BYTES) {
        return;
    }
    // RFC 4588 4: the original's sequence number, then its payload.
    struct bc_reader payload = bc_reader_init(h->payload, h->payload_len);
    struct bc_rtp_header original = *h;
    original.ssrc = r->ssrc;
    original.payload_type = r->payload_type;
    original.seq = bc_read_u16(&payload);
    original.payload = payload.p;
    original.payload_len = bc_reader_left(&payload);
    int diff = bc_rtp_seq_diff(original.seq, (uint16_t)r->highest);
    int64_t seq = r->highest + diff;
    if (diff > JUMP_REACH) {
        return; // of a stream that ended
    }
    if (seq < r->next || (seq <= r->highest && rtp_receiver_slot(r, seq)->held)) {
        r->stats.duplicates++;
        return;
    }
    accept(r, seq, &original, now_us);
}

void
bc_rtp_receiver_on_sr(struct bc_rtp_receiver *r, uint64_t ntp, int64_t now_us)
{
    rtp_reception_on_sr(&r->reception, ntp, now_us);
}

void
bc_rtp_receiver_report(
    struct bc_rtp_receiver *r, int64_t now_us, struct bc_rtcp_report *out)
{
    rtp_reception_report(&r->reception, now_us, out);
    out->ssrc = r->ssrc;
}

void
bc_rtp_receiver_stats(const struct bc_rtp_receiver *r, struct bc_rtp_receiver_stats *out)
{
    *out = r->stats;
    out->jitter_ms = rtp_reception_jitter_ms(&r->reception);
}
