// SPDX-License-Identifier: Apache-2.0
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>
#include <stdint.h>

// Loops over one row of one plane. They are simple so that the compiler makes vector code of
// them (16 bits a pixel suffice everywhere), and rows do not overlap.

// dst = part of src, 256ths, and the rest of dst.
void
draw_row_mix(uint8_t *dst, const uint8_t *src, size_t n, unsigned part);

// The same with a part for each pixel, 255ths.
void
draw_row_mask(uint8_t *dst, const uint8_t *src, const uint8_t *part, size_t n);

// The same of a part of it, 256ths.
void
draw_row_mask_mix(
    uint8_t *dst, const uint8_t *src, const uint8_t *part, size_t n, unsigned opacity);

// dst = src, which has been multiplied by alpha, over dst.
void
draw_row_over(uint8_t *dst, const uint8_t *src, const uint8_t *alpha, size_t n);

void
draw_row_over_mix(
    uint8_t *dst, const uint8_t *src, const uint8_t *alpha, size_t n, unsigned opacity);

// Each of `n` pixels is the mean of four of two rows.
void
draw_row_halve(uint8_t *dst, const uint8_t *upper, const uint8_t *lower, size_t n);

#endif
