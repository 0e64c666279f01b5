// SPDX-License-Identifier: Apache-2.0
#include "rtp.h"

#include <string.h>

enum {
    SEEN_BITS = 64,
    RESTART_DISTANCE = 3000, // farther than that the sender began anew
    RTCP_RR = 201,
    RTCP_SDES = 202,
    BLOCK_LEN = 24,
    MAX_LOST = 0x7fffff,
    NAL_IDR = 5,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
};

static struct bc_rtp_source *
find_source(struct bc_rtp_receiver *r, uint32_t ssrc, uint32_t seq)
{
    for (int i = 0; i < r->count; i++) {
        if (r->sources[i].ssrc == ssrc) {
            return &r->sources[i];
        }
    }
    if (r->count == BC_RTP_SOURCES) {
        return NULL;
    }
    struct bc_rtp_source *s = &r->sources[r->count++];
    // A round above 0, so that what was sent before the first one has a number too.
    *s = (struct bc_rtp_source){
        .ssrc = ssrc, .first = 65536 + seq, .newest = 65535 + seq
    };
    return s;
}

static void
restart(struct bc_rtp_source *s, uint32_t seq)
{
    uint32_t newest = (s->newest & 0xffff0000) + 65536 + seq;
    s->first += newest - s->newest - 1; // what was expected so far stays so
    s->newest = newest;
    s->arrived = 1;
    s->received++;
}

bool
bc_rtp_receive(struct bc_rtp_receiver *r, const uint8_t *header)
{
    uint32_t seq = bc_read16(header + 2);
    struct bc_rtp_source *s = find_source(r, bc_read32(header + 8), seq);
    if (!s) {
        return false;
    }
    r->packets++;
    int ahead = (int16_t)(uint16_t)(seq - s->newest);
    if (ahead > RESTART_DISTANCE || ahead < -RESTART_DISTANCE) {
        restart(s, seq);
    } else if (ahead > 0) {
        s->arrived = ahead < SEEN_BITS ? s->arrived << ahead | 1 : 1;
        s->newest += (uint32_t)ahead;
        s->received++;
    } else if (-ahead < SEEN_BITS && s->arrived >> -ahead & 1) {
        r->duplicates++;
    } else {
        s->arrived |= -ahead < SEEN_BITS ? 1ull << -ahead : 0;
        s->received++;
        r->reordered++;
    }
    return true;
}

static uint64_t
expected(const struct bc_rtp_source *s)
{
    return (uint64_t)s->newest - s->first + 1;
}

void
bc_rtp_open_window(struct bc_rtp_receiver *r)
{
    for (int i = 0; i < r->count; i++) {
        r->sources[i].expected_at_open = expected(&r->sources[i]);
        r->sources[i].received_at_open = r->sources[i].received;
    }
}

uint64_t
bc_rtp_window_expected(const struct bc_rtp_receiver *r)
{
    uint64_t sum = 0;
    for (int i = 0; i < r->count; i++) {
        sum += expected(&r->sources[i]) - r->sources[i].expected_at_open;
    }
    return sum;
}

uint64_t
bc_rtp_window_lost(const struct bc_rtp_receiver *r)
{
    uint64_t sum = 0;
    for (int i = 0; i < r->count; i++) {
        const struct bc_rtp_source *s = &r->sources[i];
        uint64_t due = expected(s) - s->expected_at_open;
        uint64_t came = s->received - s->received_at_open;
        sum += due > came ? due - came : 0;
    }
    return sum;
}

static void
write_block(struct bc_rtp_source *s, uint8_t out[BLOCK_LEN])
{
    uint64_t due = expected(s) - s->expected_before;
    uint64_t came = s->received - s->received_before;
    uint64_t lost = expected(s) > s->received ? expected(s) - s->received : 0;
    memset(out, 0, BLOCK_LEN);
    bc_write32(out, s->ssrc);
    out[4] = due > came ? (uint8_t)((due - came) * 255 / due) : 0;
    bc_write24(out + 5, lost < MAX_LOST ? (uint32_t)lost : MAX_LOST);
    bc_write32(out + 8, s->newest - 65536);
    s->expected_before = expected(s);
    s->received_before = s->received;
}

size_t
bc_rtp_write_report(
    struct bc_rtp_receiver *r, uint32_t own_ssrc, uint8_t out[BC_RTCP_MAX])
{
    static const uint8_t sdes[] = { 0x81, RTCP_SDES, 0, 4, 0, 0, 0, 0, 1, 7, 'b', 'c',
        'b', 'e', 'n', 'c', 'h', 0, 0, 0 };
    size_t n = 8;
    for (int i = 0; i < r->count; i++, n += BLOCK_LEN) {
        write_block(&r->sources[i], out + n);
    }
    out[0] = (uint8_t)(0x80 | r->count);
    out[1] = RTCP_RR;
    bc_write16(out + 2, (uint32_t)(n / 4 - 1));
    bc_write32(out + 4, own_ssrc);
    memcpy(out + n, sdes, sizeof(sdes));
    bc_write32(out + n + 4, own_ssrc);
    return n + sizeof(sdes);
}

const uint8_t *
bc_rtp_payload(const uint8_t *p, size_t n, size_t *len)
{
    if (n < BC_RTP_HEADER || p[0] >> 6 != 2) {
        return NULL;
    }
    size_t at = BC_RTP_HEADER + 4 * (size_t)(p[0] & 15);
    size_t padding = p[0] & 0x20 ? p[n - 1] : 0;
    if (p[0] & 0x10) {
        if (n < at + 4) {
            return NULL;
        }
        at += 4 + 4 * (size_t)bc_read16(p + at + 2);
    }
    if (at + padding >= n) {
        return NULL;
    }
    *len = n - at - padding;
    return p + at;
}

bool
bc_rtp_begins_idr(const uint8_t *payload, size_t n)
{
    if (!n) {
        return false;
    }
    int type = payload[0] & 31;
    if (type == NAL_FU_A) {
        return n > 1 && payload[1] & 0x80 && (payload[1] & 31) == NAL_IDR;
    }
    if (type != NAL_STAP_A) {
        return type == NAL_IDR;
    }
    for (size_t at = 1; at + 3 <= n; at += 2 + bc_read16(payload + at)) {
        if ((payload[at + 2] & 31) == NAL_IDR) {
            return true;
        }
    }
    return false;
}
