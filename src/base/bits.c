// SPDX-License-Identifier: Apache-2.0
#include "base/bits.h"

struct bc_bits
bc_bits_init(const uint8_t *data, size_t len, bool rbsp)
{
    return (struct bc_bits){ .data = data, .len = len, .rbsp = rbsp };
}

// Steps over an emulation prevention byte when the reader stands on one.
static void
enter_byte(struct bc_bits *b)
{
    size_t i = b->pos / 8;
    if (b->rbsp && b->zeros >= 2 && i < b->len && b->data[i] == 3) {
        b->pos += 8;
        b->zeros = 0;
    }
}

static uint32_t
read_bit(struct bc_bits *b)
{
    if (b->pos % 8 == 0) {
        enter_byte(b);
    }
    size_t i = b->pos / 8;
    if (b->failed || i >= b->len) {
        b->failed = true;
        return 0;
    }
    uint32_t bit = b->data[i] >> (7 - b->pos % 8) & 1;
    b->pos++;
    if (b->pos % 8 == 0) {
        b->zeros = b->data[i] == 0 ? b->zeros + 1 : 0;
    }
    return bit;
}

uint32_t
bc_bits_read(struct bc_bits *b, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        v = v << 1 | read_bit(b);
    }
    return b->failed ? 0 : v;
}

void
bc_bits_skip(struct bc_bits *b, unsigned n)
{
    for (unsigned i = 0; i < n && !b->failed; i++) {
        (void)read_bit(b);
    }
}

uint32_t
bc_bits_ue(struct bc_bits *b)
{
    unsigned zeros = 0;
    while (!b->failed && read_bit(b) == 0) {
        if (++zeros > 31) {
            b->failed = true;
        }
    }
    if (b->failed) {
        return 0;
    }
    uint32_t rest = bc_bits_read(b, zeros);
    return b->failed ? 0 : (uint32_t)((1ull << zeros) - 1 + rest);
}

int32_t
bc_bits_se(struct bc_bits *b)
{
    uint32_t k = bc_bits_ue(b);
    int64_t v = k & 1 ? ((int64_t)k + 1) / 2 : -((int64_t)k / 2);
    return (int32_t)v;
}
