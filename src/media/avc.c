// SPDX-License-Identifier: Apache-2.0
// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1.2) and the sequence parameter
// set in it (H.264 7.3.2.1.1, VUI in E.1.1):
//
//   version=1 | profile | compatibility | level | 111111 lengthSizeMinusOne(2)
//   | 111 numSPS(5) | { size(16) SPS } | numPPS(8) | { size(16) PPS } | High: 4+ bytes
//
// Encoders write the High bytes or leave them out, so nothing depends on them.
#include <stdio.h>

#include "base/bits.h"
#include "base/reader.h"
#include "media/nalu.h"
#include "media/track.h"
#include "params.h"

#define NAL_SPS 7
#define PROFILE_BASELINE 66
#define CONSTRAINT_SET3 0x10
#define CHROMA_444 3
#define MAX_REORDER 16
#define MAX_CPB 32
#define MAX_POC_CYCLE 255

// What a set tells that later fields or the caller depend on.
struct avc_sps {
    uint8_t profile;
    uint8_t constraints;
    uint8_t level;
    uint32_t chroma_format;
    bool separate_planes;
    uint32_t poc_type;
    bool frame_mbs_only;
};

static bool
is_high_profile(uint8_t profile)
{
    static const uint8_t HIGH[]
        = { 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135 };
    for (size_t i = 0; i < sizeof(HIGH); i++) {
        if (HIGH[i] == profile) {
            return true;
        }
    }
    return false;
}

// scaling_list(), 7.3.2.1.1.1: only its length matters here.
static void
skip_scaling_list(struct bc_bits *b, unsigned size)
{
    int32_t last = 8;
    int32_t next = 8;
    for (unsigned i = 0; i < size && !b->failed; i++) {
        if (next != 0) {
            next = (int32_t)(((uint32_t)last + (uint32_t)bc_bits_se(b)) & 0xff);
        }
        last = next == 0 ? last : next;
    }
}

static void
parse_high(struct bc_bits *b, struct avc_sps *sps)
{
    sps->chroma_format = bc_bits_ue(b);
    if (sps->chroma_format == CHROMA_444) {
        sps->separate_planes = bc_bits_flag(b);
    }
    bc_bits_ue(b);         // bit_depth_luma_minus8
    bc_bits_ue(b);         // bit_depth_chroma_minus8
    bc_bits_skip(b, 1);    // qpprime_y_zero_transform_bypass_flag
    if (bc_bits_flag(b)) { // seq_scaling_matrix_present_flag
        unsigned lists = sps->chroma_format == CHROMA_444 ? 12 : 8;
        for (unsigned i = 0; i < lists; i++) {
            if (bc_bits_flag(b)) {
                skip_scaling_list(b, i < 6 ? 16 : 64);
            }
        }
    }
}

static void
skip_poc(struct bc_bits *b, struct avc_sps *sps)
{
    sps->poc_type = bc_bits_ue(b);
    if (sps->poc_type == 0) {
        bc_bits_ue(b); // log2_max_pic_order_cnt_lsb_minus4
    } else if (sps->poc_type == 1) {
        bc_bits_skip(b, 1);
        bc_bits_se(b);
        bc_bits_se(b);
        uint32_t cycle = bc_bits_ue(b);
        b->failed |= cycle > MAX_POC_CYCLE;
        for (uint32_t i = 0; i < cycle && !b->failed; i++) {
            bc_bits_se(b);
        }
    }
}

static void
skip_hrd(struct bc_bits *b)
{
    uint32_t count = bc_bits_ue(b) + 1;
    b->failed |= count > MAX_CPB;
    bc_bits_skip(b, 8);
    for (uint32_t i = 0; i < count && !b->failed; i++) {
        bc_bits_ue(b);
        bc_bits_ue(b);
        bc_bits_skip(b, 1);
    }
    bc_bits_skip(b, 20);
}

// A VUI cut short loses what it says; the picture's size is known already.
static void
parse_vui(struct bc_bits *b, struct bc_track *track)
{
    bc_params_skip_vui_head(b);
    if (bc_bits_flag(b)) { // timing_info_present_flag
        uint64_t units = bc_bits_read(b, 32);
        uint64_t scale = bc_bits_read(b, 32);
        bc_bits_skip(b, 1);
        // A tick is a field; two of them are a frame.
        bc_params_set_fps(track, scale, units * 2);
    }
    bool nal_hrd = bc_bits_flag(b);
    if (nal_hrd) {
        skip_hrd(b);
    }
    bool vcl_hrd = bc_bits_flag(b);
    if (vcl_hrd) {
        skip_hrd(b);
    }
    // low_delay_hrd_flag, pic_struct_present_flag
    bc_bits_skip(b, nal_hrd || vcl_hrd ? 2 : 1);
    if (bc_bits_flag(b)) { // bitstream_restriction_flag
        bc_bits_skip(b, 1);
        bc_bits_ue(b);
        bc_bits_ue(b);
        bc_bits_ue(b);
        bc_bits_ue(b);
        uint32_t reorder = bc_bits_ue(b);
        if (!b->failed && reorder <= MAX_REORDER) {
            track->reorder_frames = (int)reorder;
        }
    }
}

// What the profile and the picture order count say where the VUI says nothing (E.2.1).
static int
implied_reorder(const struct avc_sps *sps)
{
    bool intra_only = is_high_profile(sps->profile) && sps->profile != 118
        && sps->profile != 128 && (sps->constraints & CONSTRAINT_SET3);
    bool in_order = sps->profile == PROFILE_BASELINE || sps->poc_type == 2 || intra_only;
    return in_order ? 0 : -1;
}

static bool
parse_size(struct bc_bits *b, const struct avc_sps *sps, uint64_t width, uint64_t height,
    struct bc_track *track)
{
    uint64_t crop_x = 0;
    uint64_t crop_y = 0;
    if (bc_bits_flag(b)) { // frame_cropping_flag, units of 7-19 .. 7-22
        bool mono = sps->chroma_format == 0 || sps->separate_planes;
        uint64_t unit_x = mono || sps->chroma_format == CHROMA_444 ? 1 : 2;
        uint64_t unit_y
            = (!mono && sps->chroma_format == 1 ? 2 : 1) * (sps->frame_mbs_only ? 1 : 2);
        crop_x = bc_bits_ue(b);
        crop_x = (crop_x + bc_bits_ue(b)) * unit_x;
        crop_y = bc_bits_ue(b);
        crop_y = (crop_y + bc_bits_ue(b)) * unit_y;
    }
    return !b->failed && bc_params_set_size(track, width, height, crop_x, crop_y);
}

static bool
parse_sps(const uint8_t *data, size_t len, struct bc_track *track)
{
    struct bc_bits b = bc_bits_init(data, len, true);
    struct avc_sps sps = { .chroma_format = 1 };
    if ((bc_bits_read(&b, 8) & 0x1f) != NAL_SPS) {
        return false;
    }
    sps.profile = (uint8_t)bc_bits_read(&b, 8);
    sps.constraints = (uint8_t)bc_bits_read(&b, 8);
    sps.level = (uint8_t)bc_bits_read(&b, 8);
    bc_bits_ue(&b); // seq_parameter_set_id
    if (is_high_profile(sps.profile)) {
        parse_high(&b, &sps);
    }
    bc_bits_ue(&b); // log2_max_frame_num_minus4
    skip_poc(&b, &sps);
    bc_bits_ue(&b);      // max_num_ref_frames
    bc_bits_skip(&b, 1); // gaps_in_frame_num_value_allowed_flag
    uint64_t width = ((uint64_t)bc_bits_ue(&b) + 1) * 16;
    uint64_t height = ((uint64_t)bc_bits_ue(&b) + 1) * 16;
    sps.frame_mbs_only = bc_bits_flag(&b);
    if (!sps.frame_mbs_only) {
        height *= 2;
        bc_bits_skip(&b, 1); // mb_adaptive_frame_field_flag
    }
    bc_bits_skip(&b, 1); // direct_8x8_inference_flag
    if (!parse_size(&b, &sps, width, height, track)) {
        return false;
    }
    track->reorder_frames = implied_reorder(&sps);
    if (bc_bits_flag(&b)) {
        parse_vui(&b, track);
    }
    snprintf(track->codec_string, sizeof(track->codec_string), "avc1.%02x%02x%02x",
        sps.profile, sps.constraints, sps.level);
    return true;
}

static bool
parse_record(const uint8_t *avcc, size_t len, struct bc_track *track)
{
    struct bc_reader r = bc_reader_init(avcc, len);
    bool known = bc_read_u8(&r) == 1;
    bc_read_skip(&r, 4);
    unsigned sps_count = bc_read_u8(&r) & 0x1f;
    bool parsed = false;
    for (unsigned i = 0; i < sps_count; i++) {
        uint16_t size = bc_read_u16(&r);
        const uint8_t *sps = bc_read_bytes(&r, size);
        if (sps && !parsed) {
            parsed = parse_sps(sps, size, track);
        }
    }
    unsigned pps_count = bc_read_u8(&r);
    for (unsigned i = 0; i < pps_count; i++) {
        bc_read_skip(&r, bc_read_u16(&r));
    }
    return known && parsed && pps_count > 0 && !r.failed
        && bc_nalu_length_size(BC_CODEC_AVC, avcc, len) != 0;
}

struct bc_track *
bc_avc_track(const uint8_t *avcc, size_t len)
{
    if (len > BC_CONFIG_MAX_BYTES) {
        return NULL;
    }
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AVC);
    if (track
        && (!parse_record(avcc, len, track)
            || !bc_params_keep_config(track, avcc, len))) {
        bc_track_unref(&track);
    }
    return track;
}
