// SPDX-License-Identifier: Apache-2.0
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "match.h"
#include "text.h"

#define ONE_BYTE_ID_MAX 14

enum bc_sdp_refusal
sdp_refuse(struct sdp_answer *a, enum bc_sdp_refusal why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(a->error, a->error_len, fmt, ap);
    va_end(ap);
    return why;
}

// RFC 9725 4.4.2: at most one section of a kind.
static enum bc_sdp_refusal
find_sections(struct sdp_answer *a)
{
    a->video = a->audio = a->channel = -1;
    for (unsigned i = 0; i < a->offer->media_count; i++) {
        const struct bc_sdp_media *m = &a->offer->media[i];
        int *found = m->kind == BC_SDP_VIDEO ? &a->video
            : m->kind == BC_SDP_AUDIO        ? &a->audio
            : m->kind == BC_SDP_DATA         ? &a->channel
                                             : NULL;
        if (m->rejected || !found) {
            continue;
        }
        if (*found >= 0) {
            return sdp_refuse(a, BC_SDP_UNSUPPORTED, "more than one %s section", m->name);
        }
        *found = (int)i;
    }
    return BC_SDP_OK;
}

// RFC 9725 4.4.1: all sections on one transport, with RTCP beside RTP.
static enum bc_sdp_refusal
check_bundle(struct sdp_answer *a)
{
    const int sections[] = { a->video, a->audio, a->channel };
    unsigned used = 0;
    unsigned bundled = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (sections[i] < 0) {
            continue;
        }
        const struct bc_sdp_media *m = &a->offer->media[sections[i]];
        used++;
        bundled += m->bundled ? 1 : 0;
        if (m->kind != BC_SDP_DATA && !m->rtcp_mux) {
            return sdp_refuse(
                a, BC_SDP_UNSUPPORTED, "the %s section has no a=rtcp-mux", m->name);
        }
    }
    if (used > 1 && bundled < used) {
        return sdp_refuse(a, BC_SDP_MALFORMED,
            "several sections, but not all are in one a=group:BUNDLE");
    }
    return BC_SDP_OK;
}

// What is asked for must go the right way (WRTC-2), at least once.
static enum bc_sdp_refusal
check_directions(struct sdp_answer *a)
{
    const int sections[] = { a->video, a->audio };
    enum bc_sdp_direction wanted = a->sending ? BC_SDP_RECVONLY : BC_SDP_SENDONLY;
    enum bc_sdp_direction wrong = a->sending ? BC_SDP_SENDONLY : BC_SDP_RECVONLY;
    bool any = false;
    for (unsigned i = 0; i < 2; i++) {
        if (sections[i] < 0) {
            continue;
        }
        const struct bc_sdp_media *m = &a->offer->media[sections[i]];
        any = any || m->direction == wanted || m->direction == BC_SDP_SENDRECV;
        if (a->sending && m->direction == wrong) {
            return sdp_refuse(a, BC_SDP_MALFORMED,
                "the %s section is sendonly, but a player receives", m->name);
        }
    }
    if (any) {
        return BC_SDP_OK;
    }
    return sdp_refuse(a, BC_SDP_MALFORMED, "no audio or video section is %s",
        a->sending ? "recvonly or sendrecv" : "sendonly or sendrecv");
}

enum bc_sdp_refusal
sdp_answer_begin(struct sdp_answer *a)
{
    memset(a->session, 0, sizeof(*a->session));
    if (a->error_len > 0) {
        a->error[0] = '\0';
    }
    enum bc_sdp_refusal refusal = find_sections(a);
    if (refusal == BC_SDP_OK) {
        refusal = check_bundle(a);
    }
    return refusal == BC_SDP_OK ? check_directions(a) : refusal;
}

// We write one-byte header extensions only, which have ids up to 14 (RFC 8285 4.2); what
// a host sends is read in both forms.
static uint8_t
usable_id(const struct sdp_answer *a, uint8_t id)
{
    return a->sending && id > ONE_BYTE_ID_MAX ? 0 : id;
}

// RTX needs NACK; and transport-wide feedback is of use to a sender only if what it sends
// to probe the path can be told from media, that is, with RTX.
static void
choose_video_feedback(struct sdp_answer *a, const struct bc_sdp_media *m,
    const struct bc_sdp_codec *codec, struct bc_sdp_chosen *chosen)
{
    chosen->nack = codec->nack;
    bool rtx = codec->nack && (!a->sending || a->local->video_rtx_ssrc != 0);
    chosen->rtx_pt = rtx ? codec->rtx_pt : 0;
    chosen->transport_cc = codec->transport_cc && usable_id(a, m->ext.transport_cc) != 0
        && (!a->sending || chosen->rtx_pt != 0);
    chosen->goog_remb = codec->goog_remb && !chosen->transport_cc;
}

// The whole transport has one way of congestion control: video's, when there is any.
static bool
audio_transport_cc(const struct sdp_answer *a, const struct bc_sdp_media *m,
    const struct bc_sdp_codec *codec)
{
    const struct bc_sdp_chosen *video =
        a->video >= 0 ? &a->replies[a->video].chosen : NULL;
    return codec->transport_cc && usable_id(a, m->ext.transport_cc) != 0
        && (!video || !video->active || video->transport_cc);
}

static void
choose_extensions(
    struct sdp_answer *a, const struct bc_sdp_media *m, struct bc_sdp_chosen *chosen)
{
    bool video = m->kind == BC_SDP_VIDEO;
    bool simulcast = !a->sending && chosen->rid_count > 0;
    chosen->ext = (struct bc_sdp_extensions){
        .mid = usable_id(a, m->ext.mid),
        .rid = simulcast ? m->ext.rid : 0,
        .repaired_rid = simulcast && chosen->rtx_pt != 0 ? m->ext.repaired_rid : 0,
        .transport_cc = chosen->transport_cc ? m->ext.transport_cc : 0,
        .abs_send_time = chosen->goog_remb ? usable_id(a, m->ext.abs_send_time) : 0,
        .playout_delay = a->sending && video ? usable_id(a, m->ext.playout_delay) : 0,
        .directed = m->ext.directed,
    };
}

struct bc_sdp_chosen *
sdp_answer_accept(struct sdp_answer *a, int section, const struct bc_sdp_codec *codec)
{
    const struct bc_sdp_media *m = &a->offer->media[section];
    struct sdp_reply *reply = &a->replies[section];
    struct bc_sdp_chosen *chosen = &reply->chosen;
    bool offered = m->direction == BC_SDP_SENDRECV
        || m->direction == (a->sending ? BC_SDP_RECVONLY : BC_SDP_SENDONLY);
    reply->codec = codec;
    *chosen = (struct bc_sdp_chosen){
        .active = offered,
        .section = (unsigned)section,
        .codec = codec->codec,
        .pt = codec->pt,
        .clock_rate = codec->clock_rate,
        .channels = codec->channels,
    };
    memcpy(chosen->fmtp, codec->fmtp, sizeof(chosen->fmtp));
    memcpy(chosen->mid, m->mid, sizeof(chosen->mid));
    if (m->kind == BC_SDP_VIDEO) {
        choose_video_feedback(a, m, codec, chosen);
    } else {
        chosen->transport_cc = audio_transport_cc(a, m, codec);
    }
    if (!a->sending) {
        // With simulcast each layer has its own, to be learnt by its rid.
        chosen->ssrc = m->rid_count == 0 ? m->ssrc : 0;
        chosen->rtx_ssrc = chosen->rtx_pt != 0 && m->rid_count == 0 ? m->rtx_ssrc : 0;
        memcpy(chosen->rids, m->rids, sizeof(chosen->rids));
        chosen->rid_count = m->rid_count;
    }
    choose_extensions(a, m, chosen);
    return chosen;
}

static bool
share_payload_type(const struct bc_sdp_chosen *a, const struct bc_sdp_chosen *b)
{
    return a->active && b->active
        && (a->pt == b->pt || (a->rtx_pt != 0 && a->rtx_pt == b->pt));
}

enum bc_sdp_refusal
sdp_answer_end(struct sdp_answer *a, struct bc_writer *w)
{
    struct bc_sdp_session *session = a->session;
    if (a->video >= 0) {
        session->video = a->replies[a->video].chosen;
    }
    if (a->audio >= 0) {
        session->audio = a->replies[a->audio].chosen;
    }
    if (share_payload_type(&session->video, &session->audio)) {
        return sdp_refuse(a, BC_SDP_MALFORMED,
            "payload type %u is used in both the audio and the video section",
            session->audio.pt);
    }
    if (a->channel >= 0 && a->data && a->offer->media[a->channel].sctp_port != 0) {
        const struct bc_sdp_media *m = &a->offer->media[a->channel];
        struct bc_sdp_chosen *chosen = &a->replies[a->channel].chosen;
        chosen->active = true;
        chosen->section = (unsigned)a->channel;
        memcpy(chosen->mid, m->mid, sizeof(chosen->mid));
        session->data = *chosen;
        session->sctp_port = m->sctp_port;
        session->max_message_bytes = m->max_message_bytes;
    }
    session->dtls_client = a->offer->setup == BC_SETUP_PASSIVE;
    sdp_answer_write(a, w);
    return BC_SDP_OK;
}
