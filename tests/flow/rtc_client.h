// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_RTC_CLIENT_H
#define TESTS_FLOW_RTC_CLIENT_H

#include "flow.h"
#include "protocol/rtp/packet.h"
#include "protocol/rtp/payload.h"
#include "protocol/rtp/rtcp.h"
#include "protocol/webrtc/dtls.h"
#include "protocol/webrtc/framing.h"
#include "protocol/webrtc/sdp.h"
#include "protocol/webrtc/srtp.h"

#define RTC_PACKETS 8192
#define RTC_NACKED 256

// A packet that came, decrypted.
struct rtc_packet {
    struct bc_rtp_header h; // points into data
    int64_t arrived_us;
    uint64_t sum;  // of the datagram as it came, encrypted
    uint8_t *data; // owned
    size_t len;
};

// A browser in miniature: an offer, checks, DTLS, SRTP over a UDP socket or a connection.
// Keeps everything that comes. Belongs to the test's thread; embedded in a fixture.
struct rtc_client {
    struct flow *flow;
    struct flow_peer peer; // towards the media port
    struct flow_http http; // towards the resource
    bool tcp;
    struct bc_rtp_framing framing;
    char ufrag[16]; // ours
    char pwd[33];
    char fingerprint[160]; // what the offer says
    struct bc_sdp answer;
    struct bc_sdp_session session;
    char resource[256];
    char etag[64];
    uint32_t video_ssrc; // ours, as a host
    uint32_t video_rtx_ssrc;
    uint32_t audio_ssrc;

    unsigned transaction; // of the last check
    unsigned answered;    // the last check that was answered well
    unsigned stun_errors;
    struct bc_dtls *dtls;
    struct bc_srtp *srtp;
    bool connected;
    bool closed; // by the server, in DTLS
    char reason[96];

    struct rtc_packet packets[RTC_PACKETS]; // in order of arrival
    unsigned count;
    // Packets for which it says yes never came.
    bool (*lose)(struct rtc_client *c, const struct bc_rtp_header *h);
    unsigned lost;
    unsigned repeated; // came a second time, the very same bytes
    unsigned reused;   // other bytes with a number that was there already
    // Sees every packet, also the lost ones. May be NULL.
    void (*watch)(struct rtc_client *c, const struct bc_rtp_header *h, size_t len);
    // What the server's RTCP said.
    struct bc_rtcp_message video_sr;
    struct bc_rtcp_message audio_sr;
    unsigned reports; // SRs
    unsigned receiver_reports;
    unsigned plis;
    uint32_t pli_ssrc; // of the last one
    unsigned feedbacks;
    uint16_t nacked[RTC_NACKED];
    unsigned nacked_count;
};

// Prepares for an offer; nothing is sent.
void
rtc_init(struct flow *f, struct rtc_client *c);

// A viewer's or host's offer. `video` of one codec, BC_CODEC_NONE for sound only.
void
rtc_write_offer(struct rtc_client *c, enum bc_sdp_direction direction,
    enum bc_codec video, bool audio, struct bc_writer *out);

// POSTs an offer to "/live/hq/whep" or the like and waits for the response, by way of
// this worker (-1: any). Returns the status; with 201 the answer is read.
int
rtc_post(struct rtc_client *c, int worker, const char *path, const char *headers,
    const char *offer, enum bc_sdp_direction direction);

// A usual viewer or host of live/hq: offers, is answered.
void
rtc_offer_view(struct flow *f, struct rtc_client *c, int worker);

// The same with another path, as with a query.
void
rtc_offer_view_at(struct flow *f, struct rtc_client *c, int worker, const char *path);

void
rtc_offer_host(struct flow *f, struct rtc_client *c, int worker, const char *key);

// The worker that has the session.
unsigned
rtc_worker(const struct rtc_client *c);

// A request to the session's resource; waits for the response. `headers` NULL: If-Match
// with the latest ETag and the right type.
int
rtc_request(struct rtc_client *c, int worker, const char *method, const char *headers,
    const char *body);

// Opens a socket (a new one) towards the media port. Over UDP, with `worker` not
// negative: one whose datagrams that worker gets.
void
rtc_open_socket(struct rtc_client *c, bool tcp, int worker);

void
rtc_send_check(struct rtc_client *c, bool nominate);

// Sends checks until one is answered.
void
rtc_check(struct rtc_client *c);

// Socket, check, DTLS; waits until it is connected.
void
rtc_connect(struct rtc_client *c, bool tcp, int worker);

// Sends what stands there.
void
rtc_send(struct rtc_client *c, const void *data, size_t len);

// Encrypts and sends.
void
rtc_send_rtcp(struct rtc_client *c, struct bc_writer *w);

// Writes an RTP packet, encrypted; returns its length. `ext` may be NULL.
struct rtc_rtp {
    uint8_t pt;
    bool marker;
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    const uint8_t *ext; // one-byte elements, a multiple of four bytes
    size_t ext_len;
    const uint8_t *payload;
    size_t len;
};

size_t
rtc_protect(struct rtc_client *c, const struct rtc_rtp *rtp, uint8_t out[2048]);

void
rtc_send_rtp(struct rtc_client *c, const struct rtc_rtp *rtp);

// Hangs up without a word and frees everything.
void
rtc_close(struct rtc_client *c);

// --- what came ---

bool
rtc_is_video(const struct rtc_client *c, const struct rtc_packet *p);

// The type of the (first) NAL unit that begins in this packet; -1: a fragment goes on.
int
rtc_nal_type(const struct rtc_packet *p);

// The number that the source wrote behind the NAL unit's head, -1 where none begins.
int64_t
rtc_number(const struct rtc_packet *p);

// The highest number of a picture that came; -1: none.
int64_t
rtc_last_number(const struct rtc_client *c);

// From packet `from` on: the next one of the video (not RTX), NULL.
const struct rtc_packet *
rtc_next_video(const struct rtc_client *c, unsigned *from);

// Pictures that are not whole: a marker is missing, a number was left out.
unsigned
rtc_count_video_gaps(const struct rtc_client *c);

#endif
