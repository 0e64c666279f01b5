// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_ITEM_H
#define TRANSMUX_ITEM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum bc_item_flag {
    BC_ITEM_VIDEO = 1 << 0,
    BC_ITEM_AUDIO = 1 << 1,
    BC_ITEM_START = 1 << 2,  // a viewer can start here
    BC_ITEM_CONFIG = 1 << 3, // headers for those who are watching already
    BC_ITEM_END = 1 << 4,    // nothing more for who gets here; no bytes
    BC_ITEM_OVER = 1 << 5,   // with END: the broadcast is over
    // No item but a note to a new window: the cached GOP is through, what follows is
    // live.
    BC_ITEM_PRIMED = 1 << 6,
    // With START: the kinds of media that its headers tell of.
    BC_ITEM_TELLS_VIDEO = 1 << 7,
    BC_ITEM_TELLS_AUDIO = 1 << 8,
};

// One message as viewers of one feed get it, framing included. Immutable and
// reference-counted: the feed makes it, the windows of all workers hold it.
struct bc_item {
    atomic_uint refs;
    uint32_t flags; // enum bc_item_flag
    int64_t dts_us;
    unsigned generation; // of the headers that these bytes need
    // With BC_ITEM_START: what a viewer gets who begins here, and one who comes from
    // other headers. Owned references.
    struct bc_buf *join;
    struct bc_buf *config;
    size_t len;
    uint8_t data[];
};

struct bc_item *
bc_item_create(const void *data, size_t len);

struct bc_item *
bc_item_ref(struct bc_item *item);

void
bc_item_unref(struct bc_item **holder);

#endif
