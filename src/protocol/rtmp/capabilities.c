// SPDX-License-Identifier: Apache-2.0
#include "capabilities.h"

#include "base/writer.h"

// Bits of videoFunction.
#define VIDEO_CLIENT_HDR 2
#define VIDEO_CLIENT_METADATA 4

static const struct {
    char name[5];
    enum bc_codec codec;
    bool video;
} FOURCCS[] = {
    { "avc1", BC_CODEC_AVC, true },
    { "hvc1", BC_CODEC_HEVC, true },
    { "av01", BC_CODEC_AV1, true },
    { "vp09", BC_CODEC_VP9, true },
    { "vp08", BC_CODEC_VP8, true },
    { "mp4a", BC_CODEC_AAC, false },
    { "Opus", BC_CODEC_OPUS, false },
    { ".mp3", BC_CODEC_MP3, false },
    { "fLaC", BC_CODEC_FLAC, false },
    { "ac-3", BC_CODEC_AC3, false },
    { "ec-3", BC_CODEC_EAC3, false },
};

#define FOURCC_COUNT (sizeof(FOURCCS) / sizeof(FOURCCS[0]))

static uint32_t
numeric_mask(const struct bc_amf_value *v)
{
    double mask = bc_amf_number(v, 0);
    return v && mask >= 0 && mask <= UINT16_MAX ? (uint32_t)mask : 0;
}

static bool
can_play(const struct bc_amf_value *v)
{
    return (numeric_mask(v) & (RTMP_FOURCC_CAN_DECODE | RTMP_FOURCC_CAN_FORWARD)) != 0;
}

static uint32_t
read_map(const struct bc_amf *amf, const struct bc_amf_value *map, bool video)
{
    uint32_t codecs = 0;
    bool all = can_play(bc_amf_get(amf, map, "*"));
    for (size_t i = 0; map && i < FOURCC_COUNT; i++) {
        if (FOURCCS[i].video == video
            && (all || can_play(bc_amf_get(amf, map, FOURCCS[i].name)))) {
            codecs |= 1u << FOURCCS[i].codec;
        }
    }
    return codecs;
}

static uint32_t
read_list(const struct bc_amf *amf, const struct bc_amf_value *list)
{
    uint32_t codecs = 0;
    const struct bc_amf_value *v = list ? bc_amf_child(amf, list) : NULL;
    for (; v; v = bc_amf_next(amf, v)) {
        for (size_t i = 0; i < FOURCC_COUNT; i++) {
            if (bc_amf_is(v, FOURCCS[i].name) || bc_amf_is(v, "*")) {
                codecs |= 1u << FOURCCS[i].codec;
            }
        }
    }
    return codecs;
}

void
bc_rtmp_caps_parse(struct bc_rtmp_caps *caps, const struct bc_amf *amf,
    const struct bc_amf_value *object)
{
    caps->codecs = read_list(amf, bc_amf_get(amf, object, "fourCcList"))
        | read_map(amf, bc_amf_get(amf, object, "videoFourCcInfoMap"), true)
        | read_map(amf, bc_amf_get(amf, object, "audioFourCcInfoMap"), false);
    caps->caps_ex = numeric_mask(bc_amf_get(amf, object, "capsEx"));
    caps->video_function = numeric_mask(bc_amf_get(amf, object, "videoFunction"));
}

static bool
is_asked(const struct bc_amf *amf, const struct bc_amf_value *asked, const char *key)
{
    return !asked || bc_amf_get(amf, asked, key);
}

static void
write_map(struct bc_writer *w, const char *key, uint32_t codecs, unsigned mask, bool video)
{
    bc_amf_write_key(w, key);
    bc_amf_write_object_begin(w);
    for (size_t i = 0; i < FOURCC_COUNT; i++) {
        if (FOURCCS[i].video == video && codecs & 1u << FOURCCS[i].codec) {
            bc_amf_write_key(w, FOURCCS[i].name);
            bc_amf_write_number(w, mask);
        }
    }
    bc_amf_write_object_end(w);
}

static void
write_list(struct bc_writer *w, uint32_t codecs)
{
    uint32_t count = 0;
    for (size_t i = 0; i < FOURCC_COUNT; i++) {
        count += (codecs >> FOURCCS[i].codec) & 1;
    }
    bc_amf_write_key(w, "fourCcList");
    bc_amf_write_strict_begin(w, count);
    for (size_t i = 0; i < FOURCC_COUNT; i++) {
        if (codecs & 1u << FOURCCS[i].codec) {
            bc_amf_write_string(w, FOURCCS[i].name);
        }
    }
}

void
bc_rtmp_caps_write_codecs(struct bc_writer *w, uint32_t codecs, unsigned mask,
    const struct bc_amf *amf, const struct bc_amf_value *asked)
{
    if (is_asked(amf, asked, "fourCcList")) {
        write_list(w, codecs);
    }
    if (is_asked(amf, asked, "videoFourCcInfoMap")) {
        write_map(w, "videoFourCcInfoMap", codecs, mask, true);
    }
    if (is_asked(amf, asked, "audioFourCcInfoMap")) {
        write_map(w, "audioFourCcInfoMap", codecs, mask, false);
    }
}

// All codecs go through this server as they are.
void
bc_rtmp_caps_answer(struct bc_writer *w, const struct bc_amf *amf,
    const struct bc_amf_value *asked)
{
    if (!asked) {
        return;
    }
    bc_rtmp_caps_write_codecs(w, UINT32_MAX, RTMP_FOURCC_CAN_FORWARD, amf, asked);
    if (is_asked(amf, asked, "capsEx")) {
        bc_amf_write_key(w, "capsEx");
        bc_amf_write_number(w, BC_RTMP_CAPS_RECONNECT | BC_RTMP_CAPS_MULTITRACK
                | BC_RTMP_CAPS_MODEX | BC_RTMP_CAPS_TIMESTAMP_NANO);
    }
    uint32_t functions = numeric_mask(bc_amf_get(amf, asked, "videoFunction"));
    if (is_asked(amf, asked, "videoFunction")) {
        bc_amf_write_key(w, "videoFunction");
        bc_amf_write_number(w, functions & (VIDEO_CLIENT_HDR | VIDEO_CLIENT_METADATA));
    }
}
