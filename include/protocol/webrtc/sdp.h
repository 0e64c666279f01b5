// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SDP_H
#define PROTOCOL_WEBRTC_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "media/track.h"

// SDP as WHIP and WHEP need it (RFC 8866, 8829, 8843, 9725): parsing of what peers send,
// choice of what both can, and the text of our side. Pure; everything is bounded and
// copied.

#define BC_SDP_MAX_BYTES (64 * 1024)
#define BC_SDP_MEDIA_MAX 8
#define BC_SDP_CODECS_MAX 64  // per media section; more are ignored
#define BC_SDP_RIDS_MAX 4
#define BC_SDP_CANDIDATES_MAX 32
#define BC_SDP_FINGERPRINTS_MAX 4
#define BC_SDP_UFRAG_MAX 256
#define BC_SDP_PWD_MAX 256
#define BC_SDP_MESSAGE_BYTES (16 * 1024) // max-message-size of our side

enum bc_sdp_kind { BC_SDP_NONE, BC_SDP_AUDIO, BC_SDP_VIDEO, BC_SDP_DATA, BC_SDP_OTHER };

enum bc_sdp_direction {
    BC_SDP_INACTIVE,
    BC_SDP_SENDONLY,
    BC_SDP_RECVONLY,
    BC_SDP_SENDRECV,
};

enum bc_sdp_setup {
    BC_SETUP_NONE,
    BC_SETUP_ACTPASS,
    BC_SETUP_ACTIVE,
    BC_SETUP_PASSIVE,
};

// What a peer can do with one payload type. 8-bit ids: 0 means absent where noted.
struct bc_sdp_codec {
    uint8_t pt;
    enum bc_codec codec; // BC_CODEC_NONE: unknown to us (or rtx, red, fec)
    uint32_t clock_rate;
    uint8_t channels;
    char fmtp[256];      // as offered
    uint8_t rtx_pt;      // its retransmission payload type; 0: none
    bool nack;
    bool nack_pli;
    bool ccm_fir;
    bool transport_cc;
    bool goog_remb;
};

// Header extension ids that we know; 0: not offered.
struct bc_sdp_extensions {
    uint8_t mid;
    uint8_t rid;
    uint8_t repaired_rid;
    uint8_t transport_cc;
    uint8_t abs_send_time;
    uint8_t playout_delay;
    uint8_t video_orientation;
    // A bit for each of the above, from the first: offered with a direction ("/recvonly"),
    // so that an answer has one, too (RFC 8285 6).
    uint8_t directed;
};

struct bc_sdp_media {
    enum bc_sdp_kind kind;
    // The words of the m= line, which an answer repeats even when it rejects the section.
    char name[17];
    char proto[33];
    char format[33]; // the first one
    char mid[33];
    bool rejected; // port 0 without bundle-only
    bool rtcp_mux;
    bool rtcp_rsize;
    bool bundled;  // in the BUNDLE group
    enum bc_sdp_direction direction;
    struct bc_sdp_codec codecs[BC_SDP_CODECS_MAX]; // in order of preference; rtx folded in
    unsigned codec_count;
    struct bc_sdp_extensions ext;
    uint32_t ssrc;     // first a=ssrc of the section (or of its FID group); 0 none
    uint32_t rtx_ssrc; // second of the FID group; 0 none
    char rids[BC_SDP_RIDS_MAX][17]; // simulcast layers it sends, in its order
    unsigned rid_count;
    // data
    uint16_t sctp_port; // 0: not a data channel that we know
    uint32_t max_message_bytes;
    bool old_sctp_form; // DTLS/SCTP 5000 with sctpmap
};

struct bc_sdp_fingerprint {
    char hash[12]; // "sha-256", lower case
    uint8_t value[64];
    unsigned len;
};

// Where a peer may be reached; "host:port" is already checked.
struct bc_sdp_candidate {
    char text[160]; // the whole line after "candidate:"
    char address[64]; // may be a ".local" name
    uint16_t port;
    bool tcp;
    bool tcp_passive;
};

struct bc_sdp {
    char ufrag[BC_SDP_UFRAG_MAX + 1]; // transport-level values, from the session or the
    char pwd[BC_SDP_PWD_MAX + 1];     // first section that has them
    bool ice_lite;
    bool ice2_trickle;
    enum bc_sdp_setup setup;
    struct bc_sdp_fingerprint fingerprints[BC_SDP_FINGERPRINTS_MAX];
    unsigned fingerprint_count;
    bool has_bundle;
    bool extmap_allow_mixed;
    struct bc_sdp_media media[BC_SDP_MEDIA_MAX];
    unsigned media_count;
    struct bc_sdp_candidate candidates[BC_SDP_CANDIDATES_MAX];
    unsigned candidate_count;
};

// Reads an offer or answer. 0, or -EINVAL with a sentence for the peer in `error` (what is
// missing or wrong, in which line). Unknown lines are passed over. What WebRTC needs is
// demanded: ufrag, pwd, fingerprint, at least one section.
int
bc_sdp_parse(
    const char *text, size_t len, struct bc_sdp *out, char *error, size_t error_len);

// --- answers ---

// Our side of the transport.
struct bc_sdp_local {
    const char *ufrag;
    const char *pwd;
    const char *fingerprint;         // "sha-256 AB:CD:…"
    const char *const *candidates;   // complete "candidate:…" texts without "a="
    unsigned candidate_count;
    bool ice_lite;
    uint64_t session_id;
    const char *cname; // also the msid
    uint32_t video_ssrc;
    uint32_t video_rtx_ssrc;
    uint32_t audio_ssrc;
};

// One media section as both sides agreed on it.
struct bc_sdp_chosen {
    bool active;
    unsigned section; // index in the offer
    enum bc_codec codec;
    uint8_t pt;
    uint8_t rtx_pt; // 0: none, and no RTX
    uint32_t clock_rate;
    uint8_t channels;
    char fmtp[256]; // the peer's
    bool nack;
    bool transport_cc; // feedback and header extension both agreed on
    bool goog_remb;
    bool stereo;
    struct bc_sdp_extensions ext; // those that the answer accepted
    uint32_t ssrc;     // WHIP: announced by the peer; 0: to be learnt from packets
    uint32_t rtx_ssrc;
    char mid[33];
    char rids[BC_SDP_RIDS_MAX][17];
    unsigned rid_count;
};

struct bc_sdp_session {
    struct bc_sdp_chosen video;
    struct bc_sdp_chosen audio;
    struct bc_sdp_chosen data; // .active only
    uint16_t sctp_port;
    uint32_t max_message_bytes; // of the peer
    bool dtls_client; // we send the ClientHello
};

// Why an offer cannot be answered.
enum bc_sdp_refusal {
    BC_SDP_OK,
    BC_SDP_MALFORMED,      // 400: contradictions, no BUNDLE, wrong direction, SSRC clash
    BC_SDP_UNSUPPORTED,    // 422: too many sections of a kind, no rtcp-mux
    BC_SDP_NO_CODEC,       // 406: no common codec; `error` names both sides' codecs
};

// What a WHEP viewer can get.
struct bc_sdp_source {
    enum bc_codec video; // BC_CODEC_NONE: there is no video (the section becomes inactive)
    // AVC: the three bytes after the version in avcC, to choose among the offered
    // profile-level-ids (WRTC-6): a matching profile, else the best one that browsers
    // decode it under. HEVC, VP9, AV1: taken if offered at all.
    uint8_t avc_profile[3];
    enum bc_codec audio; // BC_CODEC_OPUS or NONE: Opus may come later, if it is offered
    unsigned audio_channels;
    bool data;           // data channels are switched on
};

// Answers a viewer: sendonly sections with msid and ssrc lines; sections that the source
// cannot fill are inactive; data channels are accepted when offered. The text goes to `w`.
enum bc_sdp_refusal
bc_sdp_answer_whep(const struct bc_sdp *offer, const struct bc_sdp_source *source,
    const struct bc_sdp_local *local, struct bc_sdp_session *out, struct bc_writer *w,
    char *error, size_t error_len);

struct bc_sdp_whip_rules {
    bool data;
    unsigned max_video_kbps; // 0: no limit line
};

// Answers a host: recvonly, one audio and one video at most, all simulcast layers
// accepted. Video codecs by our preference: AVC, HEVC, AV1, VP9, VP8; of several AVC
// payload types the first with packetization-mode=1 in the offer's order.
enum bc_sdp_refusal
bc_sdp_answer_whip(const struct bc_sdp *offer, const struct bc_sdp_whip_rules *rules,
    const struct bc_sdp_local *local, struct bc_sdp_session *out, struct bc_writer *w,
    char *error, size_t error_len);

// --- offers of our own, for relays ---

// An offer as a WHEP player (direction RECVONLY) or WHIP publisher (SENDONLY) of one video
// codec list and Opus.
void
bc_sdp_write_offer(enum bc_sdp_direction direction, const enum bc_codec *video,
    unsigned video_count, bool audio, const struct bc_sdp_local *local,
    struct bc_writer *w);

// What the answer to our offer agreed on. False with a sentence when it cannot work.
bool
bc_sdp_read_answer(const struct bc_sdp *answer, enum bc_sdp_direction direction,
    struct bc_sdp_session *out, char *error, size_t error_len);

// --- trickle ICE, RFC 8840 and RFC 9725 4.4 ---

struct bc_sdp_fragment {
    char ufrag[BC_SDP_UFRAG_MAX + 1]; // "": not given
    char pwd[BC_SDP_PWD_MAX + 1];
    struct bc_sdp_candidate candidates[BC_SDP_CANDIDATES_MAX];
    unsigned candidate_count;
    bool end_of_candidates;
};

int
bc_sdp_fragment_parse(const char *text, size_t len, struct bc_sdp_fragment *out,
    char *error, size_t error_len);

// The answer to an ICE restart: our new ufrag, pwd and candidates.
void
bc_sdp_fragment_write(
    const struct bc_sdp_local *local, const char *mid, struct bc_writer *w);

#endif
