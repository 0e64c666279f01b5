// SPDX-License-Identifier: Apache-2.0
// Keyframes of VP8 (RFC 6386 9.1) and VP9 (VP9 bitstream 6.2), which bring all there is
// to know of the stream.
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/reader.h"
#include "base/writer.h"
#include "media/track_build.h"
#include "params.h"

#define VP8_TAG_BYTES 3
#define VP8_START_CODE 0x9d012a
#define VP8_SIZE_MASK 0x3fff
#define VP9_SYNC_CODE 0x498342
#define VP9_CS_RGB 7
#define VP9_LEVEL_FPS 30
#define VP9_LEVEL_MAX 62
#define VPCC_BYTES 12
#define VPCC_HEAD_BYTES 4 // version and flags

//   frame tag(24): not_key(1) ... | 9d 01 2a | width(14) scale(2) | height(14) scale(2)
//
// in little-endian order.
struct bc_track *
bc_vp8_track(const uint8_t *frame, size_t len)
{
    struct bc_reader r = bc_reader_init(frame, len);
    const uint8_t *tag = bc_read_bytes(&r, VP8_TAG_BYTES);
    uint32_t start = bc_read_u24(&r);
    const uint8_t *size = bc_read_bytes(&r, 4);
    if (!tag || !size || (tag[0] & 1) || start != VP8_START_CODE) {
        return NULL;
    }
    unsigned width = (size[0] | size[1] << 8) & VP8_SIZE_MASK;
    unsigned height = (size[2] | size[3] << 8) & VP8_SIZE_MASK;
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_VP8);
    if (!track || !bc_params_set_size(track, width, height, 0, 0)) {
        bc_track_unref(&track);
        return NULL;
    }
    memcpy(track->codec_string, "vp8", sizeof("vp8"));
    track->reorder_frames = 0;
    return track;
}

bool
bc_vp8_is_key(const uint8_t *frame, size_t len)
{
    return len >= VP8_TAG_BYTES && (frame[0] & 1) == 0;
}

// uncompressed_header() of a keyframe.
struct vp9_header {
    uint8_t profile;
    uint8_t depth;
    uint8_t color_space;
    bool full_range;
    bool subsampling_x;
    bool subsampling_y;
    uint32_t width;
    uint32_t height;
};

// color_config(), 6.2.2.
static bool
parse_vp9_color(struct bc_bits *b, struct vp9_header *h)
{
    bool odd = (h->profile & 1) != 0;
    h->depth = h->profile < 2 ? 8 : bc_bits_flag(b) ? 12 : 10;
    h->color_space = (uint8_t)bc_bits_read(b, 3);
    if (h->color_space == VP9_CS_RGB) {
        h->full_range = true;
        bc_bits_skip(b, 1);
        return odd; // 4:2:0 can't be RGB
    }
    h->full_range = bc_bits_flag(b);
    h->subsampling_x = !odd || bc_bits_flag(b);
    h->subsampling_y = !odd || bc_bits_flag(b);
    bc_bits_skip(b, odd ? 1 : 0);
    return true;
}

// Up to frame_type. False when it is no keyframe.
static bool
parse_vp9_key(struct bc_bits *b, struct vp9_header *h)
{
    bool marked = bc_bits_read(b, 2) == 2;
    h->profile = (uint8_t)bc_bits_read(b, 1);
    h->profile |= (uint8_t)(bc_bits_read(b, 1) << 1);
    bool reserved = h->profile == 3 && bc_bits_flag(b);
    bool show_existing = bc_bits_flag(b);
    bool not_key = bc_bits_flag(b);
    return !b->failed && marked && !reserved && !show_existing && !not_key;
}

bool
bc_vp9_is_key(const uint8_t *frame, size_t len)
{
    struct bc_bits b = bc_bits_init(frame, len, false);
    struct vp9_header h;
    return parse_vp9_key(&b, &h);
}

static bool
parse_vp9(const uint8_t *frame, size_t len, struct vp9_header *h)
{
    struct bc_bits b = bc_bits_init(frame, len, false);
    if (!parse_vp9_key(&b, h)) {
        return false;
    }
    bc_bits_skip(&b, 2); // show_frame, error_resilient_mode
    if (bc_bits_read(&b, 24) != VP9_SYNC_CODE || !parse_vp9_color(&b, h)) {
        return false;
    }
    h->width = bc_bits_read(&b, 16) + 1;
    h->height = bc_bits_read(&b, 16) + 1;
    return !b.failed;
}

// The least level for the picture, VP9 bitstream annex A, by size and rate only.
static unsigned
vp9_level(const struct vp9_header *h)
{
    static const struct {
        unsigned level;
        uint64_t rate; // luma samples a second
        uint64_t size;
    } LEVELS[] = {
        { 10, 829440, 36864 },
        { 11, 2764800, 73728 },
        { 20, 4608000, 122880 },
        { 21, 9216000, 245760 },
        { 30, 20736000, 552960 },
        { 31, 36864000, 983040 },
        { 40, 83558400, 2228224 },
        { 41, 160432128, 2228224 },
        { 50, 311951360, 8912896 },
        { 51, 588251136, 8912896 },
        { 60, 1176502272, 35651584 },
        { 61, 2353004544, 35651584 },
    };
    uint64_t size = (uint64_t)h->width * h->height;
    for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (size <= LEVELS[i].size && size * VP9_LEVEL_FPS <= LEVELS[i].rate) {
            return LEVELS[i].level;
        }
    }
    return VP9_LEVEL_MAX;
}

// Primaries, transfer and matrix of ISO/IEC 23091-2 for a color_space.
static const uint8_t *
vp9_colors(uint8_t color_space)
{
    static const uint8_t COLORS[8][3] = {
        { 2, 2, 2 }, // unknown
        { 6, 6, 6 }, // BT.601
        { 1, 1, 1 }, // BT.709
        { 6, 6, 6 }, // SMPTE 170
        { 7, 7, 7 }, // SMPTE 240
        { 9, 14, 9 }, // BT.2020
        { 2, 2, 2 }, // reserved
        { 1, 13, 0 }, // sRGB
    };
    return COLORS[color_space & 7];
}

// vpcC, VP Codec ISO Media File Format Binding 2.2:
//
//   version=1(8) flags(24) | profile(8) | level(8) | depth(4) chroma(3) full_range(1)
//   | primaries(8) | transfer(8) | matrix(8) | bytes of initialization=0(16)
static bool
keep_vp9_config(struct bc_track *track, const struct vp9_header *h, unsigned level)
{
    // 4:2:0 with samples where luma's are, 4:2:2, 4:4:4. There is no number for 4:4:0.
    unsigned chroma = !h->subsampling_x ? 3 : h->subsampling_y ? 1 : 2;
    const uint8_t *colors = vp9_colors(h->color_space);
    uint8_t config[VPCC_BYTES] = {
        1, 0, 0, 0, // version, flags
        h->profile, (uint8_t)level,
        (uint8_t)(h->depth << 4 | chroma << 1 | h->full_range), colors[0], colors[1],
        colors[2], 0, 0, // no initialization data
    };
    return bc_params_keep_config(track, config, sizeof(config));
}

struct bc_track *
bc_vp9_track(const uint8_t *frame, size_t len)
{
    struct vp9_header h = { 0 };
    if (!parse_vp9(frame, len, &h) || (!h.subsampling_x && h.subsampling_y)) {
        return NULL;
    }
    unsigned level = vp9_level(&h);
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_VP9);
    if (!track || !bc_params_set_size(track, h.width, h.height, 0, 0)
        || !keep_vp9_config(track, &h, level)) {
        bc_track_unref(&track);
        return NULL;
    }
    snprintf(track->codec_string, sizeof(track->codec_string), "vp09.%02u.%02u.%02u",
        h.profile, level, h.depth);
    track->reorder_frames = 0;
    return track;
}

struct bc_track *
bc_vp9_track_from_config(const uint8_t *vpcc, size_t len)
{
    struct bc_reader r = bc_reader_init(vpcc, len);
    uint8_t config[VPCC_BYTES];
    bc_read_copy(&r, config, sizeof(config));
    uint8_t profile = config[VPCC_HEAD_BYTES];
    uint8_t level = config[VPCC_HEAD_BYTES + 1];
    uint8_t depth = config[VPCC_HEAD_BYTES + 2] >> 4;
    if (r.failed || config[0] != 1 || profile > 3 || level > VP9_LEVEL_MAX
        || (depth != 8 && depth != 10 && depth != 12)) {
        return NULL;
    }
    config[VPCC_BYTES - 2] = 0; // VP8 and VP9 have no initialization data
    config[VPCC_BYTES - 1] = 0;
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_VP9);
    if (!track || !bc_params_keep_config(track, config, sizeof(config))) {
        bc_track_unref(&track);
        return NULL;
    }
    snprintf(track->codec_string, sizeof(track->codec_string), "vp09.%02u.%02u.%02u",
        profile, level, depth);
    track->reorder_frames = 0;
    return track;
}
