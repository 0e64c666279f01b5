// SPDX-License-Identifier: Apache-2.0
#include "rows.h"

// A product of two bytes divided by 255, rounded: exact for 0 to 65025.
static inline uint16_t
part_of_255(uint16_t product)
{
    uint16_t t = (uint16_t)(product + 128);
    return (uint16_t)((uint16_t)(t + (uint16_t)(t >> 8)) >> 8);
}

void
draw_row_mix(uint8_t *restrict dst, const uint8_t *restrict src, size_t n, unsigned part)
{
    uint16_t p = (uint16_t)part;
    uint16_t rest = (uint16_t)(256 - part);
    for (size_t i = 0; i < n; i++) {
        uint16_t sum = (uint16_t)((uint16_t)(dst[i] * rest) + (uint16_t)(src[i] * p));
        dst[i] = (uint8_t)((uint16_t)(sum + 128) >> 8);
    }
}

void
draw_row_mask(uint8_t *restrict dst, const uint8_t *restrict src,
    const uint8_t *restrict part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t p = part[i];
        uint16_t rest = (uint16_t)(255 - p);
        uint16_t sum = (uint16_t)((uint16_t)(dst[i] * rest) + (uint16_t)(src[i] * p));
        dst[i] = (uint8_t)part_of_255(sum);
    }
}

void
draw_row_mask_mix(uint8_t *restrict dst, const uint8_t *restrict src,
    const uint8_t *restrict part, size_t n, unsigned opacity)
{
    uint16_t o = (uint16_t)opacity;
    for (size_t i = 0; i < n; i++) {
        uint16_t p = (uint16_t)((uint16_t)(part[i] * o) >> 8);
        uint16_t rest = (uint16_t)(255 - p);
        uint16_t sum = (uint16_t)((uint16_t)(dst[i] * rest) + (uint16_t)(src[i] * p));
        dst[i] = (uint8_t)part_of_255(sum);
    }
}

void
draw_row_over(uint8_t *restrict dst, const uint8_t *restrict src,
    const uint8_t *restrict alpha, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t rest = (uint16_t)(255 - alpha[i]);
        dst[i] = (uint8_t)(src[i] + part_of_255((uint16_t)(dst[i] * rest)));
    }
}

void
draw_row_over_mix(uint8_t *restrict dst, const uint8_t *restrict src,
    const uint8_t *restrict alpha, size_t n, unsigned opacity)
{
    uint16_t o = (uint16_t)opacity;
    for (size_t i = 0; i < n; i++) {
        uint16_t rest = (uint16_t)(255 - (uint16_t)((uint16_t)(alpha[i] * o) >> 8));
        uint16_t own = (uint16_t)((uint16_t)(src[i] * o) >> 8);
        dst[i] = (uint8_t)(own + part_of_255((uint16_t)(dst[i] * rest)));
    }
}

void
draw_row_halve(uint8_t *restrict dst, const uint8_t *restrict upper,
    const uint8_t *restrict lower, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t left = (uint16_t)(upper[2 * i] + lower[2 * i]);
        uint16_t right = (uint16_t)(upper[2 * i + 1] + lower[2 * i + 1]);
        dst[i] = (uint8_t)((uint16_t)(left + right + 2) >> 2);
    }
}
