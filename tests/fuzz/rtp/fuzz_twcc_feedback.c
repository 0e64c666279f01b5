// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "protocol/rtp/twcc.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// A script of packets that leave and of feedback that comes, which may be about the newest
// of them. Whatever it says, the estimate stays a number.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct bc_twcc_sender s;
    struct bc_reader r = bc_reader_init(data, len);
    int64_t now_us = 1;
    bc_twcc_sender_init(&s);
    while (bc_reader_left(&r) >= 2) {
        uint8_t what = bc_read_u8(&r);
        size_t n = bc_read_u8(&r);
        now_us += (int64_t)(what >> 2) * 1000;
        for (size_t i = 0; what & 1 && i < n; i++) {
            bc_twcc_sender_on_sent(&s, what * 20U, now_us + (int64_t)i * 500);
        }
        if (what & 1) {
            continue;
        }
        uint8_t fci[256] = { 0 };
        n = n < bc_reader_left(&r) ? n : bc_reader_left(&r);
        bc_read_copy(&r, fci, n);
        if (what & 2) {
            uint16_t base = (uint16_t)(s.next_seq - (fci[2] << 8 | fci[3]));
            fci[0] = (uint8_t)(base >> 8);
            fci[1] = (uint8_t)base;
        }
        bc_twcc_sender_on_feedback(&s, fci, n, now_us);
        if (s.estimate_bps < 0 || s.acked_bps < 0 || s.rtt_us < 0 || !(s.loss >= 0)
            || s.loss > 1) {
            abort();
        }
    }
    return 0;
}
