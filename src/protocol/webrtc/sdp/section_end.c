// SPDX-License-Identifier: Apache-2.0
#include "section.h"

#include <string.h>

const char *const SDP_EXTENSION_URIS[SDP_EXT_COUNT] = {
    [SDP_EXT_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
    [SDP_EXT_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    [SDP_EXT_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    [SDP_EXT_TRANSPORT_CC] =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    [SDP_EXT_ABS_SEND_TIME] =
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    [SDP_EXT_PLAYOUT_DELAY] =
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    [SDP_EXT_VIDEO_ORIENTATION] = "urn:3gpp:video-orientation",
};

// Copies the parameters that fit: sprop-parameter-sets alone can be longer than all that
// matters for the choice.
static void
copy_fmtp(struct sdp_span fmtp, char *out, size_t size)
{
    if (sdp_copy(fmtp, out, size)) {
        return;
    }
    size_t used = 0;
    while (fmtp.len > 0) {
        struct sdp_span one = sdp_take(&fmtp, ';');
        size_t separator = used > 0 ? 1 : 0;
        char *at = out + used + separator;
        if (one.len + separator < size - used
            && sdp_copy(one, at, size - used - separator) && one.len > 0) {
            if (separator > 0) {
                out[used] = ';';
            }
            used += separator + one.len;
        }
    }
    out[used] = '\0';
}

static void
codec_fill(struct bc_sdp_codec *codec, const struct sdp_section *s, uint8_t pt)
{
    const struct sdp_payload_type *t = &s->types[pt];
    unsigned feedback = t->feedback | s->feedback_all;
    *codec = (struct bc_sdp_codec){
        .pt = pt,
        .codec = t->codec,
        .clock_rate = t->clock_rate,
        .channels = t->channels,
        .nack = feedback & SDP_FB_NACK,
        .nack_pli = feedback & SDP_FB_NACK_PLI,
        .ccm_fir = feedback & SDP_FB_CCM_FIR,
        .transport_cc = feedback & SDP_FB_TRANSPORT_CC,
        .goog_remb = feedback & SDP_FB_GOOG_REMB,
    };
    // RFC 3551 6: two that need no rtpmap.
    if (!t->mapped && s->media->kind == BC_SDP_AUDIO && (pt == 0 || pt == 8)) {
        codec->codec = pt == 0 ? BC_CODEC_PCMU : BC_CODEC_PCMA;
        codec->clock_rate = 8000;
        codec->channels = 1;
    }
    copy_fmtp(t->fmtp, codec->fmtp, sizeof(codec->fmtp));
}

// RFC 4588 8.6: which payload type a retransmission is for.
static bool
apt_of(struct sdp_span fmtp, uint32_t *apt)
{
    char text[64];
    struct sdp_span value;
    copy_fmtp(fmtp, text, sizeof(text));
    return sdp_parameter(text, "apt", &value)
        && sdp_number(value, SDP_PAYLOAD_TYPES - 1, apt);
}

static void
codecs_end(const struct sdp_section *s)
{
    struct bc_sdp_media *m = s->media;
    for (unsigned i = 0; i < s->order_count; i++) {
        if (!s->types[s->order[i]].rtx && m->codec_count < BC_SDP_CODECS_MAX) {
            codec_fill(&m->codecs[m->codec_count++], s, s->order[i]);
        }
    }
    for (unsigned i = 0; i < s->order_count; i++) {
        const struct sdp_payload_type *t = &s->types[s->order[i]];
        uint32_t apt;
        if (!t->rtx || !apt_of(t->fmtp, &apt)) {
            continue;
        }
        for (unsigned c = 0; c < m->codec_count; c++) {
            if (m->codecs[c].pt == apt && m->codecs[c].rtx_pt == 0
                && m->codecs[c].clock_rate == t->clock_rate) {
                m->codecs[c].rtx_pt = s->order[i];
            }
        }
    }
}

// An extension counts when both its direction and the section's let a packet with it pass.
static uint8_t
extension_id(const struct sdp_section *s, enum sdp_extension which)
{
    enum bc_sdp_direction a = s->extmaps[which].direction;
    enum bc_sdp_direction b = s->media->direction;
    bool passes = a == b || (a == BC_SDP_SENDRECV && b != BC_SDP_INACTIVE)
        || (b == BC_SDP_SENDRECV && a != BC_SDP_INACTIVE);
    return passes ? s->extmaps[which].id : 0;
}

static void
extensions_end(const struct sdp_section *s)
{
    s->media->ext = (struct bc_sdp_extensions){
        .mid = extension_id(s, SDP_EXT_MID),
        .rid = extension_id(s, SDP_EXT_RID),
        .repaired_rid = extension_id(s, SDP_EXT_REPAIRED_RID),
        .transport_cc = extension_id(s, SDP_EXT_TRANSPORT_CC),
        .abs_send_time = extension_id(s, SDP_EXT_ABS_SEND_TIME),
        .playout_delay = extension_id(s, SDP_EXT_PLAYOUT_DELAY),
        .video_orientation = extension_id(s, SDP_EXT_VIDEO_ORIENTATION),
    };
    for (unsigned i = 0; i < SDP_EXT_COUNT; i++) {
        s->media->ext.directed |= (uint8_t)(s->extmaps[i].directed ? 1u << i : 0);
    }
}

static bool
is_declared(const struct sdp_section *s, struct sdp_span id)
{
    for (unsigned i = 0; i < s->rid_count; i++) {
        if (sdp_same(s->rids[i], id)) {
            return true;
        }
    }
    return false;
}

// Layers are separated by ';', alternatives within one by ',', and '~' marks one that
// starts paused (RFC 8853 5.1). The first alternative stands for its layer.
static int
simulcast_end(const struct sdp_section *s, struct sdp_lines *lines)
{
    struct bc_sdp_media *m = s->media;
    struct sdp_span rest = s->simulcast;
    while (rest.len > 0) {
        struct sdp_span layer = sdp_take(&rest, ';');
        struct sdp_span id = sdp_take(&layer, ',');
        if (id.len > 0 && id.p[0] == '~') {
            (void)sdp_take(&id, '~');
        }
        if (!is_declared(s, id)) {
            return sdp_fail(lines, "simulcast names a layer that has no a=rid with send");
        }
        if (m->rid_count == BC_SDP_RIDS_MAX) {
            return sdp_fail(
                lines, "more than %d simulcast layers in a section", BC_SDP_RIDS_MAX);
        }
        if (!sdp_copy_token(id, m->rids[m->rid_count], sizeof(m->rids[0]))) {
            return sdp_fail(lines, "a rid is not a token of at most 16 characters");
        }
        m->rid_count++;
    }
    return 0;
}

int
sdp_section_end(struct sdp_section *s, struct sdp_lines *lines)
{
    s->media->rejected = s->port == 0 && !s->bundle_only;
    codecs_end(s);
    extensions_end(s);
    return simulcast_end(s, lines);
}
