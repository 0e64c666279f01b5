// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_DELAY_TAP_H
#define STREAM_DELAY_TAP_H

#include "channel_internal.h"
#include "delay_queue.h"

// Takes a program's packets, on its home, to the channel that shows them later, on that
// one's. The packets are new, their payloads are shared.
struct bc_delay_tap;

// What comes, on the channel's home; takes over what the item owns. With a tap that was
// closed it is for nobody.
typedef void bc_delay_tap_fn(
    struct bc_channel *channel, struct bc_delay_tap *tap, struct bc_delay_item *item);

// Begins with what `from` has cached. `to` is the channel; its home worker only. NULL without
// memory.
struct bc_delay_tap *
bc_delay_tap_open(struct bc_channel *to, struct bc_channel *from, bc_delay_tap_fn *on_item);

// Makes the holder NULL; NULL is fine.
void
bc_delay_tap_close(struct bc_delay_tap **holder);

#endif
