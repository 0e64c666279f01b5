// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "protocol/webrtc/framing.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_frame(void *user, uint8_t *frame, size_t len)
{
    size_t *total = user;
    if (len == 0 || len > BC_RTP_FRAMING_MAX) {
        abort();
    }
    *total += len;
    frame[len - 1] ^= frame[0];
}

// The first byte says in what pieces the rest comes: the frames are the same in one.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }
    size_t piece = data[0] + 1u;
    struct bc_rtp_framing whole = { .frame = NULL };
    struct bc_rtp_framing cut = { .frame = NULL };
    size_t a = 0;
    size_t b = 0;
    int in_one = bc_rtp_framing_input(&whole, data + 1, len - 1, on_frame, &a);
    int in_pieces = 0;
    for (size_t at = 1; at < len && in_pieces == 0; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        in_pieces = bc_rtp_framing_input(&cut, data + at, n, on_frame, &b);
    }
    if (a != b || in_one != in_pieces) {
        abort();
    }
    bc_rtp_framing_finish(&whole);
    bc_rtp_framing_finish(&cut);
    return 0;
}
