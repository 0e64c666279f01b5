// SPDX-License-Identifier: Apache-2.0
// Reading VIDEODATA. The first byte, legacy and enhanced:
//
//   0 | frame type (3) | codec id (4)      1 | frame type (3) | packet type (4)
#include <errno.h>

#include "base/reader.h"
#include "container/flv.h"
#include "flv_enhanced.h"
#include "flv_ids.h"

static void
set_payload(struct bc_flv_video *v, const struct bc_reader *r, enum bc_flv_type type)
{
    v->payload = r->p;
    v->len = bc_reader_left(r);
    // Encoders send bodies with nothing in them; they are no samples (RTMP-62).
    bool needed = type == BC_FLV_FRAMES || type == BC_FLV_SEQUENCE_HEADER;
    v->type = v->len == 0 && needed ? BC_FLV_EMPTY : type;
}

// AVCPacketType | CompositionTime, signed milliseconds (RTMP-60). Id 12 has the same.
static int
parse_legacy(struct bc_reader *r, struct bc_flv_video *v)
{
    v->codec = v->codec_id == FLV_VIDEO_AVC ? BC_CODEC_AVC
        : v->codec_id == FLV_VIDEO_HEVC     ? BC_CODEC_HEVC
                                            : BC_CODEC_NONE;
    if (v->codec == BC_CODEC_NONE) {
        return -ENOTSUP;
    }
    if (bc_reader_left(r) == 0) {
        v->type = BC_FLV_EMPTY;
        return 0;
    }
    uint8_t packet_type = bc_read_u8(r);
    if (packet_type == FLV_AVC_END) {
        v->type = BC_FLV_SEQUENCE_END; // some leave the composition time out
        return 0;
    }
    int32_t cts_ms = bc_read_s24(r);
    if (r->failed) {
        return -EINVAL;
    }
    switch (packet_type) {
    case FLV_AVC_SEQUENCE_HEADER:
        set_payload(v, r, BC_FLV_SEQUENCE_HEADER);
        break;
    case FLV_AVC_NALU:
        v->cts_ms = cts_ms;
        set_payload(v, r, BC_FLV_FRAMES);
        break;
    default:
        v->type = BC_FLV_UNKNOWN;
        break;
    }
    return 0;
}

static enum bc_codec
codec_of_fourcc(uint32_t fourcc)
{
    switch (fourcc) {
    case FLV_FOURCC('a', 'v', 'c', '1'):
        return BC_CODEC_AVC;
    case FLV_FOURCC('h', 'v', 'c', '1'):
        return BC_CODEC_HEVC;
    case FLV_FOURCC('a', 'v', '0', '1'):
        return BC_CODEC_AV1;
    case FLV_FOURCC('v', 'p', '0', '9'):
        return BC_CODEC_VP9;
    case FLV_FOURCC('v', 'p', '0', '8'):
        return BC_CODEC_VP8;
    default:
        return BC_CODEC_NONE;
    }
}

// The bytes of one track, after its FourCC and track id.
static int
parse_enhanced_track(struct bc_reader *r, struct bc_flv_video *v)
{
    v->codec = codec_of_fourcc(v->codec_id);
    v->cts_ms = 0;
    v->payload = NULL;
    v->len = 0;
    if (v->packet_type == FLV_EX_VIDEO_METADATA) {
        set_payload(v, r, BC_FLV_METADATA);
        return 0;
    }
    if (v->codec == BC_CODEC_NONE) {
        v->type = BC_FLV_UNKNOWN;
        return -ENOTSUP;
    }
    switch (v->packet_type) {
    case FLV_EX_SEQUENCE_START:
        set_payload(v, r, BC_FLV_SEQUENCE_HEADER);
        break;
    case FLV_EX_CODED_FRAMES:
        if (v->codec == BC_CODEC_AVC || v->codec == BC_CODEC_HEVC) {
            v->cts_ms = bc_read_s24(r);
        }
        set_payload(v, r, BC_FLV_FRAMES);
        break;
    case FLV_EX_VIDEO_CODED_FRAMES_X:
        set_payload(v, r, BC_FLV_FRAMES);
        break;
    case FLV_EX_SEQUENCE_END:
        v->type = BC_FLV_SEQUENCE_END;
        break;
    default:
        v->type = BC_FLV_UNKNOWN;
        break;
    }
    return r->failed ? -EINVAL : 0;
}

static int
parse_multitrack(struct bc_reader *r, struct bc_flv_video *v)
{
    struct bc_reader track;
    int ret = flv_ex_parse_track(r, v->layout, &v->track_id, &v->codec_id, &track);
    v->rest = r->p;
    v->rest_len = bc_reader_left(r);
    return ret < 0 ? ret : parse_enhanced_track(&track, v);
}

static int
parse_enhanced(struct bc_reader *r, unsigned frame_type, struct bc_flv_video *v)
{
    struct flv_ex_head head = { .packet_type = v->packet_type };
    int ret = flv_ex_parse_mods(r, &head);
    if (ret < 0) {
        return ret;
    }
    v->pts_offset_ns = head.pts_offset_ns;
    if (frame_type == FLV_FRAME_COMMAND && head.packet_type != FLV_EX_VIDEO_METADATA) {
        set_payload(v, r, BC_FLV_COMMAND);
        return 0;
    }
    ret = flv_ex_parse_layout(r, FLV_EX_VIDEO_MULTITRACK, &head);
    if (ret < 0) {
        return ret;
    }
    v->packet_type = head.packet_type;
    v->codec_id = head.fourcc;
    v->multitrack = head.multitrack;
    v->layout = head.layout;
    return v->multitrack ? parse_multitrack(r, v) : parse_enhanced_track(r, v);
}

int
bc_flv_parse_video(const uint8_t *data, size_t len, struct bc_flv_video *out)
{
    struct bc_reader r = bc_reader_init(data, len);
    *out = (struct bc_flv_video){ .type = BC_FLV_EMPTY };
    if (len == 0) {
        return 0;
    }
    uint8_t first = bc_read_u8(&r);
    unsigned frame_type = first >> 4 & 7;
    out->key = frame_type == FLV_FRAME_KEY || frame_type == FLV_FRAME_GENERATED_KEY;
    out->disposable = frame_type == FLV_FRAME_DISPOSABLE;
    out->enhanced = first & 0x80;
    if (out->enhanced) {
        out->packet_type = first & 0xf;
        return parse_enhanced(&r, frame_type, out);
    }
    out->codec_id = first & 0xf;
    if (frame_type == FLV_FRAME_COMMAND) {
        set_payload(out, &r, BC_FLV_COMMAND);
        return 0;
    }
    return parse_legacy(&r, out);
}

int
bc_flv_next_video(struct bc_flv_video *v)
{
    if (v->rest_len == 0) {
        return 0;
    }
    struct bc_reader r = bc_reader_init(v->rest, v->rest_len);
    int ret = parse_multitrack(&r, v);
    return ret < 0 ? ret : 1;
}
