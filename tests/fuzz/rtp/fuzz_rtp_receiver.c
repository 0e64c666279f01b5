// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/reader.h"
#include "protocol/rtp/receiver.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Every hole is announced, and payloads are what went in: zeros.
static void
on_packet(void *user, const struct bc_rtp_header *h, bool lost_before, int64_t arrived_us)
{
    int *next = user;
    if ((*next >= 0 && h->seq != *next && !lost_before) || arrived_us < 0) {
        abort();
    }
    *next = (uint16_t)(h->seq + 1);
    for (size_t i = 0; i < h->payload_len; i++) {
        if (h->payload[i] != 0) {
            abort();
        }
    }
}

static void
on_nack(void *user, const uint16_t *seqs, unsigned count)
{
    (void)user;
    for (unsigned i = 1; i < count; i++) {
        if (bc_rtp_seq_diff(seqs[i], seqs[i - 1]) <= 0) {
            abort();
        }
    }
}

// A script: each step is what happens, by how much the sequence moves, and the time.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    int next = -1;
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_rtp_receiver_params params = { .clock_rate = 90000,
        .nack = bc_read_u8(&r) & 1,
        .on_packet = on_packet,
        .on_nack = on_nack,
        .user = &next };
    struct bc_rtp_receiver *receiver = bc_rtp_receiver_create(&params);
    struct bc_rtcp_report report;
    struct bc_rtp_header h = { .payload_type = 96 };
    static const uint8_t BYTES[60000];
    int64_t now_us = 0;
    while (receiver && bc_reader_left(&r) >= 3) {
        uint8_t what = bc_read_u8(&r);
        uint8_t move = bc_read_u8(&r);
        now_us += (int64_t)bc_read_u8(&r) * 1000;
        h.seq = (uint16_t)(h.seq + (what & 8 ? move << 8 : (int8_t)move));
        h.timestamp += move;
        h.payload_len = what & 16 ? sizeof(BYTES) : what >> 5;
        uint8_t rtx[8] = { (uint8_t)(h.seq >> 8), (uint8_t)h.seq };
        h.payload = (what & 7) == 1 && !(what & 16) ? rtx : BYTES;
        if ((what & 7) == 1) {
            bc_rtp_receiver_push_rtx(receiver, &h, now_us);
        } else if ((what & 7) == 2) {
            bc_rtp_receiver_set_rtt(receiver, (int64_t)move * 4000);
        } else if ((what & 7) == 3) {
            bc_rtp_receiver_report(receiver, now_us, &report);
        } else if ((what & 7) != 4) {
            bc_rtp_receiver_push(receiver, &h, now_us);
        }
        if ((what & 7) != 5 && bc_rtp_receiver_tick(receiver, now_us) <= now_us) {
            abort();
        }
    }
    bc_rtp_receiver_destroy(receiver);
    return 0;
}
