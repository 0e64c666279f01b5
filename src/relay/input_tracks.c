// SPDX-License-Identifier: Apache-2.0
#include "input_tracks.h"

#include <string.h>

#include "base/reader.h"
#include "media/nalu.h"
#include "media/obu.h"
#include "media/track_build.h"

#define SETS_MAX 8

struct bc_track *
input_track_of_config(enum bc_codec codec, const uint8_t *config, size_t len)
{
    switch (codec) {
    case BC_CODEC_AVC:
        return bc_avc_track(config, len);
    case BC_CODEC_HEVC:
        return bc_hevc_track(config, len);
    case BC_CODEC_AV1:
        return bc_av1_track_from_config(config, len);
    case BC_CODEC_VP9:
        return bc_vp9_track_from_config(config, len);
    case BC_CODEC_AAC:
        return bc_aac_track(config, len);
    case BC_CODEC_OPUS:
        return bc_opus_track(config, len);
    case BC_CODEC_FLAC:
        return bc_flac_track(config, len);
    default:
        return NULL;
    }
}

// --- parameter sets among the NAL units of an access unit ---

struct found_sets {
    struct bc_param_set vps[SETS_MAX];
    struct bc_param_set sps[SETS_MAX];
    struct bc_param_set pps[SETS_MAX];
    unsigned vps_count;
    unsigned sps_count;
    unsigned pps_count;
};

static void
add_set(struct bc_param_set *sets, unsigned *count, const uint8_t *unit, size_t len)
{
    if (*count < SETS_MAX) {
        sets[(*count)++] = (struct bc_param_set){ unit, len };
    }
}

static void
sort_unit(struct found_sets *f, enum bc_codec codec, const uint8_t *unit, size_t len)
{
    bool avc = codec == BC_CODEC_AVC;
    unsigned type = avc ? unit[0] & 31u : unit[0] >> 1 & 63u;
    if (type == (avc ? 7u : 33u)) {
        add_set(f->sps, &f->sps_count, unit, len);
    } else if (type == (avc ? 8u : 34u)) {
        add_set(f->pps, &f->pps_count, unit, len);
    } else if (!avc && type == 32) {
        add_set(f->vps, &f->vps_count, unit, len);
    }
}

static struct bc_track *
track_of_sets(enum bc_codec codec, const uint8_t *data, size_t len)
{
    struct found_sets f = { .sps_count = 0 };
    struct bc_reader r = bc_reader_init(data, len);
    while (bc_reader_left(&r) > 4) {
        uint32_t n = bc_read_u32(&r);
        const uint8_t *unit = bc_read_bytes(&r, n);
        if (unit && n > 0) {
            sort_unit(&f, codec, unit, n);
        }
    }
    struct bc_param_sets sets = { .vps = f.vps, .vps_count = f.vps_count, .sps = f.sps,
        .sps_count = f.sps_count, .pps = f.pps, .pps_count = f.pps_count };
    if (f.sps_count == 0 || f.pps_count == 0) {
        return NULL;
    }
    if (codec == BC_CODEC_AVC) {
        return bc_avc_track_from_sets(&sets);
    }
    return f.vps_count > 0 ? bc_hevc_track_from_sets(&sets) : NULL;
}

// --- others ---

static struct bc_track *
track_of_av1(const uint8_t *frame, size_t len)
{
    struct bc_reader r = bc_reader_init(frame, len);
    while (bc_reader_left(&r) > 0) {
        const uint8_t *start = r.p;
        struct bc_obu obu;
        if (bc_obu_read(&r, &obu) != 0) {
            return NULL;
        }
        if (obu.type == BC_OBU_SEQUENCE_HEADER) {
            return bc_av1_track(start, (size_t)(r.p - start));
        }
    }
    return NULL;
}

// adts_fixed_header and adts_variable_header, ISO/IEC 14496-3 1.A.3.2.
size_t
input_adts_header(const uint8_t *frame, size_t len)
{
    if (len < 7 || frame[0] != 0xff || (frame[1] & 0xf6) != 0xf0) {
        return 0;
    }
    size_t header = frame[1] & 1 ? 7 : 9;
    return len > header ? header : 0;
}

static struct bc_track *
track_of_adts(const uint8_t *frame, size_t len)
{
    if (input_adts_header(frame, len) == 0) {
        return NULL;
    }
    unsigned object = (frame[2] >> 6 & 3u) + 1;
    unsigned rate = frame[2] >> 2 & 15u;
    unsigned channels = (frame[2] & 1u) << 2 | frame[3] >> 6;
    // AudioSpecificConfig: 5 bits of object type, 4 of rate, 4 of channels, 3 zeros.
    uint8_t config[2] = { (uint8_t)(object << 3 | rate >> 1),
        (uint8_t)((rate & 1) << 7 | channels << 3) };
    return bc_aac_track(config, sizeof(config));
}

struct bc_track *
input_track_of_frame(enum bc_codec codec, const uint8_t *frame, size_t len)
{
    switch (codec) {
    case BC_CODEC_AVC:
    case BC_CODEC_HEVC:
        return track_of_sets(codec, frame, len);
    case BC_CODEC_AV1:
        return track_of_av1(frame, len);
    case BC_CODEC_VP8:
        return bc_vp8_track(frame, len);
    case BC_CODEC_VP9:
        return bc_vp9_track(frame, len);
    case BC_CODEC_AAC:
        return track_of_adts(frame, len);
    case BC_CODEC_MP3:
        return bc_mpeg_audio_track(frame, len);
    case BC_CODEC_AC3:
    case BC_CODEC_EAC3:
        return bc_ac3_track(frame, len);
    default:
        return NULL;
    }
}

// --- payloads ---

static bool
make_nalus(enum bc_codec codec, const uint8_t *frame, size_t len, unsigned length_size,
    struct input_payload *out)
{
    // Start codes are recognised whatever the size said.
    if (bc_nalu_normalise(frame, len, length_size ? length_size : 4, &out->rewritten)
        != 0) {
        return false;
    }
    if (out->rewritten) {
        out->data = out->rewritten->data;
        out->len = out->rewritten->len;
    }
    struct bc_nalu_info info;
    bc_nalu_scan(codec, out->data, out->len, &info);
    if (!info.has_slice) {
        bc_buf_unref(&out->rewritten); // parameter sets or SEI alone are no picture
        return false;
    }
    out->flags = (info.is_idr ? BC_PACKET_KEY : 0u)
        | (info.disposable ? BC_PACKET_DISPOSABLE : 0u);
    return true;
}

bool
input_payload_make(enum bc_codec codec, const uint8_t *frame, size_t len,
    unsigned length_size, bool key, struct input_payload *out)
{
    *out = (struct input_payload){ .data = frame, .len = len };
    if (codec == BC_CODEC_AVC || codec == BC_CODEC_HEVC) {
        return make_nalus(codec, frame, len, length_size, out);
    }
    out->flags = key ? BC_PACKET_KEY : 0u;
    if (codec == BC_CODEC_AAC) {
        size_t header = input_adts_header(frame, len);
        out->data += header;
        out->len -= header;
    }
    return out->len > 0;
}
