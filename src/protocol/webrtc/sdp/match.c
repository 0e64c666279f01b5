// SPDX-License-Identifier: Apache-2.0
#include "match.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

// H.264's profiles as RFC 6184 8.1 tells them apart by profile_idc and constraint flags.
enum avc_profile {
    AVC_OTHER,
    AVC_CONSTRAINED_BASELINE,
    AVC_BASELINE,
    AVC_MAIN,
    AVC_CONSTRAINED_HIGH,
    AVC_HIGH,
    AVC_HIGH_444,
    AVC_PROFILES,
};

static enum avc_profile
profile_of(const uint8_t id[3])
{
    uint8_t flags = id[1];
    switch (id[0]) {
    case 0x42:
        return flags & 0x40 ? AVC_CONSTRAINED_BASELINE : AVC_BASELINE;
    case 0x4d:
        return flags & 0x80 ? AVC_CONSTRAINED_BASELINE : AVC_MAIN;
    case 0x58:
        return (flags & 0xc0) == 0xc0 ? AVC_CONSTRAINED_BASELINE : AVC_OTHER;
    case 0x64:
        return (flags & 0x0c) == 0x0c ? AVC_CONSTRAINED_HIGH : AVC_HIGH;
    case 0xf4:
        return AVC_HIGH_444;
    default:
        return AVC_OTHER;
    }
}

// The profiles under which a stream of the row's profile is announced, best first: its
// own, then those whose decoders can do it, then, for browsers decode whatever arrives,
// the highest of the others. High 4:4:4 is never announced for what it is not.
static const enum avc_profile ANNOUNCED_AS[AVC_PROFILES][AVC_PROFILES] = {
    [AVC_OTHER] = { AVC_HIGH, AVC_CONSTRAINED_HIGH, AVC_MAIN, AVC_CONSTRAINED_BASELINE,
        AVC_BASELINE },
    [AVC_CONSTRAINED_BASELINE] = { AVC_CONSTRAINED_BASELINE, AVC_BASELINE, AVC_MAIN,
        AVC_CONSTRAINED_HIGH, AVC_HIGH },
    [AVC_BASELINE] = { AVC_BASELINE, AVC_CONSTRAINED_BASELINE, AVC_MAIN,
        AVC_CONSTRAINED_HIGH, AVC_HIGH },
    [AVC_MAIN] = { AVC_MAIN, AVC_HIGH, AVC_CONSTRAINED_HIGH, AVC_CONSTRAINED_BASELINE,
        AVC_BASELINE },
    [AVC_CONSTRAINED_HIGH] = { AVC_CONSTRAINED_HIGH, AVC_HIGH, AVC_MAIN,
        AVC_CONSTRAINED_BASELINE, AVC_BASELINE },
    [AVC_HIGH] = { AVC_HIGH, AVC_CONSTRAINED_HIGH, AVC_MAIN, AVC_CONSTRAINED_BASELINE,
        AVC_BASELINE },
    [AVC_HIGH_444] = { AVC_HIGH_444, AVC_HIGH, AVC_CONSTRAINED_HIGH, AVC_MAIN,
        AVC_CONSTRAINED_BASELINE, AVC_BASELINE },
};

// RFC 6184 8.1: Baseline when profile-level-id is absent or unreadable.
static void
offered_profile(const struct bc_sdp_codec *c, uint8_t id[3])
{
    struct sdp_span value;
    char text[7];
    unsigned bits = 0x42000a;
    if (sdp_parameter(c->fmtp, "profile-level-id", &value) && value.len == 6
        && sdp_copy(value, text, sizeof(text))) {
        unsigned read;
        int used = 0;
        if (sscanf(text, "%6x%n", &read, &used) == 1 && used == 6) {
            bits = read;
        }
    }
    id[0] = (uint8_t)(bits >> 16);
    id[1] = (uint8_t)(bits >> 8);
    id[2] = (uint8_t)bits;
}

static bool
parameter_is(const struct bc_sdp_codec *c, const char *name, const char *text)
{
    struct sdp_span value;
    return sdp_parameter(c->fmtp, name, &value) && sdp_is(value, text);
}

// Lower is better; UINT_MAX when the entry is out of question.
static unsigned
avc_rank(const struct bc_sdp_codec *c, const uint8_t *wanted)
{
    // Mode 0 has no fragments, so frames beyond one packet cannot be sent.
    unsigned rank = parameter_is(c, "packetization-mode", "1") ? 0 : 100;
    if (!wanted) {
        return rank;
    }
    uint8_t offered[3];
    offered_profile(c, offered);
    if (offered[0] == wanted[0] && offered[1] == wanted[1]) {
        return rank;
    }
    enum avc_profile profile = profile_of(offered);
    if (profile == AVC_OTHER) {
        // Extended, High 10, High 4:2:2: by the same profile_idc only.
        return offered[0] == wanted[0] ? rank + 1 : UINT32_MAX;
    }
    const enum avc_profile *row = ANNOUNCED_AS[profile_of(wanted)];
    for (unsigned i = 0; i < AVC_PROFILES; i++) {
        if (row[i] == profile) {
            return rank + 2 + i;
        }
    }
    return UINT32_MAX;
}

// Profile 0 of VP9 and the Main profile of HEVC are what streams are made in.
static unsigned
rank_of(const struct bc_sdp_codec *c, const uint8_t *avc_profile)
{
    struct sdp_span value;
    switch (c->codec) {
    case BC_CODEC_AVC:
        return avc_rank(c, avc_profile);
    case BC_CODEC_VP9:
        return !sdp_parameter(c->fmtp, "profile-id", &value) || sdp_is(value, "0") ? 0
                                                                                   : 1;
    case BC_CODEC_HEVC:
        return !sdp_parameter(c->fmtp, "profile-id", &value) || sdp_is(value, "1") ? 0
                                                                                   : 1;
    case BC_CODEC_AV1:
        return !sdp_parameter(c->fmtp, "profile", &value) || sdp_is(value, "0") ? 0 : 1;
    default:
        return 0;
    }
}

const struct bc_sdp_codec *
sdp_match(const struct bc_sdp_media *m, enum bc_codec codec, const uint8_t *avc_profile)
{
    const struct bc_sdp_codec *best = NULL;
    unsigned best_rank = UINT32_MAX;
    for (unsigned i = 0; i < m->codec_count; i++) {
        if (m->codecs[i].codec != codec) {
            continue;
        }
        unsigned rank = rank_of(&m->codecs[i], avc_profile);
        if (rank < best_rank) {
            best = &m->codecs[i];
            best_rank = rank;
        }
    }
    return best;
}

const struct bc_sdp_codec *
sdp_match_preferred(const struct bc_sdp_media *m)
{
    static const enum bc_codec VIDEO[] = {
        BC_CODEC_AVC,
        BC_CODEC_HEVC,
        BC_CODEC_AV1,
        BC_CODEC_VP9,
        BC_CODEC_VP8,
    };
    if (m->kind == BC_SDP_AUDIO) {
        return sdp_match(m, BC_CODEC_OPUS, NULL);
    }
    for (size_t i = 0; i < sizeof(VIDEO) / sizeof(VIDEO[0]); i++) {
        const struct bc_sdp_codec *c = sdp_match(m, VIDEO[i], NULL);
        if (c) {
            return c;
        }
    }
    return NULL;
}

const char *
sdp_codec_title(enum bc_codec codec)
{
    switch (codec) {
    case BC_CODEC_AVC:
        return "H.264";
    case BC_CODEC_HEVC:
        return "H.265";
    case BC_CODEC_AV1:
        return "AV1";
    case BC_CODEC_VP8:
        return "VP8";
    case BC_CODEC_VP9:
        return "VP9";
    case BC_CODEC_OPUS:
        return "Opus";
    case BC_CODEC_PCMA:
    case BC_CODEC_PCMU:
        return "G.711";
    default:
        return bc_codec_name(codec);
    }
}

void
sdp_offered_titles(const struct bc_sdp_media *m, char *out, size_t size)
{
    const char *titles[16];
    unsigned count = 0;
    for (unsigned i = 0; i < m->codec_count && count < 16; i++) {
        if (m->codecs[i].codec == BC_CODEC_NONE) {
            continue;
        }
        const char *title = sdp_codec_title(m->codecs[i].codec);
        bool known = false;
        for (unsigned k = 0; k < count; k++) {
            known = known || strcmp(titles[k], title) == 0;
        }
        if (!known) {
            titles[count++] = title;
        }
    }
    snprintf(out, size, "%s", count == 0 ? "nothing known" : titles[0]);
    for (unsigned i = 1; i < count; i++) {
        size_t used = strlen(out);
        snprintf(
            out + used, size - used, "%s%s", i + 1 < count ? ", " : " and ", titles[i]);
    }
}
