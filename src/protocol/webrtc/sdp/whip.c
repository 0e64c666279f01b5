// SPDX-License-Identifier: Apache-2.0
#include "match.h"
#include "reply.h"

static enum bc_sdp_refusal
answer_section(struct sdp_answer *a, int section)
{
    if (section < 0) {
        return BC_SDP_OK;
    }
    const struct bc_sdp_media *m = &a->offer->media[section];
    const struct bc_sdp_codec *codec = sdp_match_preferred(m);
    bool sends = m->direction == BC_SDP_SENDONLY || m->direction == BC_SDP_SENDRECV;
    if (codec) {
        // The sender's Opus encoder takes our "stereo" as leave for two channels.
        sdp_answer_accept(a, section, codec)->stereo = m->kind == BC_SDP_AUDIO;
    } else if (sends) {
        char offered[128];
        sdp_offered_titles(m, offered, sizeof(offered));
        return sdp_refuse(a, BC_SDP_NO_CODEC, "%s has to be %s, but the host offers %s",
            m->name, m->kind == BC_SDP_AUDIO ? "Opus" : "H.264, H.265, AV1, VP9 or VP8",
            offered);
    }
    // RFC 8853 6.2: layers are told apart by their rid only.
    if (codec && m->rid_count > 0 && (m->kind != BC_SDP_VIDEO || m->ext.rid == 0)) {
        return sdp_refuse(a, BC_SDP_UNSUPPORTED,
            "simulcast needs the header extension rtp-stream-id, in a video section");
    }
    return BC_SDP_OK;
}

enum bc_sdp_refusal
bc_sdp_answer_whip(const struct bc_sdp *offer, const struct bc_sdp_whip_rules *rules,
    const struct bc_sdp_local *local, struct bc_sdp_session *out, struct bc_writer *w,
    char *error, size_t error_len)
{
    struct sdp_answer a = {
        .offer = offer,
        .local = local,
        .session = out,
        .data = rules->data,
        .max_video_kbps = rules->max_video_kbps,
        .error = error,
        .error_len = error_len,
    };
    enum bc_sdp_refusal refusal = sdp_answer_begin(&a);
    if (refusal == BC_SDP_OK) {
        refusal = answer_section(&a, a.video);
    }
    if (refusal == BC_SDP_OK) {
        refusal = answer_section(&a, a.audio);
    }
    return refusal == BC_SDP_OK ? sdp_answer_end(&a, w) : refusal;
}
