// SPDX-License-Identifier: Apache-2.0
#include "protocol/webrtc/sdp.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Reads a peer's description and makes of it all that can be made.
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct bc_sdp sdp;
    static const struct bc_sdp_local LOCAL = { .ufrag = "u",
        .pwd = "p",
        .fingerprint = "sha-256 AB",
        .cname = "c",
        .video_ssrc = 1,
        .video_rtx_ssrc = 2,
        .audio_ssrc = 3,
        .ice_lite = true };
    static const struct bc_sdp_source SOURCES[] = {
        { .video = BC_CODEC_AVC,
            .avc_profile = { 0x64, 0, 0x28 },
            .audio = BC_CODEC_OPUS,
            .audio_channels = 2,
            .data = true },
        { .video = BC_CODEC_VP9 },
        { .audio = BC_CODEC_OPUS },
    };
    static const struct bc_sdp_whip_rules RULES = { .data = true,
        .max_video_kbps = 1000 };
    char error[200];
    struct bc_sdp_session session;
    struct bc_writer w = { 0 };
    if (bc_sdp_parse((const char *)data, len, &sdp, error, sizeof(error)) == 0) {
        for (size_t i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
            (void)bc_sdp_answer_whep(
                &sdp, &SOURCES[i], &LOCAL, &session, &w, error, sizeof(error));
        }
        (void)bc_sdp_answer_whip(
            &sdp, &RULES, &LOCAL, &session, &w, error, sizeof(error));
        (void)bc_sdp_read_answer(&sdp, BC_SDP_RECVONLY, &session, error, sizeof(error));
        (void)bc_sdp_read_answer(&sdp, BC_SDP_SENDONLY, &session, error, sizeof(error));
        bc_writer_finish(&w);
    }
    return 0;
}
