// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FUZZ_RTP_PAYLOAD_DEPAY_FEED_H
#define TESTS_FUZZ_RTP_PAYLOAD_DEPAY_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/rtp/payload.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// The input is packets: a byte (1: marker, 2: a new timestamp, 4: a hole before it), a
// length of 16 bits, the payload. What comes out must be as payload.h says, and must be
// fit to be sent again.
void
feed_depacketiser(
    enum bc_codec codec, const char *fmtp, const uint8_t *data, size_t len);

// Aborts when a slice is larger than `max` or not where it should be.
void
check_frame(const struct bc_rtp_frame *frame, size_t max);

#endif
