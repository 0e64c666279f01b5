// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/framing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t
take(uint8_t *to, size_t *have, size_t want, const uint8_t *data, size_t len)
{
    size_t n = want - *have < len ? want - *have : len;
    memcpy(to + *have, data, n);
    *have += n;
    return n;
}

int
bc_rtp_framing_input(struct bc_rtp_framing *f, const uint8_t *data, size_t len,
    void (*on_frame)(void *user, uint8_t *frame, size_t len), void *user)
{
    while (len > 0 || f->head_len == BC_RTP_FRAMING_HEAD) {
        if (f->head_len < BC_RTP_FRAMING_HEAD) {
            size_t n = take(f->head, &f->head_len, BC_RTP_FRAMING_HEAD, data, len);
            data += n;
            len -= n;
            continue;
        }
        size_t want = (size_t)f->head[0] << 8 | f->head[1];
        if (want > BC_RTP_FRAMING_MAX) {
            return -EMSGSIZE;
        }
        if (want > 0 && !f->frame && !(f->frame = malloc(want))) {
            return -ENOMEM;
        }
        if (want > 0) {
            size_t n = take(f->frame, &f->have, want, data, len);
            data += n;
            len -= n;
            if (f->have < want) {
                return 0;
            }
        }
        // Empty again before the call, which may close the connection.
        uint8_t *frame = f->frame;
        *f = (struct bc_rtp_framing){ .frame = NULL };
        if (frame) {
            on_frame(user, frame, want);
        }
        free(frame);
    }
    return 0;
}

void
bc_rtp_framing_finish(struct bc_rtp_framing *f)
{
    free(f->frame);
    *f = (struct bc_rtp_framing){ .frame = NULL };
}

int
bc_rtp_framing_head(uint8_t head[BC_RTP_FRAMING_HEAD], size_t len)
{
    if (len > BC_RTP_FRAMING_MAX) {
        return -EMSGSIZE;
    }
    head[0] = (uint8_t)(len >> 8);
    head[1] = (uint8_t)len;
    return 0;
}
