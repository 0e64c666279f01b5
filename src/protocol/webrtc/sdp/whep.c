// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "match.h"
#include "reply.h"

// A section that the source has nothing for, or that wants nothing: it stays, inactive,
// when we know one of its codecs, so the player need not cope with a rejected one.
static void
accept_idle(struct sdp_answer *a, int section)
{
    const struct bc_sdp_codec *codec = sdp_match_preferred(&a->offer->media[section]);
    if (codec) {
        sdp_answer_accept(a, section, codec)->active = false;
    }
}

static enum bc_sdp_refusal
refuse_codec(struct sdp_answer *a, int section, enum bc_codec codec)
{
    const struct bc_sdp_media *m = &a->offer->media[section];
    char offered[128];
    sdp_offered_titles(m, offered, sizeof(offered));
    return sdp_refuse(a, BC_SDP_NO_CODEC,
        "the stream's %s is %s, but the player offers %s", m->name,
        sdp_codec_title(codec), offered);
}

static enum bc_sdp_refusal
answer_video(struct sdp_answer *a, const struct bc_sdp_source *source)
{
    if (a->video < 0) {
        return BC_SDP_OK;
    }
    if (source->video == BC_CODEC_NONE
        || a->offer->media[a->video].direction == BC_SDP_INACTIVE) {
        accept_idle(a, a->video);
        return BC_SDP_OK;
    }
    const struct bc_sdp_codec *codec =
        sdp_match(&a->offer->media[a->video], source->video, source->avc_profile);
    if (!codec) {
        return refuse_codec(a, a->video, source->video);
    }
    struct bc_sdp_chosen *chosen = sdp_answer_accept(a, a->video, codec);
    chosen->ssrc = a->local->video_ssrc;
    chosen->rtx_ssrc = chosen->rtx_pt != 0 ? a->local->video_rtx_ssrc : 0;
    return BC_SDP_OK;
}

static enum bc_sdp_refusal
answer_audio(struct sdp_answer *a, const struct bc_sdp_source *source)
{
    if (a->audio < 0) {
        return BC_SDP_OK;
    }
    // Sound that begins late needs no other offer: it is always Opus, and no player waits
    // for it to show the picture.
    bool later = source->audio == BC_CODEC_NONE;
    const struct bc_sdp_codec *codec =
        sdp_match(&a->offer->media[a->audio], BC_CODEC_OPUS, NULL);
    if (a->offer->media[a->audio].direction == BC_SDP_INACTIVE || (later && !codec)) {
        accept_idle(a, a->audio);
        return BC_SDP_OK;
    }
    if (!codec) {
        return refuse_codec(a, a->audio, source->audio);
    }
    struct bc_sdp_chosen *chosen = sdp_answer_accept(a, a->audio, codec);
    chosen->ssrc = a->local->audio_ssrc;
    chosen->stereo = later || source->audio_channels > 1;
    return BC_SDP_OK;
}

enum bc_sdp_refusal
bc_sdp_answer_whep(const struct bc_sdp *offer, const struct bc_sdp_source *source,
    const struct bc_sdp_local *local, struct bc_sdp_session *out, struct bc_writer *w,
    char *error, size_t error_len)
{
    struct sdp_answer a = {
        .offer = offer,
        .local = local,
        .session = out,
        .sending = true,
        .data = source->data,
        .error = error,
        .error_len = error_len,
    };
    enum bc_sdp_refusal refusal = sdp_answer_begin(&a);
    if (refusal == BC_SDP_OK) {
        refusal = answer_video(&a, source);
    }
    if (refusal == BC_SDP_OK) {
        refusal = answer_audio(&a, source);
    }
    return refusal == BC_SDP_OK ? sdp_answer_end(&a, w) : refusal;
}
