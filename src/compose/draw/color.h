// SPDX-License-Identifier: Apache-2.0
#ifndef COLOR_H
#define COLOR_H

#include <stdint.h>

// ITU-R BT.709 in limited range, in 65536ths. Those of each chroma have the sum 0, so that
// grey stays grey.
#define LUMA_OF(r, g, b) (11966 * (r) + 40254 * (g) + 4064 * (b))
#define BLUE_OF(r, g, b) (-6596 * (r)-22188 * (g) + 28784 * (b))
#define RED_OF(r, g, b) (28784 * (r)-26145 * (g)-2639 * (b))

#define COLOR_SHIFT 16
#define COLOR_HALF (1 << (COLOR_SHIFT - 1))

#endif
