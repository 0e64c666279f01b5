// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_DELAY_H
#define STREAM_DELAY_H

#include <stdint.h>

struct bc_channel;

// A broadcast delay (channels.*.delay_s): everything a channel shows passes a line that
// holds it back, and what is in there can be cut out before anybody sees it.

// Replaces the next `seconds` that viewers would see (-1: all that is held back) by the
// channel's slate, at once; without a slate the picture stands. What comes after that is
// shown in its time. 0; -ENOTSUP: the channel has no delay; -EINVAL: `seconds` is neither -1
// nor above 0; -ENOMEM. Any thread.
int
bc_channel_cut(struct bc_channel *channel, int64_t seconds);

#endif
