// SPDX-License-Identifier: Apache-2.0
#ifndef SDP_SECTION_H
#define SDP_SECTION_H

#include "protocol/webrtc/sdp.h"
#include "text.h"

#define SDP_PAYLOAD_TYPES 128
#define SDP_RIDS_SEEN_MAX 16
#define SDP_SSRCS_MAX 32

enum sdp_feedback {
    SDP_FB_NACK = 1,
    SDP_FB_NACK_PLI = 2,
    SDP_FB_CCM_FIR = 4,
    SDP_FB_TRANSPORT_CC = 8,
    SDP_FB_GOOG_REMB = 16,
};

// What the lines of a section say of one payload type, in whatever order.
struct sdp_payload_type {
    bool listed; // in the m= line
    bool mapped; // by rtpmap
    bool rtx;
    enum bc_codec codec;
    uint32_t clock_rate;
    uint8_t channels;
    unsigned feedback;
    struct sdp_span fmtp;
};

// Header extensions as offered: those of a session or of one section.
enum sdp_extension {
    SDP_EXT_MID,
    SDP_EXT_RID,
    SDP_EXT_REPAIRED_RID,
    SDP_EXT_TRANSPORT_CC,
    SDP_EXT_ABS_SEND_TIME,
    SDP_EXT_PLAYOUT_DELAY,
    SDP_EXT_VIDEO_ORIENTATION,
    SDP_EXT_COUNT,
};

struct sdp_extmap {
    uint8_t id; // 0: absent
    bool directed;
    enum bc_sdp_direction direction;
};

extern const char *const SDP_EXTENSION_URIS[SDP_EXT_COUNT];

// The section that is being read. On the parser's stack, between two m= lines.
struct sdp_section {
    struct bc_sdp_media *media; // of the result
    uint32_t port;
    bool bundle_only;
    struct sdp_payload_type types[SDP_PAYLOAD_TYPES];
    uint8_t order[SDP_PAYLOAD_TYPES]; // of the m= line
    unsigned order_count;
    unsigned feedback_all; // rtcp-fb:*
    struct sdp_extmap extmaps[SDP_EXT_COUNT];
    struct sdp_span rids[SDP_RIDS_SEEN_MAX]; // those with "send"
    unsigned rid_count;
    struct sdp_span simulcast; // the list after "send"
    uint32_t ssrcs[SDP_SSRCS_MAX];
    unsigned ssrc_count;
    bool has_fid;
};

// Reads an m= line. 0 or -EINVAL, explained.
int
sdp_section_begin(struct sdp_section *s, struct bc_sdp_media *media,
    struct sdp_span value, struct sdp_lines *lines);

// An attribute that belongs to a section; unknown ones are passed over.
int
sdp_section_attribute(struct sdp_section *s, struct sdp_span name, struct sdp_span value,
    struct sdp_lines *lines);

// Puts together what the lines said.
int
sdp_section_end(struct sdp_section *s, struct sdp_lines *lines);

// extmap:<id>[/<direction>] <uri>; the first of an extension counts.
int
sdp_extmap_parse(struct sdp_extmap *maps, struct sdp_span value, struct sdp_lines *lines);

bool
sdp_direction_parse(struct sdp_span name, enum bc_sdp_direction *out);

#endif
