// SPDX-License-Identifier: Apache-2.0
#ifndef TWCC_RATE_H
#define TWCC_RATE_H

#include "protocol/rtp/twcc.h"

// What arrived, and the estimate that follows from it, from loss and from the trend.

// Forgets when packets came: the peer's clock is another one now.
void
twcc_rate_reset(struct bc_twcc_sender *s);

void
twcc_rate_on_arrival(struct bc_twcc_sender *s, int64_t bytes, int64_t arrival_us);

// After each feedback message.
void
twcc_rate_update(struct bc_twcc_sender *s, int64_t now_us);

#endif
