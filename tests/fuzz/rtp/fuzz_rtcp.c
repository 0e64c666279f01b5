// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "protocol/rtp/rtcp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_message(void *user, const struct bc_rtcp_message *m)
{
    uint32_t *sum = user;
    if (m->kind == BC_RTCP_NACK) {
        if (m->nack.count == 0 || m->nack.count > BC_RTCP_NACK_MAX) {
            abort();
        }
        for (unsigned i = 0; i < m->nack.count; i++) {
            *sum += m->nack.seqs[i];
        }
    } else if (m->kind == BC_RTCP_TWCC) {
        for (size_t i = 0; i < m->twcc.len; i++) {
            *sum += m->twcc.fci[i];
        }
    } else if (m->kind == BC_RTCP_REMB && (int64_t)m->remb_bps < 0) {
        abort();
    }
}

// Everything that is told can be read.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;
    bc_rtcp_parse(data, len, on_message, &sum);
    return 0;
}
