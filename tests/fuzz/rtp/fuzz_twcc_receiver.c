// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/reader.h"
#include "protocol/rtp/rtcp.h"
#include "protocol/rtp/twcc.h"
#include "protocol/rtp/twcc_feedback.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_message(void *user, const struct bc_rtcp_message *m)
{
    struct twcc_feedback f;
    (void)user;
    if (m->kind != BC_RTCP_TWCC || m->twcc.len > 1100
        || twcc_feedback_open(&f, m->twcc.fci, m->twcc.len) < 0) {
        abort();
    }
}

// Whatever comes, what is written about it can be read.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bc_twcc_receiver *receiver = bc_twcc_receiver_create();
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_writer w = { 0 };
    uint16_t seq = 0;
    int64_t now_us = 0;
    while (receiver && bc_reader_left(&r) >= 3) {
        uint8_t what = bc_read_u8(&r);
        uint8_t move = bc_read_u8(&r);
        seq = (uint16_t)(seq + (what & 1 ? move << 6 : (int8_t)move));
        now_us += (int64_t)bc_read_u8(&r) * (what & 2 ? 100000 : 200);
        bc_twcc_receiver_on_packet(receiver, seq, now_us);
        for (unsigned i = 0; what & 4 && i < move; i++) {
            bc_twcc_receiver_on_packet(receiver, ++seq, now_us += i);
        }
        if (what & 8) {
            bc_writer_reset(&w);
            bc_twcc_receiver_write(receiver, &w, 1, 2);
            if (!w.failed && bc_rtcp_parse(w.data, w.len, on_message, NULL) < 0) {
                abort();
            }
        }
    }
    bc_writer_finish(&w);
    bc_twcc_receiver_destroy(receiver);
    return 0;
}
