// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_OUTPUTS_INTERNAL_H
#define TRANSMUX_OUTPUTS_INTERNAL_H

#include "fanout.h"
#include "hls_outlet.h"
#include "player_view.h"
#include "rtp_feed.h"
#include "transmux/outputs.h"

// One per channel. Made on the channel's home worker, dies with the channel.
struct bc_outputs {
    struct bc_player_view view;
    struct bc_fanout fanout;
    struct bc_hls_outlet hls;
    struct bc_rtp_feed rtp;
};

struct bc_fanout *
bc_outputs_fanout(struct bc_outputs *outputs);

struct bc_rtp_feed *
bc_outputs_rtp(struct bc_outputs *outputs);

#endif
