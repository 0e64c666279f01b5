// SPDX-License-Identifier: Apache-2.0
#include "twcc_rate.h"

#include <string.h>

#include "twcc_trend.h"

#define BUCKET_US 50000
#define BUCKETS_MIN 6 // before that, nobody knows a rate

#define LOSS_WINDOW_US 500000
#define LOSS_PACKETS_MIN 20
// A stream of few packets has a longer window.
#define LOSS_WINDOW_LONG_US 2000000
#define LOSS_PACKETS_LONG_MIN 5
#define LOSS_HOLD 0.02
#define LOSS_DECREASE 0.10

#define DECREASE_FACTOR 0.85
#define DECREASE_WAIT_US                                                                 \
    300000 // and a round trip: a decrease must be felt before the next
#define DECREASE_WAIT_MAX_US 1000000

#define ESTIMATE_MIN_BPS 30000
#define ESTIMATE_FIRST 1.5 // of what came: nothing spoke against it yet
#define ESTIMATE_CAP 2 // of what came
#define UPDATE_MAX_US 1000000

// Growth per second: until the path's end was ever felt, soon after it was, and later.
#define GROWTH_FIRST 0.5
#define GROWTH_CAREFUL 0.08
#define GROWTH_CALM 0.25
#define CALM_AFTER_US 5000000
#define GROWTH_MIN_BPS 20000.0

void
twcc_rate_reset(struct bc_twcc_sender *s)
{
    memset(s->e.buckets, 0, sizeof(s->e.buckets));
    s->e.bucket = 0;
    s->e.first_bucket = 0;
}

void
twcc_rate_on_arrival(struct bc_twcc_sender *s, int64_t bytes, int64_t arrival_us)
{
    // Never 0 for an honest peer, so 0 is none yet.
    int64_t bucket = arrival_us / BUCKET_US;
    if (s->e.bucket == 0 || bucket - s->e.bucket >= BC_TWCC_BUCKETS) {
        bool known = s->e.bucket != 0;
        twcc_rate_reset(s);
        s->e.bucket = bucket;
        // After a pause the stretch without packets belongs to the rate.
        s->e.first_bucket = known ? bucket - BC_TWCC_BUCKETS : bucket;
    }
    while (s->e.bucket < bucket) {
        s->e.buckets[(uint64_t)++s->e.bucket % BC_TWCC_BUCKETS] = 0;
    }
    if (bucket > s->e.bucket - BC_TWCC_BUCKETS) {
        s->e.buckets[(uint64_t)bucket % BC_TWCC_BUCKETS] += bytes;
    }
}

// Without the newest bucket, which is still being filled.
static void
update_acked(struct bc_twcc_sender *s)
{
    int64_t complete = s->e.bucket - s->e.first_bucket;
    if (complete < BUCKETS_MIN) {
        return;
    }
    if (complete > BC_TWCC_BUCKETS - 1) {
        complete = BC_TWCC_BUCKETS - 1;
    }
    int64_t bytes = 0;
    for (int64_t i = 1; i <= complete; i++) {
        bytes += s->e.buckets[(uint64_t)(s->e.bucket - i) % BC_TWCC_BUCKETS];
    }
    s->acked_bps = bytes * 8 * 1000000 / (complete * BUCKET_US);
}

// True when a window ended and `loss` is new.
static bool
update_loss(struct bc_twcc_sender *s, int64_t now_us)
{
    int64_t passed_us = now_us - s->e.window_start_us;
    if (s->e.window_start_us == 0) {
        s->e.window_start_us = now_us;
        return false;
    }
    bool due = passed_us >= LOSS_WINDOW_US && s->e.window_packets >= LOSS_PACKETS_MIN;
    bool due_long =
        passed_us >= LOSS_WINDOW_LONG_US && s->e.window_packets >= LOSS_PACKETS_LONG_MIN;
    if (!due && !due_long) {
        return false;
    }
    double loss = (double)s->e.window_lost / s->e.window_packets;
    s->loss += (loss - s->loss) * (due ? 0.5 : 1);
    s->e.window_start_us = now_us;
    s->e.window_packets = 0;
    s->e.window_lost = 0;
    return true;
}

static void
decrease_to(struct bc_twcc_sender *s, double bps, int64_t now_us)
{
    int64_t target_bps = (int64_t)bps;
    if (target_bps < s->estimate_bps) {
        s->estimate_bps = target_bps;
    }
    if (s->estimate_bps < ESTIMATE_MIN_BPS) {
        s->estimate_bps = ESTIMATE_MIN_BPS;
    }
    s->e.decreased = true;
    s->e.decreased_us = now_us;
}

static bool
may_decrease(const struct bc_twcc_sender *s, int64_t now_us)
{
    int64_t wait_us = DECREASE_WAIT_US + s->rtt_us;
    if (wait_us > DECREASE_WAIT_MAX_US) {
        wait_us = DECREASE_WAIT_MAX_US;
    }
    return !s->e.decreased || now_us - s->e.decreased_us >= wait_us;
}

// While the queue grows, what comes out of it is what the path carries.
static void
decrease_by_delay(struct bc_twcc_sender *s, int64_t now_us)
{
    int64_t carried_bps = twcc_trend_delivered_bps(&s->trend);
    carried_bps = carried_bps > 0 ? carried_bps : s->acked_bps;
    if (carried_bps > 0) {
        decrease_to(s, (double)carried_bps * DECREASE_FACTOR, now_us);
    }
}

// From what is really sent, but not below what does arrive.
static void
decrease_by_loss(struct bc_twcc_sender *s, int64_t now_us)
{
    double acked_bps = (double)s->acked_bps;
    double sent_bps = s->loss < 0.9 ? acked_bps / (1 - s->loss) : acked_bps * 10;
    double from_bps =
        sent_bps < (double)s->estimate_bps ? sent_bps : (double)s->estimate_bps;
    double bps = from_bps * (1 - 0.5 * s->loss);
    double least_bps = acked_bps * DECREASE_FACTOR;
    decrease_to(s, bps > least_bps ? bps : least_bps, now_us);
}

static void
increase(struct bc_twcc_sender *s, int64_t now_us, int64_t passed_us)
{
    double growth = GROWTH_FIRST;
    if (s->e.decreased) {
        bool calm = now_us - s->e.decreased_us > CALM_AFTER_US;
        growth = calm ? GROWTH_CALM : GROWTH_CAREFUL;
    }
    double per_second = (double)s->estimate_bps * growth;
    if (per_second < GROWTH_MIN_BPS) {
        per_second = GROWTH_MIN_BPS;
    }
    int64_t bps = s->estimate_bps + (int64_t)(per_second * (double)passed_us / 1e6);
    int64_t cap_bps = s->acked_bps * ESTIMATE_CAP;
    bps = bps < cap_bps ? bps : cap_bps;
    // A stream that sends less now says nothing against what the path carried before.
    if (bps > s->estimate_bps) {
        s->estimate_bps = bps;
    }
}

void
twcc_rate_update(struct bc_twcc_sender *s, int64_t now_us)
{
    int64_t passed_us = now_us - s->e.updated_us;
    if (passed_us < 0 || passed_us > UPDATE_MAX_US) {
        passed_us = passed_us < 0 ? 0 : UPDATE_MAX_US;
    }
    s->e.updated_us = now_us;
    bool loss_known = update_loss(s, now_us);
    update_acked(s);
    if (s->acked_bps == 0) {
        return;
    }
    if (s->estimate_bps == 0) {
        s->estimate_bps = (int64_t)((double)s->acked_bps * ESTIMATE_FIRST);
    }
    if (s->overuse) {
        if (may_decrease(s, now_us)) {
            decrease_by_delay(s, now_us);
        }
    } else if (s->loss > LOSS_DECREASE) {
        if (loss_known && may_decrease(s, now_us)) {
            decrease_by_loss(s, now_us);
        }
    } else if (s->loss < LOSS_HOLD && !twcc_trend_is_congested(&s->trend)) {
        increase(s, now_us, passed_us);
    }
}
