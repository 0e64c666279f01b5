// SPDX-License-Identifier: Apache-2.0
#include "section.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_MESSAGE_BYTES 65536 // RFC 8841 6.1: when max-message-size is absent

static const struct {
    const char *name;
    enum bc_codec codec;
    enum bc_sdp_kind kind;
    uint32_t clock_rate;
} CODECS[] = {
    { "H264", BC_CODEC_AVC, BC_SDP_VIDEO, 90000 },
    { "H265", BC_CODEC_HEVC, BC_SDP_VIDEO, 90000 },
    { "AV1", BC_CODEC_AV1, BC_SDP_VIDEO, 90000 },
    { "VP8", BC_CODEC_VP8, BC_SDP_VIDEO, 90000 },
    { "VP9", BC_CODEC_VP9, BC_SDP_VIDEO, 90000 },
    { "opus", BC_CODEC_OPUS, BC_SDP_AUDIO, 48000 },
    { "PCMU", BC_CODEC_PCMU, BC_SDP_AUDIO, 8000 },
    { "PCMA", BC_CODEC_PCMA, BC_SDP_AUDIO, 8000 },
};

static enum bc_codec
codec_of(struct sdp_span name, enum bc_sdp_kind kind, uint32_t clock_rate)
{
    for (size_t i = 0; i < sizeof(CODECS) / sizeof(CODECS[0]); i++) {
        if (CODECS[i].kind == kind && CODECS[i].clock_rate == clock_rate
            && sdp_is(name, CODECS[i].name)) {
            return CODECS[i].codec;
        }
    }
    return BC_CODEC_NONE;
}

// RFC 8829 5.1.2: all of these names mean the same, with or without the transport.
static bool
is_rtp_proto(struct sdp_span proto)
{
    static const char *const NAMES[] = { "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF" };
    static const char *const PREFIXES[] = { "UDP/TLS/", "TCP/TLS/", "TCP/DTLS/" };
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
        size_t n = strlen(PREFIXES[i]);
        if (proto.len > n && memcmp(proto.p, PREFIXES[i], n) == 0) {
            proto = (struct sdp_span){ proto.p + n, proto.len - n };
            break;
        }
    }
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (sdp_is(proto, NAMES[i])) {
            return true;
        }
    }
    return false;
}

static enum bc_sdp_kind
kind_of(const struct bc_sdp_media *m)
{
    struct sdp_span name = { m->name, strlen(m->name) };
    struct sdp_span proto = { m->proto, strlen(m->proto) };
    if (sdp_is(name, "audio") || sdp_is(name, "video")) {
        if (!is_rtp_proto(proto)) {
            return BC_SDP_OTHER;
        }
        return sdp_is(name, "audio") ? BC_SDP_AUDIO : BC_SDP_VIDEO;
    }
    bool sctp = sdp_is(proto, "UDP/DTLS/SCTP") || sdp_is(proto, "TCP/DTLS/SCTP")
        || sdp_is(proto, "DTLS/SCTP");
    return sdp_is(name, "application") && sctp ? BC_SDP_DATA : BC_SDP_OTHER;
}

static int
payload_types_parse(struct sdp_section *s, struct sdp_span rest, struct sdp_lines *lines)
{
    while (rest.len > 0) {
        uint32_t pt;
        struct sdp_span word = sdp_word(&rest);
        if (word.len == 0) {
            break;
        }
        if (!sdp_number(word, SDP_PAYLOAD_TYPES - 1, &pt)) {
            return sdp_fail(lines, "a payload type is not a number from 0 to 127");
        }
        if (!s->types[pt].listed) {
            s->types[pt].listed = true;
            s->order[s->order_count++] = (uint8_t)pt;
        }
    }
    return 0;
}

// The two forms of RFC 8841 and its drafts: "UDP/DTLS/SCTP webrtc-datachannel", and
// "DTLS/SCTP 5000" where an sctpmap line tells what the port is for.
static void
data_format_parse(struct bc_sdp_media *m)
{
    struct sdp_span format = { m->format, strlen(m->format) };
    uint32_t port;
    m->max_message_bytes = DEFAULT_MESSAGE_BYTES;
    if (sdp_is(format, "webrtc-datachannel")) {
        m->sctp_port = 5000; // RFC 8841 demands the attribute; all use this one
    } else if (sdp_number(format, 65535, &port)) {
        m->old_sctp_form = true;
    }
}

// m=<media> <port>[/<count>] <proto> <format> …, RFC 8866 5.14.
int
sdp_section_begin(struct sdp_section *s, struct bc_sdp_media *media,
    struct sdp_span value, struct sdp_lines *lines)
{
    *s = (struct sdp_section){ .media = media };
    struct sdp_span rest = value;
    struct sdp_span name = sdp_word(&rest);
    struct sdp_span port = sdp_word(&rest);
    struct sdp_span proto = sdp_word(&rest);
    struct sdp_span formats = rest;
    struct sdp_span format = sdp_word(&rest);
    if (!sdp_copy_token(name, media->name, sizeof(media->name))
        || !sdp_copy(proto, media->proto, sizeof(media->proto)) || proto.len == 0
        || !sdp_copy(format, media->format, sizeof(media->format)) || format.len == 0) {
        return sdp_fail(lines, "not of the form m=<media> <port> <proto> <format>");
    }
    if (!sdp_number(sdp_take(&port, '/'), 65535, &s->port)) {
        return sdp_fail(lines, "the port is not a number from 0 to 65535");
    }
    media->kind = kind_of(media);
    if (media->kind == BC_SDP_DATA) {
        data_format_parse(media);
    }
    return media->kind == BC_SDP_AUDIO || media->kind == BC_SDP_VIDEO
        ? payload_types_parse(s, formats, lines)
        : 0;
}

bool
sdp_direction_parse(struct sdp_span name, enum bc_sdp_direction *out)
{
    static const char *const NAMES[] = {
        [BC_SDP_INACTIVE] = "inactive",
        [BC_SDP_SENDONLY] = "sendonly",
        [BC_SDP_RECVONLY] = "recvonly",
        [BC_SDP_SENDRECV] = "sendrecv",
    };
    for (unsigned i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (sdp_is(name, NAMES[i])) {
            *out = (enum bc_sdp_direction)i;
            return true;
        }
    }
    return false;
}

static struct sdp_payload_type *
take_payload_type(struct sdp_section *s, struct sdp_span *value)
{
    uint32_t pt;
    bool good = sdp_number(sdp_word(value), SDP_PAYLOAD_TYPES - 1, &pt);
    return good ? &s->types[pt] : NULL;
}

// rtpmap:<payload type> <encoding>/<clock rate>[/<channels>], RFC 8866 6.6.
static int
rtpmap_parse(struct sdp_section *s, struct sdp_span value, struct sdp_lines *lines)
{
    struct sdp_payload_type *t = take_payload_type(s, &value);
    struct sdp_span rest = sdp_word(&value);
    struct sdp_span name = sdp_take(&rest, '/');
    uint32_t clock_rate;
    uint32_t channels = 1;
    bool good = sdp_number(sdp_take(&rest, '/'), UINT32_MAX, &clock_rate);
    if (!t || !good || (rest.len > 0 && !sdp_number(rest, 255, &channels))) {
        return sdp_fail(lines, "not of the form a=rtpmap:<0 to 127> <name>/<rate>");
    }
    if (!t->mapped) {
        t->mapped = true;
        t->rtx = sdp_is(name, "rtx");
        t->codec = codec_of(name, s->media->kind, clock_rate);
        t->clock_rate = clock_rate;
        t->channels = (uint8_t)channels;
    }
    return 0;
}

static int
fmtp_parse(struct sdp_section *s, struct sdp_span value, struct sdp_lines *lines)
{
    struct sdp_payload_type *t = take_payload_type(s, &value);
    if (!t) {
        return sdp_fail(lines, "a=fmtp without a payload type from 0 to 127");
    }
    if (t->fmtp.len == 0) {
        t->fmtp = value;
    }
    return 0;
}

// rtcp-fb:<payload type or *> <value> [<parameter>], RFC 4585 4.2.
static int
rtcp_fb_parse(struct sdp_section *s, struct sdp_span value, struct sdp_lines *lines)
{
    static const struct {
        const char *value;
        const char *parameter;
        unsigned feedback;
    } KNOWN[] = {
        { "nack", "", SDP_FB_NACK },
        { "nack", "pli", SDP_FB_NACK_PLI },
        { "ccm", "fir", SDP_FB_CCM_FIR },
        { "transport-cc", "", SDP_FB_TRANSPORT_CC },
        { "goog-remb", "", SDP_FB_GOOG_REMB },
    };
    struct sdp_span rest = value;
    unsigned *feedback = &s->feedback_all;
    if (!sdp_is(sdp_word(&rest), "*")) {
        rest = value;
        struct sdp_payload_type *t = take_payload_type(s, &rest);
        if (!t) {
            return sdp_fail(lines, "a=rtcp-fb without a payload type from 0 to 127 or *");
        }
        feedback = &t->feedback;
    }
    struct sdp_span what = sdp_word(&rest);
    struct sdp_span parameter = sdp_word(&rest);
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        if (sdp_is(what, KNOWN[i].value) && sdp_is(parameter, KNOWN[i].parameter)) {
            *feedback |= KNOWN[i].feedback;
        }
    }
    return 0;
}

static int
ssrc_parse(struct sdp_section *s, struct sdp_span value, struct sdp_lines *lines)
{
    uint32_t ssrc;
    if (!sdp_number(sdp_word(&value), UINT32_MAX, &ssrc)) {
        return sdp_fail(lines, "an SSRC is not a number of 32 bits");
    }
    if (s->media->ssrc == 0) {
        s->media->ssrc = ssrc;
    }
    bool known = false;
    for (unsigned i = 0; i < s->ssrc_count; i++) {
        known = known || s->ssrcs[i] == ssrc;
    }
    if (!known && s->ssrc_count < SDP_SSRCS_MAX) {
        s->ssrcs[s->ssrc_count++] = ssrc;
    }
    return 0;
}

// ssrc-group:FID <media> <retransmission>, RFC 5576 4.2. The first pair counts: with
// the old form of simulcast it is that of the first layer.
static int
ssrc_group_parse(struct sdp_section *s, struct sdp_span value, struct sdp_lines *lines)
{
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    if (!sdp_is(sdp_word(&value), "FID") || s->has_fid) {
        return 0;
    }
    if (!sdp_number(sdp_word(&value), UINT32_MAX, &ssrc)
        || !sdp_number(sdp_word(&value), UINT32_MAX, &rtx_ssrc) || ssrc == rtx_ssrc) {
        return sdp_fail(lines, "an FID group is not two SSRCs");
    }
    s->has_fid = true;
    s->media->ssrc = ssrc;
    s->media->rtx_ssrc = rtx_ssrc;
    return 0;
}

static void
rid_parse(struct sdp_section *s, struct sdp_span value)
{
    struct sdp_span id = sdp_word(&value);
    if (sdp_is(sdp_word(&value), "send") && s->rid_count < SDP_RIDS_SEEN_MAX) {
        s->rids[s->rid_count++] = id;
    }
}

// simulcast:send <list> [recv <list>] in either order, RFC 8853 5.1.
static void
simulcast_parse(struct sdp_section *s, struct sdp_span value)
{
    while (value.len > 0) {
        struct sdp_span direction = sdp_word(&value);
        struct sdp_span list = sdp_word(&value);
        if (sdp_is(direction, "send")) {
            s->simulcast = list;
        }
    }
}

int
sdp_extmap_parse(struct sdp_extmap *maps, struct sdp_span value, struct sdp_lines *lines)
{
    struct sdp_span id_text = sdp_word(&value);
    struct sdp_span uri = sdp_word(&value);
    uint32_t id;
    bool good = sdp_number(sdp_take(&id_text, '/'), UINT32_MAX, &id);
    enum bc_sdp_direction direction = BC_SDP_SENDRECV;
    bool directed = id_text.len > 0;
    if (!good || (directed && !sdp_direction_parse(id_text, &direction))) {
        return sdp_fail(lines, "not of the form a=extmap:<id>[/<direction>] <uri>");
    }
    // 15 is reserved, 256 and more are for the offerer's own use (RFC 8285 5, 7).
    for (unsigned i = 0; id > 0 && id < 256 && id != 15 && i < SDP_EXT_COUNT; i++) {
        if (maps[i].id == 0 && sdp_is(uri, SDP_EXTENSION_URIS[i])) {
            maps[i] = (struct sdp_extmap){ (uint8_t)id, directed, direction };
        }
    }
    return 0;
}

static int
data_attribute(struct bc_sdp_media *m, struct sdp_span name, struct sdp_span value,
    struct sdp_lines *lines)
{
    uint32_t number;
    if (sdp_is(name, "sctp-port") && !m->old_sctp_form) {
        if (!sdp_number(value, 65535, &number) || number == 0) {
            return sdp_fail(lines, "sctp-port is not a number from 1 to 65535");
        }
        m->sctp_port = (uint16_t)number;
    } else if (sdp_is(name, "sctpmap") && m->old_sctp_form) {
        struct sdp_span port = sdp_word(&value);
        if (sdp_is(port, m->format) && sdp_is(sdp_word(&value), "webrtc-datachannel")
            && sdp_number(port, 65535, &number)) {
            m->sctp_port = (uint16_t)number;
        }
    } else if (sdp_is(name, "max-message-size")) {
        // 0 is "any size".
        if (!sdp_number(value, UINT32_MAX, &number)) {
            return sdp_fail(lines, "max-message-size is not a number of 32 bits");
        }
        m->max_message_bytes = number == 0 ? UINT32_MAX : number;
    }
    return 0;
}

int
sdp_section_attribute(struct sdp_section *s, struct sdp_span name, struct sdp_span value,
    struct sdp_lines *lines)
{
    struct bc_sdp_media *m = s->media;
    if (sdp_is(name, "mid")) {
        bool good = m->mid[0] == '\0' && sdp_copy_token(value, m->mid, sizeof(m->mid));
        return good ? 0
                    : sdp_fail(lines, "a second mid, or not a token of 32 characters");
    }
    if (sdp_direction_parse(name, &m->direction)) {
        return 0;
    }
    if (sdp_is(name, "bundle-only")) {
        s->bundle_only = true;
        return 0;
    }
    if (m->kind == BC_SDP_DATA) {
        return data_attribute(m, name, value, lines);
    }
    if (m->kind != BC_SDP_AUDIO && m->kind != BC_SDP_VIDEO) {
        return 0;
    }
    static const struct {
        const char *name;
        int (*parse)(struct sdp_section *, struct sdp_span, struct sdp_lines *);
    } PARSERS[] = {
        { "rtpmap", rtpmap_parse },
        { "fmtp", fmtp_parse },
        { "rtcp-fb", rtcp_fb_parse },
        { "ssrc", ssrc_parse },
        { "ssrc-group", ssrc_group_parse },
    };
    for (size_t i = 0; i < sizeof(PARSERS) / sizeof(PARSERS[0]); i++) {
        if (sdp_is(name, PARSERS[i].name)) {
            return PARSERS[i].parse(s, value, lines);
        }
    }
    if (sdp_is(name, "extmap")) {
        return sdp_extmap_parse(s->extmaps, value, lines);
    }
    if (sdp_is(name, "rtcp-mux") || sdp_is(name, "rtcp-mux-only")) {
        m->rtcp_mux = true;
    } else if (sdp_is(name, "rtcp-rsize")) {
        m->rtcp_rsize = true;
    } else if (sdp_is(name, "rid")) {
        rid_parse(s, value);
    } else if (sdp_is(name, "simulcast")) {
        simulcast_parse(s, value);
    }
    return 0;
}
