// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_RTC_HOST_H
#define TESTS_FLOW_RTC_HOST_H

#include "rtc_client.h"

#define RTC_HOST_PACKETS 64

// One RTP stream of a host.
struct rtc_stream {
    struct bc_track *track; // owned
    struct bc_rtp_packetiser packetiser;
    uint8_t pt;
    uint8_t rtx_pt;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    uint16_t seq; // next
    uint16_t rtx_seq;
    uint32_t base;   // timestamp of time 0
    uint32_t number; // of the next picture or sound; stands in its bytes
    char rid[9];     // "" without simulcast
};

// An access unit as it would go out: encrypted packets, to be sent in any order.
struct rtc_unit {
    unsigned count;
    uint16_t first_seq;
    uint32_t timestamp;
    struct {
        uint8_t data[2048]; // encrypted
        size_t len;
        uint8_t payload[1300]; // plain, for retransmission
        size_t payload_len;
        bool marker;
    } packets[RTC_HOST_PACKETS];
};

// A host by WHIP. Embedded in a fixture, with its client.
struct rtc_host {
    struct rtc_client c;
    struct rtc_stream video;
    struct rtc_stream low; // a second layer
    struct rtc_stream audio;
    uint16_t twcc_seq;
    bool twcc;       // packets carry the transport-wide number
    uint8_t rid_id;  // of the extension; 0: none
    struct rtc_unit unit;
};

// Offers live/hq by this key, is answered and connected.
void
rtc_host_open(struct flow *f, struct rtc_host *h, int worker, const char *key);

// The streams as the answer in h->c agreed on them; without rtc_host_open().
void
rtc_host_start(struct rtc_host *h);

// Prepares a picture (H.264, 25 a second assumed) of this time, in h->unit.
void
rtc_host_picture(struct rtc_host *h, struct rtc_stream *s, int64_t ms, bool key,
    size_t len);

void
rtc_host_send(struct rtc_host *h, unsigned packet);

// Prepares and sends.
void
rtc_host_send_picture(struct rtc_host *h, int64_t ms, bool key);

void
rtc_host_send_sound(struct rtc_host *h, int64_t ms);

// A retransmission of a packet of the prepared unit (RFC 4588).
void
rtc_host_send_rtx(struct rtc_host *h, struct rtc_stream *s, unsigned packet);

// A packet without payload, as between pictures of a still screen.
void
rtc_host_send_empty(struct rtc_host *h, struct rtc_stream *s, int64_t ms);

// A sender report: the stream's time `ms` was at `wall_us`.
void
rtc_host_send_report(
    struct rtc_host *h, const struct rtc_stream *s, int64_t ms, int64_t wall_us);

void
rtc_host_close(struct rtc_host *h);

#endif
