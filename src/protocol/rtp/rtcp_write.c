// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtp/rtcp.h"

#include <string.h>

#include "rtcp_types.h"

// So many sequence numbers never take more than about 1 KiB of a datagram.
#define NACK_SEQS_PER_PACKET 256

#define SDES_CNAME 1
#define SDES_TEXT_MAX 255

#define REMB_SSRCS_MAX 255
#define REMB_MANTISSA_MAX 0x3ffff

// Seconds from 1900 (NTP) to 1970.
#define NTP_OFFSET_S 2208988800LL

static size_t
begin(struct bc_writer *w, unsigned count, unsigned type)
{
    size_t at = w->len;
    bc_write_u8(w, (uint8_t)(RTCP_VERSION << 6 | count));
    bc_write_u8(w, (uint8_t)type);
    bc_write_u16(w, 0);
    return at;
}

static void
end(struct bc_writer *w, size_t at)
{
    if (!w->failed) {
        bc_write_be_at(w, at + 2, (w->len - at) / 4 - 1, 2);
    }
}

void
bc_rtcp_write_sr(struct bc_writer *w, uint32_t ssrc, uint64_t ntp, uint32_t rtp,
    uint32_t packets, uint32_t bytes)
{
    size_t at = begin(w, 0, RTCP_PT_SR);
    bc_write_u32(w, ssrc);
    bc_write_u64(w, ntp);
    bc_write_u32(w, rtp);
    bc_write_u32(w, packets);
    bc_write_u32(w, bytes);
    end(w, at);
}

static void
write_report(struct bc_writer *w, const struct bc_rtcp_report *report)
{
    bc_write_u32(w, report->ssrc);
    bc_write_u8(w, report->fraction_lost);
    bc_write_u24(w, (uint32_t)report->lost & 0xffffff);
    bc_write_u32(w, report->highest_seq);
    bc_write_u32(w, report->jitter);
    bc_write_u32(w, report->lsr);
    bc_write_u32(w, report->dlsr);
}

void
bc_rtcp_write_rr(struct bc_writer *w, uint32_t ssrc, const struct bc_rtcp_report *reports,
    unsigned count)
{
    unsigned done = 0;
    // Without a block it is still what begins a compound (RFC 3550 6.1).
    do {
        unsigned n = count - done < RTCP_COUNT_MAX ? count - done : RTCP_COUNT_MAX;
        size_t at = begin(w, n, RTCP_PT_RR);
        bc_write_u32(w, ssrc);
        for (unsigned i = 0; i < n; i++) {
            write_report(w, &reports[done + i]);
        }
        end(w, at);
        done += n;
    } while (done < count);
}

void
bc_rtcp_write_sdes(struct bc_writer *w, uint32_t ssrc, const char *cname)
{
    size_t len = strnlen(cname, SDES_TEXT_MAX);
    size_t at = begin(w, 1, RTCP_PT_SDES);
    bc_write_u32(w, ssrc);
    bc_write_u8(w, SDES_CNAME);
    bc_write_u8(w, (uint8_t)len);
    bc_write_bytes(w, cname, len);
    // The list of items ends with a zero and fills its word (RFC 3550 6.5).
    do {
        bc_write_u8(w, 0);
    } while (!w->failed && (w->len - at) % 4 != 0);
    end(w, at);
}

void
bc_rtcp_write_nack(struct bc_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
    const uint16_t *seqs, unsigned count)
{
    while (count > 0) {
        unsigned n = count < NACK_SEQS_PER_PACKET ? count : NACK_SEQS_PER_PACKET;
        size_t at = begin(w, RTCP_FMT_NACK, RTCP_PT_RTPFB);
        bc_write_u32(w, sender_ssrc);
        bc_write_u32(w, media_ssrc);
        for (unsigned i = 0; i < n;) {
            uint16_t pid = seqs[i++];
            uint16_t mask = 0;
            while (i < n && (uint16_t)(seqs[i] - pid) <= 16) {
                uint16_t ahead = (uint16_t)(seqs[i++] - pid);
                mask |= ahead ? (uint16_t)(1U << (ahead - 1)) : 0;
            }
            bc_write_u16(w, pid);
            bc_write_u16(w, mask);
        }
        end(w, at);
        seqs += n;
        count -= n;
    }
}

void
bc_rtcp_write_pli(struct bc_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc)
{
    size_t at = begin(w, RTCP_FMT_PLI, RTCP_PT_PSFB);
    bc_write_u32(w, sender_ssrc);
    bc_write_u32(w, media_ssrc);
    end(w, at);
}

void
bc_rtcp_write_fir(
    struct bc_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc, uint8_t command_seq)
{
    size_t at = begin(w, RTCP_FMT_FIR, RTCP_PT_PSFB);
    bc_write_u32(w, sender_ssrc);
    bc_write_u32(w, 0); // the FCI says whom it is for (RFC 5104 4.3.1.2)
    bc_write_u32(w, media_ssrc);
    bc_write_u8(w, command_seq);
    bc_write_u24(w, 0);
    end(w, at);
}

void
bc_rtcp_write_remb(struct bc_writer *w, uint32_t sender_ssrc, const uint32_t *ssrcs,
    unsigned count, uint64_t bps)
{
    unsigned n = count < REMB_SSRCS_MAX ? count : REMB_SSRCS_MAX;
    unsigned exponent = 0;
    while (bps > REMB_MANTISSA_MAX) {
        bps >>= 1;
        exponent++;
    }
    size_t at = begin(w, RTCP_FMT_AFB, RTCP_PT_PSFB);
    bc_write_u32(w, sender_ssrc);
    bc_write_u32(w, 0);
    bc_write_u32(w, RTCP_REMB_NAME);
    bc_write_u8(w, (uint8_t)n);
    bc_write_u24(w, exponent << 18 | (uint32_t)bps);
    for (unsigned i = 0; i < n; i++) {
        bc_write_u32(w, ssrcs[i]);
    }
    end(w, at);
}

void
bc_rtcp_write_bye(struct bc_writer *w, uint32_t ssrc)
{
    size_t at = begin(w, 1, RTCP_PT_BYE);
    bc_write_u32(w, ssrc);
    end(w, at);
}

uint64_t
bc_ntp_from_wall_us(int64_t wall_us)
{
    int64_t seconds = wall_us / 1000000;
    int64_t us = wall_us % 1000000;
    if (us < 0) {
        us += 1000000;
        seconds--;
    }
    uint64_t fraction = ((uint64_t)us << 32) / 1000000;
    return (uint64_t)(seconds + NTP_OFFSET_S) << 32 | fraction;
}

int64_t
bc_ntp_to_wall_us(uint64_t ntp)
{
    int64_t seconds = (int64_t)(ntp >> 32);
    // Era 1 begins in 2036; until 1968 nobody streamed (RFC 4330 3).
    if (seconds < 0x80000000LL) {
        seconds += 0x100000000LL;
    }
    uint64_t us = ((ntp & 0xffffffff) * 1000000 + 0x80000000) >> 32;
    return (seconds - NTP_OFFSET_S) * 1000000 + (int64_t)us;
}
