// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTP_RTCP_H
#define PROTOCOL_RTP_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"

enum bc_rtcp_kind {
    BC_RTCP_NONE,
    BC_RTCP_SR,
    BC_RTCP_REPORT, // one report block of an SR or RR
    BC_RTCP_BYE,
    BC_RTCP_NACK, // RFC 4585 6.2.1: one message per packet, `nack` lists what is missing
    BC_RTCP_PLI,
    BC_RTCP_FIR,
    BC_RTCP_TWCC, // transport-wide feedback, draft-holmer-rmcat-transport-wide-cc-01
    BC_RTCP_REMB,
};

// RFC 3550 6.4.1.
struct bc_rtcp_report {
    uint32_t ssrc; // whom it is about
    uint8_t fraction_lost;
    int32_t lost;
    uint32_t highest_seq;
    uint32_t jitter; // in the stream's clock
    uint32_t lsr;
    uint32_t dlsr;
};

#define BC_RTCP_NACK_MAX 512

// One message out of a compound packet. Pointers are valid during the callback.
struct bc_rtcp_message {
    enum bc_rtcp_kind kind;
    uint32_t sender_ssrc;
    uint32_t media_ssrc;
    union {
        struct {
            uint64_t ntp;
            uint32_t rtp;
            uint32_t packets;
            uint32_t bytes;
        } sr;
        struct bc_rtcp_report report;
        struct {
            const uint16_t *seqs;
            unsigned count; // at most BC_RTCP_NACK_MAX; more are ignored
        } nack;
        uint8_t fir_seq; // the command's number; the same one again is a repeat
        struct {
            const uint8_t *fci; // for bc_twcc_sender_on_feedback()
            size_t len;
        } twcc;
        uint64_t remb_bps;
    };
};

// Calls `each` for what is known in a compound (or reduced-size, RFC 5506) packet; unknown
// kinds are passed over. -EINVAL when a length lies; what came before it was reported.
int
bc_rtcp_parse(const uint8_t *data, size_t len,
    void (*each)(void *user, const struct bc_rtcp_message *m), void *user);

// Each appends one RTCP packet to a compound.
void
bc_rtcp_write_sr(struct bc_writer *w, uint32_t ssrc, uint64_t ntp, uint32_t rtp,
    uint32_t packets, uint32_t bytes);

void
bc_rtcp_write_rr(struct bc_writer *w, uint32_t ssrc,
    const struct bc_rtcp_report *reports, unsigned count);

void
bc_rtcp_write_sdes(struct bc_writer *w, uint32_t ssrc, const char *cname);

// Asks for the packets again; `seqs` ascending, any number.
void
bc_rtcp_write_nack(struct bc_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
    const uint16_t *seqs, unsigned count);

void
bc_rtcp_write_pli(struct bc_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc);

void
bc_rtcp_write_fir(struct bc_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
    uint8_t command_seq);

void
bc_rtcp_write_remb(struct bc_writer *w, uint32_t sender_ssrc, const uint32_t *ssrcs,
    unsigned count, uint64_t bps);

void
bc_rtcp_write_bye(struct bc_writer *w, uint32_t ssrc);

// Microseconds since 1970 as an NTP timestamp, and back.
uint64_t
bc_ntp_from_wall_us(int64_t wall_us);

int64_t
bc_ntp_to_wall_us(uint64_t ntp);

#endif
