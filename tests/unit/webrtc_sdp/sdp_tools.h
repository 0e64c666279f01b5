// SPDX-License-Identifier: Apache-2.0
#ifndef SDP_TOOLS_H
#define SDP_TOOLS_H

#include "protocol/webrtc/sdp.h"

// Our side in the tests: ICE-lite, two candidates, an SSRC for all there is.
extern const struct bc_sdp_local LOCAL;

// The lines that each accepted section of LOCAL's answers has, and those that the first
// one has in addition.
#define PASSIVE \
    "a=ice-ufrag:ourufrag\r\n" \
    "a=ice-pwd:ourpasswordofsomelength\r\n" \
    "a=fingerprint:sha-256 AB:CD\r\n" \
    "a=setup:passive\r\n"
#define ACTPASS \
    "a=ice-ufrag:ourufrag\r\n" \
    "a=ice-pwd:ourpasswordofsomelength\r\n" \
    "a=fingerprint:sha-256 AB:CD\r\n" \
    "a=setup:actpass\r\n"
#define CANDIDATES                                                                       \
    "a=candidate:1 1 udp 2130706431 192.0.2.7 8189 typ host\r\n"                         \
    "a=candidate:2 1 tcp 1677729535 192.0.2.7 8189 typ host tcptype passive\r\n"         \
    "a=end-of-candidates\r\n"

// What the tests' offers begin with; mids are 0, 1, ...
#define FINGERPRINT                                                                      \
    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:"                                   \
    "F0:F1:F2:F3:F4:F5:F6:F7:F8:F9:FA:FB:FC:FD:FE:FF"
#define OFFER_START(bundle)                                                              \
    "v=0\r\n"                                                                            \
    "o=- 1 1 IN IP4 0.0.0.0\r\n"                                                         \
    "s=-\r\n"                                                                            \
    "t=0 0\r\n" bundle "a=ice-ufrag:ufra\r\n"                                            \
    "a=ice-pwd:passwordpasswordpasswo\r\n"                                               \
    "a=fingerprint:sha-256 " FINGERPRINT "\r\n"                                          \
    "a=setup:actpass\r\n"
#define BUNDLE_0_1 "a=group:BUNDLE 0 1\r\n"
#define SECTION(m, mid, direction)                                                       \
    "m=" m "\r\n"                                                                        \
    "a=mid:" mid "\r\n"                                                                  \
    "a=rtcp-mux\r\n"                                                                     \
    "a=" direction "\r\n"
#define VP8_SECTION(mid, direction)                                                      \
    SECTION("video 9 UDP/TLS/RTP/SAVPF 96", mid, direction) "a=rtpmap:96 VP8/90000\r\n"
#define OPUS_SECTION(mid, direction)                                                     \
    SECTION("audio 9 UDP/TLS/RTP/SAVPF 111", mid, direction)                             \
    "a=rtpmap:111 opus/48000/2\r\n"

// What LOCAL's answers begin with.
#define ANSWER_START(bundle)                                                             \
    "v=0\r\n"                                                                            \
    "o=- 42 1 IN IP4 0.0.0.0\r\n"                                                        \
    "s=-\r\n"                                                                            \
    "t=0 0\r\n" bundle "a=msid-semantic: WMS *\r\n"                                      \
    "a=ice-lite\r\n"                                                                     \
    "a=ice-options:trickle ice2\r\n"

// A file of samples/, to be freed; the test fails without it.
char *
sample_read(const char *name, size_t *len);

// Parses into `out`; the test fails when it is refused.
void
sdp_parse_good(const char *text, struct bc_sdp *out);

void
sample_parse(const char *name, struct bc_sdp *out);

// The test fails unless `text` is refused with this sentence.
void
assert_sdp_refused(const char *text, const char *sentence);

// The test fails unless the writer holds exactly this text; frees the writer.
void
assert_text(struct bc_writer *w, const char *expected);

bool
text_has(struct bc_writer *w, const char *part);

#endif
