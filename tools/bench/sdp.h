// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_SDP_H
#define BENCH_SDP_H

#include <netinet/in.h>

#include "util.h"

enum { BC_SDP_SECTIONS = 4, BC_ICE_TEXT = 260 };

// Our side of a connection, for what we write.
struct bc_sdp_local {
    const char *ufrag;
    const char *pwd;
    const char *fingerprint; // hex digits with colons, of SHA-256
    const struct sockaddr_in *address;
};

// One m= section of the other side.
struct bc_sdp_section {
    char kind[12]; // "audio", "video", …
    char mid[36];
    char codec[32]; // rtpmap of the payload type that was chosen: "H264/90000"
    char fmtp[256];
    int pt; // of the first codec that we know; else the first that is listed
    bool rejected; // port 0
};

// What an answer or an offer says of the other side.
struct bc_sdp_remote {
    char ufrag[BC_ICE_TEXT];
    char pwd[BC_ICE_TEXT];
    char fingerprint[100];
    bool lite;
    bool active; // it opens the DTLS connection
    struct sockaddr_in address;
    struct bc_sdp_section sections[BC_SDP_SECTIONS];
    int section_count;
    int video_pt; // -1: none
    int audio_pt;
};

// Both add to `out`: a viewer of H.264 and, unless video alone is wanted, Opus.
void
bc_sdp_write_offer(struct bc_buf *out, const struct bc_sdp_local *local, bool audio);
void
bc_sdp_write_answer(struct bc_buf *out, const struct bc_sdp_local *local,
    const struct bc_sdp_remote *offer);
// NULL, or what is wrong. Among several candidates the signalling host's address wins.
const char *
bc_sdp_parse(
    struct bc_sdp_remote *r, const char *text, const struct sockaddr_in *preferred);

#endif
