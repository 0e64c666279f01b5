// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtp/rtcp.h"

#include <errno.h>

#include "base/reader.h"
#include "rtcp_types.h"

// Whom the parser tells; on its stack.
struct listener {
    void (*each)(void *user, const struct bc_rtcp_message *m);
    void *user;
};

static void
tell(const struct listener *l, const struct bc_rtcp_message *m)
{
    l->each(l->user, m);
}

// RFC 3550 6.4.1: |SSRC|fraction lost, lost (24 bits)|highest seq|jitter|LSR|DLSR|
static void
read_reports(
    struct bc_reader *r, unsigned count, uint32_t sender, const struct listener *l)
{
    for (unsigned i = 0; i < count; i++) {
        struct bc_rtcp_message m = { .kind = BC_RTCP_REPORT, .sender_ssrc = sender };
        struct bc_rtcp_report *report = &m.report;
        report->ssrc = bc_read_u32(r);
        report->fraction_lost = bc_read_u8(r);
        report->lost = bc_read_s24(r);
        report->highest_seq = bc_read_u32(r);
        report->jitter = bc_read_u32(r);
        report->lsr = bc_read_u32(r);
        report->dlsr = bc_read_u32(r);
        if (r->failed) {
            return;
        }
        m.media_ssrc = report->ssrc;
        tell(l, &m);
    }
}

// RFC 3550 6.4.1: |SSRC|NTP (64 bits)|RTP time|packets|bytes|report blocks|
static void
read_sr(struct bc_reader *r, unsigned count, const struct listener *l)
{
    struct bc_rtcp_message m = { .kind = BC_RTCP_SR };
    m.sender_ssrc = bc_read_u32(r);
    m.media_ssrc = m.sender_ssrc;
    m.sr.ntp = bc_read_u64(r);
    m.sr.rtp = bc_read_u32(r);
    m.sr.packets = bc_read_u32(r);
    m.sr.bytes = bc_read_u32(r);
    if (!r->failed) {
        tell(l, &m);
        read_reports(r, count, m.sender_ssrc, l);
    }
}

static void
read_bye(struct bc_reader *r, unsigned count, const struct listener *l)
{
    for (unsigned i = 0; i < count; i++) {
        struct bc_rtcp_message m = { .kind = BC_RTCP_BYE };
        m.sender_ssrc = bc_read_u32(r);
        m.media_ssrc = m.sender_ssrc;
        if (r->failed) {
            return;
        }
        tell(l, &m);
    }
}

// RFC 4585 6.2.1: pairs of a sequence number and a mask of the 16 that follow it.
static void
read_nack(struct bc_reader *r, struct bc_rtcp_message *m, const struct listener *l)
{
    uint16_t seqs[BC_RTCP_NACK_MAX];
    unsigned count = 0;
    while (bc_reader_left(r) >= 4 && count < BC_RTCP_NACK_MAX) {
        uint16_t pid = bc_read_u16(r);
        uint32_t mask = (uint32_t)bc_read_u16(r) << 1 | 1;
        for (unsigned i = 0; i <= 16 && count < BC_RTCP_NACK_MAX; i++) {
            if (mask >> i & 1) {
                seqs[count++] = (uint16_t)(pid + i);
            }
        }
    }
    if (count > 0) {
        m->kind = BC_RTCP_NACK;
        m->nack.seqs = seqs;
        m->nack.count = count;
        tell(l, m);
    }
}

// RFC 5104 4.3.1.1: |SSRC|command's number|reserved (24 bits)|, for each stream asked.
static void
read_fir(struct bc_reader *r, struct bc_rtcp_message *m, const struct listener *l)
{
    m->kind = BC_RTCP_FIR;
    while (bc_reader_left(r) >= 8) {
        m->media_ssrc = bc_read_u32(r);
        m->fir_seq = bc_read_u8(r);
        bc_read_skip(r, 3);
        tell(l, m);
    }
}

// draft-alvestrand-rmcat-remb-03 2.2: |"REMB"|count|exponent (6), mantissa (18)|SSRCs|
// Other messages of the application layer are none of ours.
static void
read_afb(struct bc_reader *r, struct bc_rtcp_message *m, const struct listener *l)
{
    if (bc_reader_left(r) < 8 || bc_read_u32(r) != RTCP_REMB_NAME) {
        return;
    }
    bc_read_skip(r, 1);
    uint32_t rate = bc_read_u24(r);
    unsigned exponent = rate >> 18;
    uint64_t mantissa = rate & 0x3ffff;
    m->kind = BC_RTCP_REMB;
    m->remb_bps = mantissa << exponent;
    // Whoever sends this means "no limit"; it must still fit a signed number.
    if (m->remb_bps >> exponent != mantissa || m->remb_bps > INT64_MAX) {
        m->remb_bps = INT64_MAX;
    }
    tell(l, m);
}

// RFC 4585 6.1: |sender's SSRC|SSRC of the media|FCI|
static void
read_feedback(struct bc_reader *r, unsigned type, unsigned fmt, const struct listener *l)
{
    struct bc_rtcp_message m = { .kind = BC_RTCP_NONE };
    m.sender_ssrc = bc_read_u32(r);
    m.media_ssrc = bc_read_u32(r);
    if (r->failed) {
        return;
    }
    if (type == RTCP_PT_RTPFB && fmt == RTCP_FMT_NACK) {
        read_nack(r, &m, l);
    } else if (type == RTCP_PT_RTPFB && fmt == RTCP_FMT_TWCC) {
        m.kind = BC_RTCP_TWCC;
        m.twcc.fci = r->p;
        m.twcc.len = bc_reader_left(r);
        tell(l, &m);
    } else if (type == RTCP_PT_PSFB && fmt == RTCP_FMT_PLI) {
        m.kind = BC_RTCP_PLI;
        tell(l, &m);
    } else if (type == RTCP_PT_PSFB && fmt == RTCP_FMT_FIR) {
        read_fir(r, &m, l);
    } else if (type == RTCP_PT_PSFB && fmt == RTCP_FMT_AFB) {
        read_afb(r, &m, l);
    }
}

// One packet without its first word. `r` fails when the packet is shorter than it says.
static void
read_packet(struct bc_reader *r, unsigned type, unsigned count, const struct listener *l)
{
    switch (type) {
    case RTCP_PT_SR:
        read_sr(r, count, l);
        break;
    case RTCP_PT_RR: {
        uint32_t sender = bc_read_u32(r);
        read_reports(r, count, sender, l);
        break;
    }
    case RTCP_PT_BYE:
        read_bye(r, count, l);
        break;
    case RTCP_PT_RTPFB:
    case RTCP_PT_PSFB:
        read_feedback(r, type, count, l);
        break;
    default:
        break;
    }
}

// |V=2|P|count or FMT (5 bits)|type (8)|length in words - 1 (16)|, RFC 3550 6.4.1. A
// padding's last byte is its length.
int
bc_rtcp_parse(const uint8_t *data, size_t len,
    void (*each)(void *user, const struct bc_rtcp_message *m), void *user)
{
    struct listener l = { each, user };
    struct bc_reader r = bc_reader_init(data, len);
    while (bc_reader_left(&r) > 0) {
        uint8_t flags = bc_read_u8(&r);
        uint8_t type = bc_read_u8(&r);
        size_t bytes = (size_t)bc_read_u16(&r) * 4;
        struct bc_reader packet = bc_read_sub(&r, bytes);
        if (r.failed || flags >> 6 != RTCP_VERSION) {
            return -EINVAL;
        }
        if (flags & 0x20) {
            size_t padding = bytes > 0 ? packet.end[-1] : 0;
            if (padding == 0 || padding > bytes) {
                return -EINVAL;
            }
            packet.end -= padding;
        }
        read_packet(&packet, type, flags & 0x1f, &l);
        if (packet.failed) {
            return -EINVAL;
        }
    }
    return 0;
}
