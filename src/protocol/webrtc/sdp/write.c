// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "reply.h"
#include "section.h"
#include "text.h"

#define SCTP_PORT 5000 // ours, as everybody's

const char *
sdp_rtpmap_of(enum bc_codec codec)
{
    switch (codec) {
    case BC_CODEC_AVC:
        return "H264/90000";
    case BC_CODEC_HEVC:
        return "H265/90000";
    case BC_CODEC_AV1:
        return "AV1/90000";
    case BC_CODEC_VP8:
        return "VP8/90000";
    case BC_CODEC_VP9:
        return "VP9/90000";
    default:
        return "opus/48000/2";
    }
}

void
sdp_write_extensions(
    const struct bc_sdp_extensions *ext, const char *direction, struct bc_writer *w)
{
    const uint8_t ids[SDP_EXT_COUNT] = {
        [SDP_EXT_MID] = ext->mid,
        [SDP_EXT_RID] = ext->rid,
        [SDP_EXT_REPAIRED_RID] = ext->repaired_rid,
        [SDP_EXT_TRANSPORT_CC] = ext->transport_cc,
        [SDP_EXT_ABS_SEND_TIME] = ext->abs_send_time,
        [SDP_EXT_PLAYOUT_DELAY] = ext->playout_delay,
        [SDP_EXT_VIDEO_ORIENTATION] = ext->video_orientation,
    };
    for (unsigned i = 0; i < SDP_EXT_COUNT; i++) {
        if (ids[i] != 0) {
            bool directed = ext->directed & 1u << i;
            bc_write_fmt(w, "a=extmap:%u%s%s %s\r\n", ids[i], directed ? "/" : "",
                directed ? direction : "", SDP_EXTENSION_URIS[i]);
        }
    }
}

void
sdp_write_transport(
    const struct bc_sdp_local *local, const char *setup, struct bc_writer *w)
{
    bc_write_fmt(w, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", local->ufrag, local->pwd);
    bc_write_fmt(w, "a=fingerprint:%s\r\na=setup:%s\r\n", local->fingerprint, setup);
}

void
sdp_write_candidates(const struct bc_sdp_local *local, struct bc_writer *w)
{
    for (unsigned i = 0; i < local->candidate_count; i++) {
        bc_write_fmt(w, "a=%s\r\n", local->candidates[i]);
    }
    bc_write_str(w, "a=end-of-candidates\r\n");
}

void
sdp_write_ssrcs(const struct bc_sdp_local *local, const char *kind, uint32_t ssrc,
    uint32_t rtx_ssrc, struct bc_writer *w)
{
    bc_write_fmt(w, "a=msid:%s %s\r\n", local->cname, kind);
    if (rtx_ssrc != 0) {
        bc_write_fmt(w, "a=ssrc-group:FID %u %u\r\n", (unsigned)ssrc, (unsigned)rtx_ssrc);
    }
    bc_write_fmt(w, "a=ssrc:%u cname:%s\r\n", (unsigned)ssrc, local->cname);
    if (rtx_ssrc != 0) {
        bc_write_fmt(w, "a=ssrc:%u cname:%s\r\n", (unsigned)rtx_ssrc, local->cname);
    }
}

// RFC 6184 8.2.2: what configures the stream, as offered; the rest of the offer says
// what the peer can do.
static void
write_avc_fmtp(const struct bc_sdp_chosen *c, struct bc_writer *w)
{
    static const char *const NAMES[] = { "level-asymmetry-allowed", "packetization-mode",
        "profile-level-id" };
    bool any = false;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct sdp_span value;
        char text[8];
        if (!sdp_parameter(c->fmtp, NAMES[i], &value)
            || !sdp_copy_token(value, text, sizeof(text))) {
            continue;
        }
        if (any) {
            bc_write_str(w, ";");
        } else {
            bc_write_fmt(w, "a=fmtp:%u ", c->pt);
        }
        bc_write_fmt(w, "%s=%s", NAMES[i], text);
        any = true;
    }
    bc_write_str(w, any ? "\r\n" : "");
}

// Opus says what we do; codecs other than H.264 are answered as they were offered.
static void
write_fmtp(const struct sdp_answer *a, const struct bc_sdp_chosen *c, struct bc_writer *w)
{
    if (c->codec == BC_CODEC_AVC) {
        write_avc_fmtp(c, w);
    } else if (c->codec == BC_CODEC_OPUS) {
        bc_write_fmt(w, "a=fmtp:%u minptime=10;useinbandfec=1%s%s\r\n", c->pt,
            c->stereo ? ";stereo=1" : "",
            c->stereo && a->sending ? ";sprop-stereo=1" : "");
    } else if (c->fmtp[0] != '\0') {
        bc_write_fmt(w, "a=fmtp:%u %s\r\n", c->pt, c->fmtp);
    }
}

static void
write_codec(
    const struct sdp_answer *a, const struct sdp_reply *reply, struct bc_writer *w)
{
    const struct bc_sdp_chosen *c = &reply->chosen;
    bool video = c->codec != BC_CODEC_OPUS;
    const struct {
        bool agreed;
        const char *value;
    } feedback[] = {
        { c->goog_remb, "goog-remb" },
        { c->transport_cc, "transport-cc" },
        { video && reply->codec->ccm_fir, "ccm fir" },
        { c->nack, "nack" },
        { video && reply->codec->nack_pli, "nack pli" },
    };
    bc_write_fmt(w, "a=rtpmap:%u %s\r\n", c->pt, sdp_rtpmap_of(c->codec));
    for (size_t i = 0; c->active && i < sizeof(feedback) / sizeof(feedback[0]); i++) {
        if (feedback[i].agreed) {
            bc_write_fmt(w, "a=rtcp-fb:%u %s\r\n", c->pt, feedback[i].value);
        }
    }
    write_fmtp(a, c, w);
    if (c->rtx_pt != 0) {
        bc_write_fmt(w, "a=rtpmap:%u rtx/%u\r\na=fmtp:%u apt=%u\r\n", c->rtx_pt,
            (unsigned)c->clock_rate, c->rtx_pt, c->pt);
    }
}

static void
write_simulcast(const struct bc_sdp_chosen *c, struct bc_writer *w)
{
    for (unsigned i = 0; i < c->rid_count; i++) {
        bc_write_fmt(w, "a=rid:%s recv\r\n", c->rids[i]);
    }
    for (unsigned i = 0; i < c->rid_count; i++) {
        bc_write_fmt(w, "%s%s", i == 0 ? "a=simulcast:recv " : ";", c->rids[i]);
    }
    bc_write_str(w, c->rid_count > 0 ? "\r\n" : "");
}

static void
write_rtp_section(const struct sdp_answer *a, const struct bc_sdp_media *m,
    const struct sdp_reply *reply, struct bc_writer *w)
{
    const struct bc_sdp_chosen *c = &reply->chosen;
    if (m->mid[0] != '\0') {
        bc_write_fmt(w, "a=mid:%s\r\n", m->mid);
    }
    const char *ours = a->sending ? "sendonly" : "recvonly";
    sdp_write_extensions(&c->ext, ours, w);
    bc_write_fmt(w, "a=%s\r\n", c->active ? ours : "inactive");
    if (c->active && a->sending) {
        sdp_write_ssrcs(a->local, m->name, c->ssrc, c->rtx_ssrc, w);
    }
    bc_write_str(w, "a=rtcp-mux\r\n");
    if (m->rtcp_rsize) {
        bc_write_str(w, "a=rtcp-rsize\r\n");
    }
    write_codec(a, reply, w);
    if (c->active) {
        write_simulcast(c, w);
    }
}

static void
write_data_section(const struct bc_sdp_media *m, struct bc_writer *w)
{
    if (m->mid[0] != '\0') {
        bc_write_fmt(w, "a=mid:%s\r\n", m->mid);
    }
    if (m->old_sctp_form) {
        bc_write_fmt(w, "a=sctpmap:%d webrtc-datachannel 256\r\n", SCTP_PORT);
    } else {
        bc_write_fmt(w, "a=sctp-port:%d\r\n", SCTP_PORT);
    }
    bc_write_fmt(w, "a=max-message-size:%d\r\n", BC_SDP_MESSAGE_BYTES);
}

// A rejected line repeats a format, for there must be one, but means nothing by it.
static void
write_rejected(const struct bc_sdp_media *m, struct bc_writer *w)
{
    bc_write_fmt(w, "m=%s 0 %s %s\r\nc=IN IP4 0.0.0.0\r\n", m->name, m->proto, m->format);
    if (m->mid[0] != '\0') {
        bc_write_fmt(w, "a=mid:%s\r\n", m->mid);
    }
    bc_write_str(w, "a=inactive\r\n");
}

static void
write_m_line(const struct sdp_answer *a, const struct bc_sdp_media *m,
    const struct bc_sdp_chosen *c, struct bc_writer *w)
{
    bc_write_fmt(w, "m=%s 9 %s ", m->name, m->proto);
    if (m->kind != BC_SDP_DATA) {
        bc_write_fmt(w, "%u", c->pt);
    } else if (m->old_sctp_form) {
        bc_write_fmt(w, "%d", SCTP_PORT);
    } else {
        bc_write_str(w, "webrtc-datachannel");
    }
    if (c->rtx_pt != 0) {
        bc_write_fmt(w, " %u", c->rtx_pt);
    }
    bc_write_str(w, "\r\nc=IN IP4 0.0.0.0\r\n");
    if (m->kind == BC_SDP_VIDEO && c->active && a->max_video_kbps != 0) {
        bc_write_fmt(
            w, "b=AS:%u\r\nb=TIAS:%u000\r\n", a->max_video_kbps, a->max_video_kbps);
    }
}

static bool
is_accepted(const struct sdp_reply *reply)
{
    return reply->codec || reply->chosen.active;
}

// RFC 9725 4.4: all about the session comes first; an ICE-lite agent says so here only.
static void
write_session(const struct sdp_answer *a, struct bc_writer *w)
{
    bc_write_fmt(w, "v=0\r\no=- %llu 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n",
        (unsigned long long)a->local->session_id);
    if (a->offer->has_bundle) {
        bc_write_str(w, "a=group:BUNDLE");
        for (unsigned i = 0; i < a->offer->media_count; i++) {
            if (is_accepted(&a->replies[i]) && a->offer->media[i].bundled) {
                bc_write_fmt(w, " %s", a->offer->media[i].mid);
            }
        }
        bc_write_str(w, "\r\n");
    }
    if (a->offer->extmap_allow_mixed) {
        bc_write_str(w, "a=extmap-allow-mixed\r\n");
    }
    bc_write_str(w, "a=msid-semantic: WMS *\r\n");
    bc_write_str(w, a->local->ice_lite ? "a=ice-lite\r\n" : "");
    bc_write_str(w, "a=ice-options:trickle ice2\r\n");
}

void
sdp_answer_write(const struct sdp_answer *a, struct bc_writer *w)
{
    const char *setup = a->session->dtls_client ? "active" : "passive";
    bool has_candidates = false;
    write_session(a, w);
    for (unsigned i = 0; i < a->offer->media_count; i++) {
        const struct bc_sdp_media *m = &a->offer->media[i];
        const struct sdp_reply *reply = &a->replies[i];
        if (!is_accepted(reply)) {
            write_rejected(m, w);
            continue;
        }
        write_m_line(a, m, &reply->chosen, w);
        sdp_write_transport(a->local, setup, w);
        if (m->kind == BC_SDP_DATA) {
            write_data_section(m, w);
        } else {
            write_rtp_section(a, m, reply, w);
        }
        if (!has_candidates) {
            sdp_write_candidates(a->local, w);
            has_candidates = true;
        }
    }
}
