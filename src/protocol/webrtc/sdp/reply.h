// SPDX-License-Identifier: Apache-2.0
#ifndef SDP_REPLY_H
#define SDP_REPLY_H

#include "protocol/webrtc/sdp.h"

// What our side says to one section of the offer. A section without `codec` (and no
// accepted data channel) is rejected; one with a codec that is not `chosen.active` is
// inactive.
struct sdp_reply {
    const struct bc_sdp_codec *codec; // of the offer; NULL: none
    struct bc_sdp_chosen chosen;
};

// An answer while it is made. On the stack of its function.
struct sdp_answer {
    const struct bc_sdp *offer;
    const struct bc_sdp_local *local;
    struct bc_sdp_session *session; // the result
    bool sending; // to a viewer
    bool data; // data channels are wanted
    unsigned max_video_kbps; // 0: no limit
    char *error;
    size_t error_len;
    int video; // sections of the offer; -1: none
    int audio;
    int channel;
    struct sdp_reply replies[BC_SDP_MEDIA_MAX];
};

// Finds the sections and checks what holds for viewers and hosts alike.
enum bc_sdp_refusal
sdp_answer_begin(struct sdp_answer *a);

enum bc_sdp_refusal
sdp_refuse(struct sdp_answer *a, enum bc_sdp_refusal why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// Fills in the section's reply with this codec and what is agreed on with it.
struct bc_sdp_chosen *
sdp_answer_accept(struct sdp_answer *a, int section, const struct bc_sdp_codec *codec);

// Fills in the session from the replies, and writes the text.
enum bc_sdp_refusal
sdp_answer_end(struct sdp_answer *a, struct bc_writer *w);

// The text of `a->replies`.
void
sdp_answer_write(const struct sdp_answer *a, struct bc_writer *w);

// a=extmap lines of `ext`, with the ids that it has; `direction` for those that were
// offered with one.
void
sdp_write_extensions(
    const struct bc_sdp_extensions *ext, const char *direction, struct bc_writer *w);

// ICE and DTLS of our side, as each section has them.
void
sdp_write_transport(
    const struct bc_sdp_local *local, const char *setup, struct bc_writer *w);

void
sdp_write_candidates(const struct bc_sdp_local *local, struct bc_writer *w);

// msid, ssrc and ssrc-group of one section that we send.
void
sdp_write_ssrcs(const struct bc_sdp_local *local, const char *kind, uint32_t ssrc,
    uint32_t rtx_ssrc, struct bc_writer *w);

// "H264/90000", "opus/48000/2".
const char *
sdp_rtpmap_of(enum bc_codec codec);

#endif
