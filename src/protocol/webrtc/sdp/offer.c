// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "reply.h"

// What we offer. The payload types are those that Chromium uses, in case a server knows
// no others; H.264's profiles are those that servers compare as strings.
static const struct offered {
    enum bc_codec codec;
    uint8_t pt;
    uint8_t rtx_pt; // 0: none
    const char *fmtp;
} OFFERED[] = {
    { BC_CODEC_AVC, 102, 103,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f" },
    { BC_CODEC_AVC, 104, 105,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f" },
    { BC_CODEC_AVC, 106, 107,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f" },
    { BC_CODEC_HEVC, 108, 109, "level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST" },
    { BC_CODEC_AV1, 100, 101, "level-idx=5;profile=0;tier=0" },
    { BC_CODEC_VP9, 98, 99, "profile-id=0" },
    { BC_CODEC_VP8, 96, 97, NULL },
    { BC_CODEC_OPUS, 111, 0, "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1" },
};

#define OFFERED_COUNT (sizeof(OFFERED) / sizeof(OFFERED[0]))

static const struct bc_sdp_extensions EXTENSIONS = { .mid = 1, .transport_cc = 3 };

static void
write_codecs(enum bc_codec codec, bool with_rtx, bool m_line, struct bc_writer *w)
{
    static const char *const FEEDBACK[] = { "transport-cc", "ccm fir", "nack",
        "nack pli" };
    for (size_t i = 0; i < OFFERED_COUNT; i++) {
        const struct offered *o = &OFFERED[i];
        if (o->codec != codec) {
            continue;
        }
        bool rtx = o->rtx_pt != 0 && with_rtx;
        if (m_line) {
            bc_write_fmt(w, " %u", o->pt);
            if (rtx) {
                bc_write_fmt(w, " %u", o->rtx_pt);
            }
            continue;
        }
        bc_write_fmt(w, "a=rtpmap:%u %s\r\n", o->pt, sdp_rtpmap_of(codec));
        for (size_t k = 0; k < (codec == BC_CODEC_OPUS ? 1 : 4); k++) {
            bc_write_fmt(w, "a=rtcp-fb:%u %s\r\n", o->pt, FEEDBACK[k]);
        }
        if (o->fmtp) {
            bc_write_fmt(w, "a=fmtp:%u %s\r\n", o->pt, o->fmtp);
        }
        if (rtx) {
            bc_write_fmt(w, "a=rtpmap:%u rtx/90000\r\na=fmtp:%u apt=%u\r\n", o->rtx_pt,
                o->rtx_pt, o->pt);
        }
    }
}

static void
write_section(enum bc_sdp_direction direction, const enum bc_codec *codecs,
    unsigned count, const struct bc_sdp_local *local, bool first, struct bc_writer *w)
{
    bool video = codecs[0] != BC_CODEC_OPUS;
    const char *kind = video ? "video" : "audio";
    bool rtx = direction == BC_SDP_RECVONLY || local->video_rtx_ssrc != 0;
    bc_write_fmt(w, "m=%s 9 UDP/TLS/RTP/SAVPF", kind);
    for (unsigned i = 0; i < count; i++) {
        write_codecs(codecs[i], rtx, true, w);
    }
    bc_write_str(w, "\r\nc=IN IP4 0.0.0.0\r\n");
    sdp_write_transport(local, "actpass", w);
    bc_write_fmt(w, "a=mid:%d\r\n", first ? 0 : 1);
    sdp_write_extensions(&EXTENSIONS, "", w);
    bc_write_fmt(w, "a=%s\r\n", direction == BC_SDP_SENDONLY ? "sendonly" : "recvonly");
    if (direction == BC_SDP_SENDONLY) {
        sdp_write_ssrcs(local, kind, video ? local->video_ssrc : local->audio_ssrc,
            video ? local->video_rtx_ssrc : 0, w);
    }
    bc_write_str(w, "a=rtcp-mux\r\na=rtcp-rsize\r\n");
    for (unsigned i = 0; i < count; i++) {
        write_codecs(codecs[i], rtx, false, w);
    }
    if (first) {
        sdp_write_candidates(local, w);
    }
}

void
bc_sdp_write_offer(enum bc_sdp_direction direction, const enum bc_codec *video,
    unsigned video_count, bool audio, const struct bc_sdp_local *local,
    struct bc_writer *w)
{
    static const enum bc_codec OPUS = BC_CODEC_OPUS;
    bc_write_fmt(w, "v=0\r\no=- %llu 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
        (unsigned long long)local->session_id);
    bc_write_fmt(w, "a=group:BUNDLE %s\r\n", audio && video_count > 0 ? "0 1" : "0");
    bc_write_str(w, "a=msid-semantic: WMS *\r\na=ice-options:trickle ice2\r\n");
    if (audio) {
        write_section(direction, &OPUS, 1, local, true, w);
    }
    if (video_count > 0) {
        write_section(direction, video, video_count, local, !audio, w);
    }
}

static const struct offered *
find_offered(const struct bc_sdp_codec *c)
{
    for (size_t i = 0; i < OFFERED_COUNT; i++) {
        if (OFFERED[i].pt == c->pt && OFFERED[i].codec == c->codec) {
            return &OFFERED[i];
        }
    }
    return NULL;
}

// The first codec that was ours counts: an answerer lists what it likes best first.
static bool
read_section(const struct bc_sdp_media *m, unsigned section, bool sending,
    struct bc_sdp_chosen *out)
{
    const struct bc_sdp_codec *codec = NULL;
    const struct offered *offered = NULL;
    for (unsigned i = 0; i < m->codec_count && !offered; i++) {
        codec = &m->codecs[i];
        offered = find_offered(codec);
    }
    if (!offered) {
        return false;
    }
    *out = (struct bc_sdp_chosen){
        .active = true,
        .section = section,
        .codec = codec->codec,
        .pt = codec->pt,
        .rtx_pt = codec->rtx_pt == offered->rtx_pt && codec->nack ? codec->rtx_pt : 0,
        .clock_rate = codec->clock_rate,
        .channels = codec->channels,
        .nack = codec->nack,
        .transport_cc =
            codec->transport_cc && m->ext.transport_cc == EXTENSIONS.transport_cc,
        .stereo = codec->codec == BC_CODEC_OPUS,
        .ssrc = sending ? 0 : m->ssrc,
        .rtx_ssrc = sending ? 0 : m->rtx_ssrc,
    };
    out->ext.mid = m->ext.mid == EXTENSIONS.mid ? m->ext.mid : 0;
    out->ext.transport_cc = out->transport_cc ? m->ext.transport_cc : 0;
    memcpy(out->fmtp, codec->fmtp, sizeof(out->fmtp));
    memcpy(out->mid, m->mid, sizeof(out->mid));
    return true;
}

bool
bc_sdp_read_answer(const struct bc_sdp *answer, enum bc_sdp_direction direction,
    struct bc_sdp_session *out, char *error, size_t error_len)
{
    bool sending = direction == BC_SDP_SENDONLY;
    enum bc_sdp_direction wanted = sending ? BC_SDP_RECVONLY : BC_SDP_SENDONLY;
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < answer->media_count; i++) {
        const struct bc_sdp_media *m = &answer->media[i];
        bool media = m->kind == BC_SDP_VIDEO || m->kind == BC_SDP_AUDIO;
        struct bc_sdp_chosen *chosen =
            m->kind == BC_SDP_VIDEO ? &out->video : &out->audio;
        bool usable = m->direction == wanted || m->direction == BC_SDP_SENDRECV;
        if (!media || m->rejected || !usable || chosen->active) {
            continue;
        }
        if (!read_section(m, i, sending, chosen)) {
            snprintf(error, error_len,
                "the answer's %s section has no payload type that we offered", m->name);
            return false;
        }
    }
    if (!out->video.active && !out->audio.active) {
        snprintf(error, error_len, "the answer accepts neither audio nor video");
        return false;
    }
    // RFC 8842 5.3: an answer says active or passive; what says neither waits for us.
    out->dtls_client = answer->setup != BC_SETUP_ACTIVE;
    return true;
}
