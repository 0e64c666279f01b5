// SPDX-License-Identifier: Apache-2.0
#include "reception.h"

// The field for lost packets has 24 bits and a sign.
#define LOST_MAX 0x7fffff
#define LOST_MIN (-0x800000)

// A step of the timestamps beyond this is a new clock, not jitter.
#define JITTER_STEP_MAX_S 5

// DLSR is in units of 1/65536 s.
#define DLSR_MAX_US (65535LL * 1000000)

void
rtp_reception_start(struct rtp_reception *r, uint32_t clock_rate, int64_t seq)
{
    *r = (struct rtp_reception){
        .clock_rate = clock_rate,
        .first_seq = seq,
        .highest_seq = seq - 1,
        .jitter = r->jitter,
        .has_sr = r->has_sr,
        .lsr = r->lsr,
        .sr_us = r->sr_us,
    };
}

// RFC 3550 A.8, but once per frame: the packets of one video frame share a timestamp, and
// a sender that paces them would look like jitter.
static void
update_jitter(struct rtp_reception *r, uint32_t timestamp, int64_t now_us)
{
    int64_t ticks =
        now_us / 1000000 * r->clock_rate + now_us % 1000000 * r->clock_rate / 1000000;
    uint32_t transit = (uint32_t)ticks - timestamp;
    if (r->has_transit && r->timestamp == timestamp) {
        return;
    }
    int64_t step = (int32_t)(transit - r->transit);
    step = step < 0 ? -step : step;
    if (r->has_transit && step < (int64_t)r->clock_rate * JITTER_STEP_MAX_S) {
        r->jitter += ((double)step - r->jitter) / 16;
    }
    r->has_transit = true;
    r->transit = transit;
    r->timestamp = timestamp;
}

void
rtp_reception_on_packet(
    struct rtp_reception *r, int64_t seq, uint32_t timestamp, int64_t now_us)
{
    r->received++;
    // Late ones may have been sent again: how long they took says nothing.
    if (seq > r->highest_seq) {
        r->highest_seq = seq;
        update_jitter(r, timestamp, now_us);
    }
}

void
rtp_reception_on_sr(struct rtp_reception *r, uint64_t ntp, int64_t now_us)
{
    r->has_sr = true;
    r->lsr = (uint32_t)(ntp >> 16);
    r->sr_us = now_us;
}

static uint32_t
delay_since_sr(const struct rtp_reception *r, int64_t now_us)
{
    int64_t delay_us = now_us - r->sr_us;
    if (delay_us < 0) {
        return 0;
    }
    return (
        uint32_t)((delay_us < DLSR_MAX_US ? delay_us : DLSR_MAX_US) * 65536 / 1000000);
}

// RFC 3550 A.3.
void
rtp_reception_report(struct rtp_reception *r, int64_t now_us, struct bc_rtcp_report *out)
{
    int64_t expected = r->highest_seq - r->first_seq + 1;
    int64_t lost = expected - r->received;
    int64_t interval = expected - r->expected_prior;
    int64_t interval_lost = interval - (r->received - r->received_prior);
    r->expected_prior = expected;
    r->received_prior = r->received;
    lost = lost > LOST_MAX ? LOST_MAX : lost < LOST_MIN ? LOST_MIN : lost;
    *out = (struct bc_rtcp_report){
        .lost = (int32_t)lost,
        .highest_seq = (uint32_t)r->highest_seq,
        .jitter = (uint32_t)r->jitter,
    };
    if (interval > 0 && interval_lost > 0) {
        int64_t fraction = interval_lost * 256 / interval;
        out->fraction_lost = (uint8_t)(fraction > 255 ? 255 : fraction);
    }
    if (r->has_sr) {
        out->lsr = r->lsr;
        out->dlsr = delay_since_sr(r, now_us);
    }
}

double
rtp_reception_jitter_ms(const struct rtp_reception *r)
{
    return r->clock_rate ? r->jitter * 1000 / r->clock_rate : 0;
}
