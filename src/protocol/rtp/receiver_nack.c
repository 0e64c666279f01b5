// SPDX-License-Identifier: Apache-2.0
#include "receiver_impl.h"

// Before a hole is asked for, it may only be reordering.
#define TOLERANCE_PACKETS 3
#define TOLERANCE_US 10000
#define REPEAT_MIN_US 20000
#define REPEAT_UNKNOWN_US 100000 // while nobody knows the round trip
#define RTT_MAX_US 10000000
#define ASKS_MAX 10
#define NACK_BATCH 256 // sequence numbers per call: one RTCP packet of 1 KiB at most

static void
send_nack(struct bc_rtp_receiver *r, const uint16_t *seqs, unsigned count)
{
    if (count > 0) {
        r->stats.nacked += count;
        r->params.on_nack(r->params.user, seqs, count);
    }
}

// When this missing packet is to be asked for (again).
static int64_t
ask_at(const struct bc_rtp_receiver *r, const struct rtp_slot *slot, int64_t seq)
{
    if (!r->params.nack || slot->asks >= ASKS_MAX) {
        return INT64_MAX;
    }
    if (slot->asks == 0) {
        bool passed = r->highest - seq >= TOLERANCE_PACKETS;
        return slot->since_us + (passed ? 0 : TOLERANCE_US);
    }
    int64_t repeat_us = r->rtt_us > 0 ? r->rtt_us : REPEAT_UNKNOWN_US;
    return slot->asked_us + (repeat_us > REPEAT_MIN_US ? repeat_us : REPEAT_MIN_US);
}

// Asks for all that is due. Returns when the next is.
static int64_t
ask(struct bc_rtp_receiver *r, int64_t now_us)
{
    uint16_t seqs[NACK_BATCH];
    unsigned count = 0;
    int64_t due_us = INT64_MAX;
    unsigned left = r->missing;
    for (int64_t seq = r->next; left > 0 && seq <= r->highest; seq++) {
        struct rtp_slot *slot = rtp_receiver_slot(r, seq);
        if (slot->held) {
            continue;
        }
        left--;
        int64_t at_us = ask_at(r, slot, seq);
        if (at_us <= now_us) {
            r->unasked -= slot->asks == 0;
            slot->asks++;
            slot->asked_us = now_us;
            seqs[count++] = (uint16_t)seq;
            at_us = ask_at(r, slot, seq);
        }
        if (count == NACK_BATCH) {
            send_nack(r, seqs, count);
            count = 0;
        }
        due_us = at_us < due_us ? at_us : due_us;
    }
    send_nack(r, seqs, count);
    return due_us;
}

int64_t
bc_rtp_receiver_tick(struct bc_rtp_receiver *r, int64_t now_us)
{
    // Holes further back were found later, so the front one is the first to expire.
    while (r->missing > 0
        && now_us - rtp_receiver_slot(r, r->next)->since_us >= r->params.wait_us) {
        rtp_receiver_give_up_first(r);
    }
    if (r->missing == 0) {
        r->due_us = INT64_MAX;
    } else if (now_us >= r->due_us) {
        r->due_us = ask(r, now_us);
    }
    if (r->missing == 0) {
        return INT64_MAX;
    }
    int64_t expires_us = rtp_receiver_slot(r, r->next)->since_us + r->params.wait_us;
    return r->due_us < expires_us ? r->due_us : expires_us;
}

void
bc_rtp_receiver_set_rtt(struct bc_rtp_receiver *r, int64_t rtt_us)
{
    r->rtt_us = rtt_us < RTT_MAX_US ? rtt_us : RTT_MAX_US;
    if (r->missing > 0) {
        r->due_us = 0;
    }
}
