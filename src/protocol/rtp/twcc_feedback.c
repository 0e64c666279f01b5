// SPDX-License-Identifier: Apache-2.0
#include "twcc_feedback.h"

#include <errno.h>

// |0|symbol (2 bits)|run length (13 bits)|, or |1|0|14 symbols| or |1|1|7 symbols|
static void
read_chunk(struct twcc_feedback *f)
{
    unsigned chunk = bc_read_u16(&f->chunks);
    if (!(chunk & TWCC_VECTOR)) {
        f->bits = 0;
        f->symbols = chunk >> 13;
        f->left = chunk & TWCC_RUN_MAX;
        return;
    }
    f->bits = chunk & TWCC_VECTOR_WIDE ? 2 : 1;
    f->left = 14 / f->bits;
    f->symbols = chunk & 0x3fff;
}

static enum twcc_symbol
next_symbol(struct twcc_feedback *f)
{
    while (f->left == 0 && !f->chunks.failed) {
        read_chunk(f);
    }
    if (f->chunks.failed) {
        return TWCC_RESERVED;
    }
    f->left--;
    f->done++;
    if (f->bits == 0) {
        return (enum twcc_symbol)f->symbols;
    }
    unsigned symbol = f->symbols >> (f->bits * f->left);
    return (enum twcc_symbol)(symbol & ((1U << f->bits) - 1));
}

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |      base sequence number     |      packet status count      |
// |                 reference time                | fb pkt. count |
// |          packet chunk         |              ...              |
// |  deltas of what was received: 8 bits, or 16 bits and a sign   |
int
twcc_feedback_open(struct twcc_feedback *f, const uint8_t *fci, size_t len)
{
    *f = (struct twcc_feedback){ .chunks = bc_reader_init(fci, len) };
    f->base = bc_read_u16(&f->chunks);
    f->count = bc_read_u16(&f->chunks);
    f->reference = bc_read_u24(&f->chunks);
    bc_read_skip(&f->chunks, 1);
    if (f->chunks.failed || f->count == 0) {
        return -EINVAL;
    }
    struct twcc_feedback check = *f;
    size_t delta_bytes = 0;
    while (check.done < f->count) {
        enum twcc_symbol symbol = next_symbol(&check);
        if (symbol == TWCC_RESERVED) {
            return -EINVAL;
        }
        delta_bytes += symbol;
    }
    f->deltas = check.chunks;
    return bc_reader_left(&f->deltas) < delta_bytes ? -EINVAL : 0;
}

bool
twcc_feedback_next(struct twcc_feedback *f, struct twcc_status *out)
{
    if (f->done == f->count) {
        return false;
    }
    out->seq = (uint16_t)(f->base + f->done);
    enum twcc_symbol symbol = next_symbol(f);
    out->received = symbol != TWCC_NOT_RECEIVED;
    if (symbol == TWCC_SMALL_DELTA) {
        f->tick += bc_read_u8(&f->deltas);
    } else if (symbol == TWCC_LARGE_DELTA) {
        f->tick += (int16_t)bc_read_u16(&f->deltas);
    }
    out->after_us = f->tick * TWCC_TICK_US;
    return true;
}
