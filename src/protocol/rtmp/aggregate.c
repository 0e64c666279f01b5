// SPDX-License-Identifier: Apache-2.0
#include "aggregate.h"

#include <errno.h>

// RTMP 7.1.6: FLV tags, each
//   type(1) length(3) time(3) time's top byte(1) stream id(3) data(length) back pointer(4)
// The first one happens at the time of the aggregate, the others as far from it as they
// tell.
int
bc_rtmp_aggregate_next(struct bc_rtmp_aggregate *a, struct rtmp_sub_message *sub)
{
    if (bc_reader_left(&a->r) == 0) {
        return 0;
    }
    sub->type = bc_read_u8(&a->r) & 0x1f;
    sub->len = bc_read_u24(&a->r);
    uint32_t time = bc_read_u24(&a->r);
    time |= (uint32_t)bc_read_u8(&a->r) << 24;
    bc_read_skip(&a->r, 3);
    sub->data = bc_read_bytes(&a->r, sub->len);
    if (a->r.failed) {
        return -EINVAL;
    }
    // The last back pointer is left out by some.
    bc_read_skip(&a->r, bc_reader_left(&a->r) < 4 ? bc_reader_left(&a->r) : 4);
    if (!a->started) {
        a->started = true;
        a->offset = a->timestamp - time;
    }
    sub->timestamp = time + a->offset;
    return 1;
}
