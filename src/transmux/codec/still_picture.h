// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_STILL_PICTURE_H
#define TRANSMUX_CODEC_STILL_PICTURE_H

#include "transmux/still.h"

// Decodes a picture file's bytes and encodes them. NULL, or why not (a static text). What
// it filled is the caller's. Any thread that may take its time.
const char *
still_encode(const uint8_t *data, size_t len, struct bc_still *out);

#endif
