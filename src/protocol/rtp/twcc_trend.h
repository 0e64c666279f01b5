// SPDX-License-Identifier: Apache-2.0
#ifndef TWCC_TREND_H
#define TWCC_TREND_H

#include "protocol/rtp/twcc.h"

void
twcc_trend_init(struct bc_twcc_trend *t);

// Forgets the path, not its jitter: the peer's clock or the path is another one now.
void
twcc_trend_reset(struct bc_twcc_trend *t);

// A packet that came, in the order of sending.
void
twcc_trend_add(
    struct bc_twcc_trend *t, int64_t sent_us, int64_t arrival_us, int64_t bytes);

// After the packets of one feedback message: is the queue growing?
bool
twcc_trend_update(struct bc_twcc_trend *t, int64_t now_us);

// The queue is there but gets shorter, or is long without growing: no time to send more.
bool
twcc_trend_is_congested(const struct bc_twcc_trend *t);

// The rate at which the newest packets came. 0 when that can't be told.
int64_t
twcc_trend_delivered_bps(const struct bc_twcc_trend *t);

#endif
