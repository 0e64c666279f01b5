// SPDX-License-Identifier: Apache-2.0
#ifndef QR_H
#define QR_H

#include <stddef.h>
#include <stdint.h>

#define CARD_QR_TEXT_MAX 600

// A QR code's modules, row by row: bit 0 of each byte is set for a dark one. To be freed; NULL:
// the text does not fit, or no memory. Level M.
uint8_t *
card_qr_modules(const char *text, size_t *side);

#endif
