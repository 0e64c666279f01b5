// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads single bits, most significant first, from bytes that somebody else owns. As with
// struct bc_reader, reading past the end yields zeros and sets `failed` for good. With
// `rbsp` set, the emulation prevention byte of 00 00 03 is skipped (H.264 7.3.1, H.265).
struct bc_bits {
    const uint8_t *data;
    size_t len;
    size_t pos; // in bits
    bool rbsp;
    unsigned zeros; // zero bytes in a row just before the current byte
    bool failed;
};

struct bc_bits
bc_bits_init(const uint8_t *data, size_t len, bool rbsp);

// 0 to 32 bits.
uint32_t
bc_bits_read(struct bc_bits *b, unsigned n);

static inline bool
bc_bits_flag(struct bc_bits *b)
{
    return bc_bits_read(b, 1) != 0;
}

void
bc_bits_skip(struct bc_bits *b, unsigned n);

// Exp-Golomb codes ue(v) and se(v), H.264 9.1. More than 31 leading zeros fail.
uint32_t
bc_bits_ue(struct bc_bits *b);

int32_t
bc_bits_se(struct bc_bits *b);

#endif
