// SPDX-License-Identifier: Apache-2.0
// Reading AUDIODATA. The first byte, legacy and enhanced:
//
//   format (4) | rate (2) | 16 bits (1) | stereo (1)      9 (4) | packet type (4)
#include <errno.h>

#include "base/reader.h"
#include "container/flv.h"
#include "flv_enhanced.h"
#include "flv_ids.h"

static void
set_payload(struct bc_flv_audio *a, const struct bc_reader *r, enum bc_flv_type type)
{
    a->payload = r->p;
    a->len = bc_reader_left(r);
    // A frame with nothing in it is silence (RTMP-67). An empty Opus header is a header.
    a->type = a->len == 0 && type == BC_FLV_FRAMES ? BC_FLV_EMPTY : type;
}

static int
parse_aac(struct bc_reader *r, struct bc_flv_audio *a)
{
    if (bc_reader_left(r) == 0) {
        a->type = BC_FLV_EMPTY;
        return 0;
    }
    switch (bc_read_u8(r)) {
    case FLV_AAC_SEQUENCE_HEADER:
        set_payload(a, r, bc_reader_left(r) ? BC_FLV_SEQUENCE_HEADER : BC_FLV_EMPTY);
        break;
    case FLV_AAC_RAW:
        set_payload(a, r, BC_FLV_FRAMES);
        break;
    default:
        a->type = BC_FLV_UNKNOWN;
        break;
    }
    return 0;
}

static int
parse_legacy(struct bc_reader *r, unsigned flags, struct bc_flv_audio *a)
{
    static const uint32_t RATES[4] = { 5512, 11025, 22050, 44100 };
    a->sample_rate = RATES[flags >> 2 & 3];
    a->channels = flags & 1 ? 2 : 1;
    switch (a->codec_id) {
    case FLV_AUDIO_AAC:
        a->codec = BC_CODEC_AAC;
        return parse_aac(r, a);
    case FLV_AUDIO_MP3_8K:
        a->sample_rate = 8000;
        a->codec = BC_CODEC_MP3;
        break;
    case FLV_AUDIO_MP3:
        a->codec = BC_CODEC_MP3;
        break;
    case FLV_AUDIO_PCMA:
    case FLV_AUDIO_PCMU:
        a->sample_rate = 8000; // G.711 knows no other, whatever the flags say
        a->codec = a->codec_id == FLV_AUDIO_PCMA ? BC_CODEC_PCMA : BC_CODEC_PCMU;
        break;
    default:
        return -ENOTSUP;
    }
    set_payload(a, r, BC_FLV_FRAMES);
    return 0;
}

static enum bc_codec
codec_of_fourcc(uint32_t fourcc)
{
    switch (fourcc) {
    case FLV_FOURCC('m', 'p', '4', 'a'):
        return BC_CODEC_AAC;
    case FLV_FOURCC('O', 'p', 'u', 's'):
        return BC_CODEC_OPUS;
    case FLV_FOURCC('f', 'L', 'a', 'C'):
        return BC_CODEC_FLAC;
    case FLV_FOURCC('.', 'm', 'p', '3'):
        return BC_CODEC_MP3;
    case FLV_FOURCC('a', 'c', '-', '3'):
        return BC_CODEC_AC3;
    case FLV_FOURCC('e', 'c', '-', '3'):
        return BC_CODEC_EAC3;
    default:
        return BC_CODEC_NONE;
    }
}

// The bytes of one track, after its FourCC and track id.
static int
parse_enhanced_track(struct bc_reader *r, struct bc_flv_audio *a)
{
    a->codec = codec_of_fourcc(a->codec_id);
    a->type = BC_FLV_UNKNOWN;
    a->payload = NULL;
    a->len = 0;
    if (a->codec == BC_CODEC_NONE) {
        return -ENOTSUP;
    }
    switch (a->packet_type) {
    case FLV_EX_SEQUENCE_START:
        set_payload(a, r, BC_FLV_SEQUENCE_HEADER);
        break;
    case FLV_EX_CODED_FRAMES:
        set_payload(a, r, BC_FLV_FRAMES);
        break;
    case FLV_EX_SEQUENCE_END:
        a->type = BC_FLV_SEQUENCE_END;
        break;
    case FLV_EX_AUDIO_CHANNELS:
        set_payload(a, r, BC_FLV_METADATA);
        break;
    default:
        break;
    }
    return 0;
}

static int
parse_multitrack(struct bc_reader *r, struct bc_flv_audio *a)
{
    struct bc_reader track;
    int ret = flv_ex_parse_track(r, a->layout, &a->track_id, &a->codec_id, &track);
    a->rest = r->p;
    a->rest_len = bc_reader_left(r);
    return ret < 0 ? ret : parse_enhanced_track(&track, a);
}

static int
parse_enhanced(struct bc_reader *r, struct bc_flv_audio *a)
{
    struct flv_ex_head head = { .packet_type = a->packet_type };
    int ret = flv_ex_parse_mods(r, &head);
    if (ret == 0) {
        ret = flv_ex_parse_layout(r, FLV_EX_AUDIO_MULTITRACK, &head);
    }
    if (ret < 0) {
        return ret;
    }
    a->pts_offset_ns = head.pts_offset_ns;
    a->packet_type = head.packet_type;
    a->codec_id = head.fourcc;
    a->multitrack = head.multitrack;
    a->layout = head.layout;
    return a->multitrack ? parse_multitrack(r, a) : parse_enhanced_track(r, a);
}

int
bc_flv_parse_audio(const uint8_t *data, size_t len, struct bc_flv_audio *out)
{
    struct bc_reader r = bc_reader_init(data, len);
    *out = (struct bc_flv_audio){ .type = BC_FLV_EMPTY };
    if (len == 0) {
        return 0;
    }
    uint8_t first = bc_read_u8(&r);
    out->codec_id = first >> 4;
    out->enhanced = out->codec_id == FLV_AUDIO_ENHANCED;
    if (out->enhanced) {
        out->packet_type = first & 0xf;
        return parse_enhanced(&r, out);
    }
    return parse_legacy(&r, first & 0xf, out);
}

int
bc_flv_next_audio(struct bc_flv_audio *a)
{
    if (a->rest_len == 0) {
        return 0;
    }
    struct bc_reader r = bc_reader_init(a->rest, a->rest_len);
    int ret = parse_multitrack(&r, a);
    return ret < 0 ? ret : 1;
}
