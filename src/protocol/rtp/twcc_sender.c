// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtp/twcc.h"

#include <errno.h>

#include "protocol/rtp/packet.h"
#include "twcc_feedback.h"
#include "twcc_rate.h"
#include "twcc_trend.h"

#define REFERENCE_US 64000
#define REFERENCE_START 0x1000000 // added, so that no time before it is negative
// Feedback that is so far from the last one in the peer's clock begins a new clock: a
// minute later, or as much earlier as no feedback is late.
#define REFERENCE_AHEAD_MAX 1000
#define REFERENCE_BACK_MAX 80

#define RTT_MAX_US 10000000

// While nothing was sent, a queue went away.
#define PAUSE_US 1000000

_Static_assert(sizeof(struct bc_twcc_sender) <= 24 * 1024, "a viewer embeds it");

void
bc_twcc_sender_init(struct bc_twcc_sender *s)
{
    *s = (struct bc_twcc_sender){ .next_seq = 1 };
    twcc_trend_init(&s->trend);
}

static struct bc_twcc_sent *
slot_of(struct bc_twcc_sender *s, uint16_t seq)
{
    return &s->sent[seq & (BC_TWCC_HISTORY - 1)];
}

uint16_t
bc_twcc_sender_on_sent(struct bc_twcc_sender *s, size_t bytes, int64_t now_us)
{
    uint16_t seq = s->next_seq++;
    const struct bc_twcc_sent *before = slot_of(s, (uint16_t)(seq - 1));
    if (before->bytes > 0 && now_us - before->sent_us > PAUSE_US) {
        s->trend.verdict = false;
        s->overuse = false;
    }
    *slot_of(s, seq) = (struct bc_twcc_sent){
        .sent_us = now_us,
        .seq = seq,
        .bytes = (uint16_t)(bytes > UINT16_MAX ? UINT16_MAX
                : bytes > 0                    ? bytes
                                               : 1),
    };
    return seq;
}

// NULL when it isn't among the newest any more.
static struct bc_twcc_sent *
find(struct bc_twcc_sender *s, uint16_t seq)
{
    struct bc_twcc_sent *sent = slot_of(s, seq);
    return sent->seq == seq && sent->bytes > 0 ? sent : NULL;
}

// The message's time in the peer's clock, which wraps after 12 days.
static int64_t
unwrap_reference(struct bc_twcc_sender *s, const struct twcc_feedback *f)
{
    uint32_t reference = f->reference;
    int32_t step = (int32_t)((reference - s->e.reference) << 8) >> 8;
    int64_t start_us = ((int64_t)reference + REFERENCE_START) * REFERENCE_US;
    if (!s->e.has_reference) {
        s->e.reference_us = start_us;
    } else if (step > REFERENCE_AHEAD_MAX || step < -REFERENCE_BACK_MAX) {
        s->e.reference_us = start_us;
        twcc_trend_reset(&s->trend);
        twcc_rate_reset(s);
        s->e.expected_seq = f->base;
    } else {
        s->e.reference_us += (int64_t)step * REFERENCE_US;
    }
    s->e.has_reference = true;
    s->e.reference = reference;
    return s->e.reference_us;
}

// Feedback is lost too. What it would have spoken of most likely came, and must not look
// as if the path had carried less.
static void
credit_gap(struct bc_twcc_sender *s, uint16_t base)
{
    int gap = bc_rtp_seq_diff(base, s->e.expected_seq);
    for (int i = gap < BC_TWCC_HISTORY ? gap : BC_TWCC_HISTORY; i > 0; i--) {
        struct bc_twcc_sent *sent = find(s, (uint16_t)(base - i));
        if (sent && !sent->acked && !sent->lost && !sent->credited) {
            sent->credited = true;
            s->e.credit_bytes += sent->bytes;
            twcc_rate_on_arrival(s, sent->bytes, sent->sent_us + s->e.delay_us);
        }
    }
}

static void
on_missing(struct bc_twcc_sender *s, struct bc_twcc_sent *sent)
{
    if (!sent->acked && !sent->lost) {
        sent->lost = true;
        s->e.window_packets++;
        s->e.window_lost++;
    }
}

static void
on_acked(struct bc_twcc_sender *s, struct bc_twcc_sent *sent, int64_t arrival_us)
{
    if (sent->acked) {
        return;
    }
    sent->acked = true;
    if (!sent->lost) {
        s->e.window_packets++;
    } else if (s->e.window_lost > 0) {
        s->e.window_lost--; // it was only late
    }
    s->e.delay_us = arrival_us - sent->sent_us;
    int64_t bytes = sent->credited ? 0 : sent->bytes;
    twcc_rate_on_arrival(s, bytes, arrival_us);
    twcc_trend_add(&s->trend, sent->sent_us, arrival_us, bytes + s->e.credit_bytes);
    s->e.credit_bytes = 0;
}

static void
update_rtt(struct bc_twcc_sender *s, int64_t sent_us, int64_t now_us)
{
    int64_t rtt_us = now_us - sent_us;
    if (rtt_us < 0 || rtt_us > RTT_MAX_US) {
        return;
    }
    // The peer kept the feedback back for some time: the shorter ones are truer.
    int64_t weight = rtt_us < s->rtt_us ? 4 : 16;
    s->rtt_us = s->rtt_us ? s->rtt_us + (rtt_us - s->rtt_us) / weight : rtt_us;
}

int
bc_twcc_sender_on_feedback(
    struct bc_twcc_sender *s, const uint8_t *fci, size_t len, int64_t now_us)
{
    struct twcc_feedback f;
    struct twcc_status status;
    if (twcc_feedback_open(&f, fci, len) < 0) {
        return -EINVAL;
    }
    // It speaks of packets that were never sent.
    if ((uint16_t)(s->next_seq - f.base) < f.count) {
        return -EINVAL;
    }
    if (!s->e.has_reference) {
        s->e.expected_seq = f.base;
    }
    int64_t reference_us = unwrap_reference(s, &f);
    credit_gap(s, f.base);
    const struct bc_twcc_sent *newest = NULL;
    while (twcc_feedback_next(&f, &status)) {
        struct bc_twcc_sent *sent = find(s, status.seq);
        if (sent && status.received) {
            on_acked(s, sent, reference_us + status.after_us);
            newest = sent;
        } else if (sent) {
            on_missing(s, sent);
        }
    }
    uint16_t end = (uint16_t)(f.base + f.count);
    if (bc_rtp_seq_diff(end, s->e.expected_seq) > 0) {
        s->e.expected_seq = end;
    }
    if (!newest) {
        return 0;
    }
    update_rtt(s, newest->sent_us, now_us);
    if (s->first_feedback_us == 0) {
        s->first_feedback_us = now_us;
    }
    s->last_feedback_us = now_us;
    s->overuse = twcc_trend_update(&s->trend, now_us);
    twcc_rate_update(s, now_us);
    return 0;
}
