// SPDX-License-Identifier: Apache-2.0
// HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1.2) and the sequence parameter
// set in it (H.265 7.3.2.2, VUI in E.2.1):
//
//   version | profile, compatibility, constraints, level (12 bytes) | ... | byte 21:
//   constantFrameRate(2) numTemporalLayers(3) temporalIdNested(1) lengthSizeMinusOne(2)
//   | numOfArrays(8) | { completeness(1) 0(1) type(6) | count(16) | { size(16) unit } }
//
// The version is 1 in the standard and 0 in records of old encoders; both are read. Some
// of those leave the profile bytes zero, so everything is taken from the sequence
// parameter set.
#include <stdio.h>

#include "base/bits.h"
#include "base/reader.h"
#include "media/nalu.h"
#include "media/track.h"
#include "params.h"

#define NAL_SPS 33
#define RECORD_HEAD_BYTES 22
#define MAX_SUB_LAYERS 7
#define MAX_REORDER 16
#define MAX_SHORT_TERM_SETS 64
#define MAX_DELTA_POCS 32
#define MAX_LONG_TERM 32
#define CHROMA_444 3

// general_* of profile_tier_level(), which the codec string shows.
struct hevc_profile {
    uint8_t space;
    uint8_t tier;
    uint8_t idc;
    uint32_t compatibility;
    uint8_t constraints[6];
    uint8_t level;
};

static void
parse_profile(struct bc_bits *b, unsigned sub_layers, struct hevc_profile *p)
{
    p->space = (uint8_t)bc_bits_read(b, 2);
    p->tier = (uint8_t)bc_bits_read(b, 1);
    p->idc = (uint8_t)bc_bits_read(b, 5);
    p->compatibility = bc_bits_read(b, 32);
    for (unsigned i = 0; i < sizeof(p->constraints); i++) {
        p->constraints[i] = (uint8_t)bc_bits_read(b, 8);
    }
    p->level = (uint8_t)bc_bits_read(b, 8);
    if (sub_layers == 0) {
        return;
    }
    unsigned present = bc_bits_read(b, 16); // 8 pairs: profile, level
    for (unsigned i = 0; i < sub_layers; i++) {
        bc_bits_skip(b, present & 0x8000 ? 88 : 0);
        bc_bits_skip(b, present & 0x4000 ? 8 : 0);
        present <<= 2;
    }
}

// "hvc1.1.6.L123.B0": ISO/IEC 14496-15 annex E.3. Compatibility flags in reverse bit
// order, trailing zero constraint bytes left out.
static void
write_codec_string(const struct hevc_profile *p, struct bc_track *track)
{
    static const char *const SPACE[] = { "", "A", "B", "C" };
    uint32_t reversed = 0;
    for (unsigned i = 0; i < 32; i++) {
        reversed |= (p->compatibility >> i & 1) << (31 - i);
    }
    size_t size = sizeof(track->codec_string);
    int n = snprintf(track->codec_string, size, "hvc1.%s%u.%X.%c%u", SPACE[p->space],
        p->idc, (unsigned)reversed, p->tier ? 'H' : 'L', p->level);
    unsigned count = sizeof(p->constraints);
    while (count > 0 && p->constraints[count - 1] == 0) {
        count--;
    }
    for (unsigned i = 0; i < count && n > 0 && (size_t)n < size; i++) {
        n += snprintf(
            track->codec_string + n, size - (size_t)n, ".%X", p->constraints[i]);
    }
}

static bool
parse_size(struct bc_bits *b, struct bc_track *track)
{
    uint32_t chroma = bc_bits_ue(b);
    bool separate = chroma == CHROMA_444 && bc_bits_flag(b);
    uint64_t width = bc_bits_ue(b);
    uint64_t height = bc_bits_ue(b);
    uint64_t crop_x = 0;
    uint64_t crop_y = 0;
    if (bc_bits_flag(b)) { // conformance_window_flag
        crop_x = bc_bits_ue(b);
        crop_x = (crop_x + bc_bits_ue(b))
            * (!separate && (chroma == 1 || chroma == 2) ? 2 : 1);
        crop_y = bc_bits_ue(b);
        crop_y = (crop_y + bc_bits_ue(b)) * (!separate && chroma == 1 ? 2 : 1);
    }
    return !b->failed && bc_params_set_size(track, width, height, crop_x, crop_y);
}

// The highest sub-layer's limits stand last.
static bool
parse_reorder(struct bc_bits *b, unsigned sub_layers, struct bc_track *track)
{
    uint32_t reorder = 0;
    for (unsigned i = bc_bits_flag(b) ? 0 : sub_layers; i <= sub_layers; i++) {
        bc_bits_ue(b); // sps_max_dec_pic_buffering_minus1
        reorder = bc_bits_ue(b);
        bc_bits_ue(b); // sps_max_latency_increase_plus1
    }
    if (b->failed || reorder > MAX_REORDER) {
        return false;
    }
    track->reorder_frames = (int)reorder;
    return true;
}

// scaling_list_data(), 7.3.4.
static void
skip_scaling_lists(struct bc_bits *b)
{
    for (unsigned size_id = 0; size_id < 4; size_id++) {
        unsigned coefs = size_id == 0 ? 16 : 64;
        for (unsigned i = 0; i < 6; i += size_id == 3 ? 3 : 1) {
            if (!bc_bits_flag(b)) { // scaling_list_pred_mode_flag
                bc_bits_ue(b);
                continue;
            }
            if (size_id > 1) {
                bc_bits_se(b);
            }
            for (unsigned k = 0; k < coefs && !b->failed; k++) {
                bc_bits_se(b);
            }
        }
    }
}

// st_ref_pic_set(), 7.3.7. `before` is how many pictures the set before this one lists;
// returns the same of this one.
static uint32_t
skip_short_term_set(struct bc_bits *b, bool first, uint32_t before)
{
    uint32_t pocs = 0;
    if (!first && bc_bits_flag(b)) { // inter_ref_pic_set_prediction_flag
        bc_bits_skip(b, 1);
        bc_bits_ue(b);
        for (uint32_t i = 0; i <= before; i++) {
            bool used = bc_bits_flag(b);
            pocs += used || bc_bits_flag(b);
        }
    } else {
        uint32_t negative = bc_bits_ue(b);
        uint32_t positive = bc_bits_ue(b);
        b->failed |= negative > MAX_DELTA_POCS / 2 || positive > MAX_DELTA_POCS / 2;
        pocs = b->failed ? 0 : negative + positive;
        for (uint32_t i = 0; i < pocs; i++) {
            bc_bits_ue(b);
            bc_bits_skip(b, 1);
        }
    }
    b->failed |= pocs > MAX_DELTA_POCS;
    return b->failed ? 0 : pocs;
}

static void
skip_reference_sets(struct bc_bits *b, unsigned poc_bits)
{
    uint32_t sets = bc_bits_ue(b);
    b->failed |= sets > MAX_SHORT_TERM_SETS;
    uint32_t pocs = 0;
    for (uint32_t i = 0; i < sets && !b->failed; i++) {
        pocs = skip_short_term_set(b, i == 0, pocs);
    }
    if (bc_bits_flag(b)) { // long_term_ref_pics_present_flag
        uint32_t count = bc_bits_ue(b);
        b->failed |= count > MAX_LONG_TERM;
        for (uint32_t i = 0; i < count && !b->failed; i++) {
            bc_bits_skip(b, poc_bits + 1);
        }
    }
}

// From behind the reordering limits to the VUI's timing. Cut short, it stays unknown.
static void
parse_timing(struct bc_bits *b, unsigned poc_bits, struct bc_track *track)
{
    for (unsigned i = 0; i < 6; i++) {
        bc_bits_ue(b); // coding and transform block sizes and depths
    }
    if (bc_bits_flag(b) && bc_bits_flag(b)) { // scaling_list_enabled, .._data_present
        skip_scaling_lists(b);
    }
    bc_bits_skip(b, 2);    // amp, sample_adaptive_offset
    if (bc_bits_flag(b)) { // pcm_enabled_flag
        bc_bits_skip(b, 8);
        bc_bits_ue(b);
        bc_bits_ue(b);
        bc_bits_skip(b, 1);
    }
    skip_reference_sets(b, poc_bits);
    bc_bits_skip(b, 2);     // sps_temporal_mvp, strong_intra_smoothing
    if (!bc_bits_flag(b)) { // vui_parameters_present_flag
        return;
    }
    bc_params_skip_vui_head(b);
    bc_bits_skip(b, 3);    // neutral_chroma, field_seq, frame_field_info_present
    if (bc_bits_flag(b)) { // default_display_window_flag
        for (unsigned i = 0; i < 4; i++) {
            bc_bits_ue(b);
        }
    }
    if (bc_bits_flag(b)) { // vui_timing_info_present_flag
        uint64_t units = bc_bits_read(b, 32);
        uint64_t scale = bc_bits_read(b, 32);
        if (!b->failed) {
            bc_params_set_fps(track, scale, units);
        }
    }
}

static bool
parse_sps(const uint8_t *data, size_t len, struct bc_track *track)
{
    struct bc_bits b = bc_bits_init(data, len, true);
    struct hevc_profile profile;
    if ((bc_bits_read(&b, 16) >> 9 & 0x3f) != NAL_SPS) {
        return false;
    }
    bc_bits_skip(&b, 4); // sps_video_parameter_set_id
    unsigned sub_layers = bc_bits_read(&b, 3);
    bc_bits_skip(&b, 1); // sps_temporal_id_nesting_flag
    if (sub_layers >= MAX_SUB_LAYERS) {
        return false;
    }
    parse_profile(&b, sub_layers, &profile);
    bc_bits_ue(&b); // sps_seq_parameter_set_id
    if (!parse_size(&b, track)) {
        return false;
    }
    bc_bits_ue(&b); // bit_depth_luma_minus8
    bc_bits_ue(&b); // bit_depth_chroma_minus8
    uint32_t poc_bits = bc_bits_ue(&b) + 4;
    if (poc_bits > 16 || !parse_reorder(&b, sub_layers, track)) {
        return false;
    }
    parse_timing(&b, poc_bits, track);
    write_codec_string(&profile, track);
    return true;
}

static bool
parse_record(const uint8_t *hvcc, size_t len, struct bc_track *track)
{
    struct bc_reader r = bc_reader_init(hvcc, len);
    bool known = bc_read_u8(&r) <= 1;
    bc_read_skip(&r, RECORD_HEAD_BYTES - 1);
    unsigned arrays = bc_read_u8(&r);
    bool parsed = false;
    for (unsigned i = 0; i < arrays && !r.failed; i++) {
        unsigned type = bc_read_u8(&r) & 0x3f;
        unsigned count = bc_read_u16(&r);
        for (unsigned k = 0; k < count && !r.failed; k++) {
            uint16_t size = bc_read_u16(&r);
            const uint8_t *unit = bc_read_bytes(&r, size);
            if (unit && type == NAL_SPS && !parsed) {
                parsed = parse_sps(unit, size, track);
            }
        }
    }
    return known && parsed && !r.failed
        && bc_nalu_length_size(BC_CODEC_HEVC, hvcc, len) != 0;
}

struct bc_track *
bc_hevc_track(const uint8_t *hvcc, size_t len)
{
    if (len > BC_CONFIG_MAX_BYTES) {
        return NULL;
    }
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_HEVC);
    if (track
        && (!parse_record(hvcc, len, track)
            || !bc_params_keep_config(track, hvcc, len))) {
        bc_track_unref(&track);
    }
    return track;
}
