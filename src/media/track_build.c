// SPDX-License-Identifier: Apache-2.0
// Decoder configuration records made from parameter sets (ISO/IEC 14496-15 5.3.3.1.2,
// 8.3.3.1.2). What they say beyond the sets is copied from the first SPS.
#include "media/track_build.h"

#include "base/bits.h"
#include "base/writer.h"

#define AVC_SPS_MIN 4
#define AVC_SPS_MAX 31
#define AVC_PPS_MAX 255
#define HEVC_SETS_MAX 255
#define HEVC_VPS 32
#define HEVC_SPS 33
#define HEVC_PPS 34
#define CHROMA_444 3

static void
write_sets(struct bc_writer *w, const struct bc_param_set *sets, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        w->failed |= sets[i].len > UINT16_MAX;
        bc_write_u16(w, (uint16_t)sets[i].len);
        bc_write_bytes(w, sets[i].data, sets[i].len);
    }
}

// The bytes that records of all profiles but Baseline, Main and Extended end with.
static void
write_avc_high(struct bc_writer *w, const struct bc_param_set *sps)
{
    struct bc_bits b = bc_bits_init(sps->data, sps->len, true);
    bc_bits_skip(&b, 32);
    bc_bits_ue(&b); // seq_parameter_set_id
    uint32_t chroma = bc_bits_ue(&b);
    bc_bits_skip(&b, chroma == CHROMA_444 ? 1 : 0);
    uint32_t luma_depth = bc_bits_ue(&b);
    uint32_t chroma_depth = bc_bits_ue(&b);
    w->failed |= b.failed;
    bc_write_u8(w, (uint8_t)(0xfc | (chroma & 3)));
    bc_write_u8(w, (uint8_t)(0xf8 | (luma_depth & 7)));
    bc_write_u8(w, (uint8_t)(0xf8 | (chroma_depth & 7)));
    bc_write_u8(w, 0); // no SPS extensions
}

struct bc_track *
bc_avc_track_from_sets(const struct bc_param_sets *sets)
{
    if (sets->sps_count == 0 || sets->sps_count > AVC_SPS_MAX || sets->pps_count == 0
        || sets->pps_count > AVC_PPS_MAX || sets->sps[0].len < AVC_SPS_MIN) {
        return NULL;
    }
    const uint8_t *sps = sets->sps[0].data;
    struct bc_writer w = { 0 };
    bc_write_u8(&w, 1);
    bc_write_bytes(&w, sps + 1, 3); // profile, compatibility, level
    bc_write_u8(&w, 0xff); // 4-byte lengths
    bc_write_u8(&w, (uint8_t)(0xe0 | sets->sps_count));
    write_sets(&w, sets->sps, sets->sps_count);
    bc_write_u8(&w, (uint8_t)sets->pps_count);
    write_sets(&w, sets->pps, sets->pps_count);
    if (sps[1] != 66 && sps[1] != 77 && sps[1] != 88) {
        write_avc_high(&w, &sets->sps[0]);
    }
    struct bc_track *track = w.failed ? NULL : bc_avc_track(w.data, w.len);
    bc_writer_finish(&w);
    return track;
}

// What an hvcC's head repeats of the SPS (H.265 7.3.2.2).
struct hevc_head {
    uint8_t profile[12]; // general_* of profile_tier_level()
    uint8_t layers;
    uint8_t nested;
    uint8_t chroma;
    uint8_t luma_depth;
    uint8_t chroma_depth;
};

static void
skip_sub_layers(struct bc_bits *b, unsigned count)
{
    unsigned present = count > 0 ? bc_bits_read(b, 16) : 0; // 8 pairs: profile, level
    for (unsigned i = 0; i < count; i++) {
        bc_bits_skip(b, present & 0x8000 ? 88 : 0);
        bc_bits_skip(b, present & 0x4000 ? 8 : 0);
        present <<= 2;
    }
}

static bool
read_hevc_head(const struct bc_param_set *sps, struct hevc_head *h)
{
    struct bc_bits b = bc_bits_init(sps->data, sps->len, true);
    bc_bits_skip(&b, 20); // NAL unit header, sps_video_parameter_set_id
    unsigned sub_layers = bc_bits_read(&b, 3);
    h->layers = (uint8_t)(sub_layers + 1);
    h->nested = (uint8_t)bc_bits_read(&b, 1);
    for (unsigned i = 0; i < sizeof(h->profile); i++) {
        h->profile[i] = (uint8_t)bc_bits_read(&b, 8);
    }
    skip_sub_layers(&b, sub_layers);
    bc_bits_ue(&b); // sps_seq_parameter_set_id
    h->chroma = (uint8_t)(bc_bits_ue(&b) & 3);
    bc_bits_skip(&b, h->chroma == CHROMA_444 ? 1 : 0);
    bc_bits_ue(&b); // pic_width_in_luma_samples
    bc_bits_ue(&b);
    if (bc_bits_flag(&b)) { // conformance_window_flag
        for (unsigned i = 0; i < 4; i++) {
            bc_bits_ue(&b);
        }
    }
    h->luma_depth = (uint8_t)(bc_bits_ue(&b) & 7);
    h->chroma_depth = (uint8_t)(bc_bits_ue(&b) & 7);
    return !b.failed;
}

static void
write_hevc_array(
    struct bc_writer *w, uint8_t type, const struct bc_param_set *sets, unsigned count)
{
    w->failed |= count > HEVC_SETS_MAX;
    if (count > 0) {
        bc_write_u8(
            w, (uint8_t)(0x80 | type)); // all of them are here, none in the stream
        bc_write_u16(w, (uint16_t)count);
        write_sets(w, sets, count);
    }
}

struct bc_track *
bc_hevc_track_from_sets(const struct bc_param_sets *sets)
{
    struct hevc_head h;
    if (sets->sps_count == 0 || sets->pps_count == 0
        || !read_hevc_head(&sets->sps[0], &h)) {
        return NULL;
    }
    struct bc_writer w = { 0 };
    bc_write_u8(&w, 1);
    bc_write_bytes(&w, h.profile, sizeof(h.profile));
    bc_write_u16(&w, 0xf000); // min_spatial_segmentation_idc: unknown
    bc_write_u8(&w, 0xfc); // parallelismType: unknown
    bc_write_u8(&w, (uint8_t)(0xfc | h.chroma));
    bc_write_u8(&w, (uint8_t)(0xf8 | h.luma_depth));
    bc_write_u8(&w, (uint8_t)(0xf8 | h.chroma_depth));
    bc_write_u16(&w, 0); // avgFrameRate: unknown
    bc_write_u8(&w, (uint8_t)(h.layers << 3 | h.nested << 2 | 3));
    bc_write_u8(&w, (uint8_t)((sets->vps_count > 0) + 2));
    write_hevc_array(&w, HEVC_VPS, sets->vps, sets->vps_count);
    write_hevc_array(&w, HEVC_SPS, sets->sps, sets->sps_count);
    write_hevc_array(&w, HEVC_PPS, sets->pps, sets->pps_count);
    struct bc_track *track = w.failed ? NULL : bc_hevc_track(w.data, w.len);
    bc_writer_finish(&w);
    return track;
}
