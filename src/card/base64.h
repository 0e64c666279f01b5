// SPDX-License-Identifier: Apache-2.0
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>
#include <stdint.h>

struct bc_writer;

// White space is skipped. NULL: it is none, or there is no memory; to be freed.
uint8_t *
card_base64_decode(const char *text, size_t *len);

void
card_base64_encode(const uint8_t *data, size_t len, struct bc_writer *out);

#endif
