// SPDX-License-Identifier: Apache-2.0
// The sequence header of AV1 (AV1 bitstream 5.5) and the record made from it,
// AV1CodecConfigurationRecord (AV1 in ISOBMFF 2.3.3):
//
//   marker(1) version=1(7) | profile(3) level(5) | tier high_bitdepth twelve_bit
//   monochrome subsampling_x subsampling_y sample_position(2) | 0 | the OBU
#include <stdio.h>

#include "base/bits.h"
#include "media/obu.h"
#include "media/track_build.h"
#include "params.h"

#define OBU_MAX_BYTES 1024
#define LEVEL_WITH_TIER 8
#define MARKER_AND_VERSION 0x81
#define SELECT_SCREEN_CONTENT_TOOLS 2

// What the record and the codec string show.
struct av1_sequence {
    uint8_t profile;
    uint8_t level;
    uint8_t tier;
    bool reduced; // reduced_still_picture_header
    bool high_depth;
    bool twelve_bit;
    bool mono;
    bool subsampling_x;
    bool subsampling_y;
    uint8_t sample_position;
    bool decoder_model;
    unsigned delay_bits;
};

// timing_info(), 5.5.3, and decoder_model_info(), 5.5.4.
static void
parse_timing(struct bc_bits *b, struct av1_sequence *s, struct bc_track *track)
{
    uint64_t units = bc_bits_read(b, 32);
    uint64_t scale = bc_bits_read(b, 32);
    if (bc_bits_flag(b)) { // equal_picture_interval
        uint64_t ticks = (uint64_t)bc_bits_ue(b) + 1;
        if (ticks <= UINT32_MAX) {
            bc_params_set_fps(track, scale, units * ticks);
        }
    }
    s->decoder_model = bc_bits_flag(b);
    if (s->decoder_model) {
        s->delay_bits = bc_bits_read(b, 5) + 1;
        bc_bits_skip(b, 32 + 5 + 5);
    }
}

static void
parse_operating_points(struct bc_bits *b, struct av1_sequence *s)
{
    bool display_delay = bc_bits_flag(b);
    unsigned count = bc_bits_read(b, 5) + 1;
    for (unsigned i = 0; i < count; i++) {
        bc_bits_skip(b, 12); // operating_point_idc
        uint8_t level = (uint8_t)bc_bits_read(b, 5);
        uint8_t tier = level >= LEVEL_WITH_TIER ? (uint8_t)bc_bits_read(b, 1) : 0;
        if (i == 0) {
            s->level = level;
            s->tier = tier;
        }
        if (s->decoder_model && bc_bits_flag(b)) {
            bc_bits_skip(b, 2 * s->delay_bits + 1);
        }
        if (display_delay && bc_bits_flag(b)) {
            bc_bits_skip(b, 4);
        }
    }
}

static void
skip_tools(struct bc_bits *b)
{
    bc_bits_skip(b, 4); // interintra, masked compound, warped motion, dual filter
    bool order_hint = bc_bits_flag(b);
    bc_bits_skip(b, order_hint ? 2 : 0);
    unsigned screen_content =
        bc_bits_flag(b) ? SELECT_SCREEN_CONTENT_TOOLS : bc_bits_read(b, 1);
    if (screen_content > 0 && !bc_bits_flag(b)) { // seq_choose_integer_mv
        bc_bits_skip(b, 1);
    }
    bc_bits_skip(b, order_hint ? 3 : 0);
}

static bool
parse_size(struct bc_bits *b, const struct av1_sequence *s, struct bc_track *track)
{
    unsigned width_bits = bc_bits_read(b, 4) + 1;
    unsigned height_bits = bc_bits_read(b, 4) + 1;
    uint64_t width = (uint64_t)bc_bits_read(b, width_bits) + 1;
    uint64_t height = (uint64_t)bc_bits_read(b, height_bits) + 1;
    if (!s->reduced && bc_bits_flag(b)) { // frame_id_numbers_present_flag
        bc_bits_skip(b, 7);
    }
    return !b->failed && bc_params_set_size(track, width, height, 0, 0);
}

// color_config(), 5.5.2.
static void
parse_color(struct bc_bits *b, struct av1_sequence *s)
{
    s->high_depth = bc_bits_flag(b);
    s->twelve_bit = s->profile == 2 && s->high_depth && bc_bits_flag(b);
    s->mono = s->profile != 1 && bc_bits_flag(b);
    // Primaries, transfer, matrix; this one is sRGB, which tells its sampling by itself.
    uint32_t colors = bc_bits_flag(b) ? bc_bits_read(b, 24) : 0;
    bool srgb = colors == 0x010d00;
    if (s->mono) {
        s->subsampling_x = true;
        s->subsampling_y = true;
        return;
    }
    bc_bits_skip(b, srgb ? 0 : 1); // color_range
    if (srgb || s->profile == 1) {
        return;
    }
    s->subsampling_x = s->profile == 0 || !s->twelve_bit || bc_bits_flag(b);
    s->subsampling_y =
        s->profile == 0 || (s->twelve_bit && s->subsampling_x && bc_bits_flag(b));
    if (s->subsampling_x && s->subsampling_y) {
        s->sample_position = (uint8_t)bc_bits_read(b, 2);
    }
}

static bool
parse_sequence(const struct bc_obu *obu, struct av1_sequence *s, struct bc_track *track)
{
    struct bc_bits b = bc_bits_init(obu->payload, obu->len, false);
    s->profile = (uint8_t)bc_bits_read(&b, 3);
    bc_bits_skip(&b, 1); // still_picture
    s->reduced = bc_bits_flag(&b);
    if (s->reduced) {
        s->level = (uint8_t)bc_bits_read(&b, 5);
    } else {
        if (bc_bits_flag(&b)) {
            parse_timing(&b, s, track);
        }
        parse_operating_points(&b, s);
    }
    if (s->profile > 2 || !parse_size(&b, s, track)) {
        return false;
    }
    bc_bits_skip(&b, 3); // superblocks of 128, filter_intra, intra_edge_filter
    if (!s->reduced) {
        skip_tools(&b);
    }
    bc_bits_skip(&b, 3); // superres, cdef, restoration
    parse_color(&b, s);
    return !b.failed;
}

static void
write_record(struct bc_writer *w, const struct av1_sequence *s, const struct bc_obu *obu)
{
    bc_write_u8(w, MARKER_AND_VERSION);
    bc_write_u8(w, (uint8_t)(s->profile << 5 | s->level));
    bc_write_u8(w,
        (uint8_t)(s->tier << 7 | s->high_depth << 6 | s->twelve_bit << 5 | s->mono << 4
            | s->subsampling_x << 3 | s->subsampling_y << 2 | s->sample_position));
    bc_write_u8(w, 0);
    bc_obu_write(w, obu);
}

struct bc_track *
bc_av1_track(const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_obu obu;
    struct av1_sequence s = { 0 };
    if (len > OBU_MAX_BYTES || bc_obu_read(&r, &obu) < 0
        || obu.type != BC_OBU_SEQUENCE_HEADER) {
        return NULL;
    }
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, BC_CODEC_AV1);
    struct bc_writer w = { 0 };
    bool ok = track && parse_sequence(&obu, &s, track);
    if (ok) {
        write_record(&w, &s, &obu);
        ok = !w.failed && bc_params_keep_config(track, w.data, w.len);
    }
    bc_writer_finish(&w);
    if (!ok) {
        bc_track_unref(&track);
        return NULL;
    }
    snprintf(track->codec_string, sizeof(track->codec_string), "av01.%u.%02u%c.%02u",
        s.profile, s.level, s.tier ? 'H' : 'M',
        s.twelve_bit       ? 12
            : s.high_depth ? 10
                           : 8);
    // A temporal unit shows one frame, in the order of sending.
    track->reorder_frames = 0;
    return track;
}

struct bc_track *
bc_av1_track_from_config(const uint8_t *av1c, size_t len)
{
    struct bc_reader r = bc_reader_init(av1c, len);
    if (len > BC_CONFIG_MAX_BYTES || bc_read_u8(&r) != MARKER_AND_VERSION) {
        return NULL;
    }
    bc_read_skip(&r, 3); // said again by the sequence header
    while (!r.failed && bc_reader_left(&r) > 0) {
        const uint8_t *start = r.p;
        struct bc_obu obu;
        if (bc_obu_read(&r, &obu) == 0 && obu.type == BC_OBU_SEQUENCE_HEADER) {
            return bc_av1_track(start, (size_t)(r.p - start));
        }
    }
    return NULL;
}
