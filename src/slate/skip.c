// SPDX-License-Identifier: Apache-2.0
#include "skip.h"

#include "base/bits.h"
#include "base/writer.h"

#define PROFILE_HIGH 100
#define BLOCKS_MAX (1 << 20)
#define NAL_SLICE_REFERENCE 0x41 // nal_ref_idc 2, nal_unit_type 1
#define SLICE_P 5                // and all other slices of the picture are too

// --- reading the sets; Rec. ITU-T H.264 7.3.2 ---

// The part of the SPS that only High and later profiles have.
static bool
read_high(struct bc_bits *b)
{
    bool plain = bc_bits_ue(b) == 1; // chroma_format_idc: 4:2:0
    plain = bc_bits_ue(b) == 0 && plain; // bit_depth_luma_minus8
    plain = bc_bits_ue(b) == 0 && plain;
    plain = !bc_bits_flag(b) && plain; // qpprime_y_zero_transform_bypass_flag
    return !bc_bits_flag(b) && plain;  // seq_scaling_matrix_present_flag
}

static bool
read_sps(struct slate_skip *s, const struct bc_param_set *sps)
{
    struct bc_bits b = bc_bits_init(sps->data, sps->len, true);
    bc_bits_skip(&b, 8);
    uint32_t profile = bc_bits_read(&b, 8);
    bc_bits_skip(&b, 16); // constraints, level
    (void)bc_bits_ue(&b);
    bool ok = profile < PROFILE_HIGH || read_high(&b);
    s->number_bits = bc_bits_ue(&b) + 4;
    uint32_t poc_type = bc_bits_ue(&b);
    (void)bc_bits_ue(&b); // max_num_ref_frames
    (void)bc_bits_flag(&b);
    uint64_t columns = (uint64_t)bc_bits_ue(&b) + 1;
    uint64_t rows = (uint64_t)bc_bits_ue(&b) + 1;
    bool frames_only = bc_bits_flag(&b);
    s->blocks = columns * rows <= BLOCKS_MAX ? (unsigned)(columns * rows) : 0;
    return ok && !b.failed && s->blocks > 0 && frames_only && poc_type == 2
        && s->number_bits <= 16;
}

static bool
read_pps(struct slate_skip *s, const struct bc_param_set *pps)
{
    struct bc_bits b = bc_bits_init(pps->data, pps->len, true);
    bc_bits_skip(&b, 8);
    s->pps = bc_bits_ue(&b);
    (void)bc_bits_ue(&b);
    bool cabac = bc_bits_flag(&b);
    bool bottom_poc = bc_bits_flag(&b);
    bool groups = bc_bits_ue(&b) != 0;
    uint32_t references = bc_bits_ue(&b) + 1;
    (void)bc_bits_ue(&b);
    s->weighted = bc_bits_flag(&b);
    bc_bits_skip(&b, 2); // weighted_bipred_idc
    (void)bc_bits_se(&b);
    (void)bc_bits_se(&b);
    (void)bc_bits_se(&b);
    s->deblocking_told = bc_bits_flag(&b);
    bc_bits_skip(&b, 1);
    bool redundant = bc_bits_flag(&b);
    return !b.failed && !cabac && !bottom_poc && !groups && references == 1
        && !redundant;
}

bool
slate_skip_init(struct slate_skip *skip, const struct bc_param_set *sps,
    const struct bc_param_set *pps)
{
    *skip = (struct slate_skip){ 0 };
    return read_sps(skip, sps) && read_pps(skip, pps);
}

// --- writing; 7.3.3 and 7.3.4 ---

// Bits on their way out, the most significant first. A whole byte goes out with its
// emulation prevention.
struct bits_out {
    struct bc_writer w;
    uint32_t byte; // its bits that are there
    unsigned count;
    unsigned zeros;
};

static void
put(struct bits_out *o, uint32_t value, unsigned bits)
{
    for (unsigned i = bits; i > 0; i--) {
        o->byte = o->byte << 1 | (value >> (i - 1) & 1);
        if (++o->count < 8) {
            continue;
        }
        if (o->zeros == 2 && o->byte <= 3) {
            bc_write_u8(&o->w, 3);
            o->zeros = 0;
        }
        bc_write_u8(&o->w, (uint8_t)o->byte);
        o->zeros = o->byte == 0 ? o->zeros + 1 : 0;
        o->byte = 0;
        o->count = 0;
    }
}

static void
put_ue(struct bits_out *o, uint32_t value)
{
    unsigned bits = 0;
    while ((value + 1) >> (bits + 1) != 0) {
        bits++;
    }
    put(o, 0, bits);
    put(o, value + 1, bits + 1);
}

struct bc_buf *
slate_skip_write(const struct slate_skip *skip, unsigned n)
{
    struct bits_out o = { 0 };
    bc_write_u32(&o.w, 0); // the length, known at the end
    put(&o, NAL_SLICE_REFERENCE, 8);
    put_ue(&o, 0); // first_mb_in_slice
    put_ue(&o, SLICE_P);
    put_ue(&o, skip->pps);
    put(&o, n & ((1u << skip->number_bits) - 1), skip->number_bits);
    put(&o, 0, 1); // num_ref_idx_active_override_flag
    put(&o, 0, 1); // ref_pic_list_modification_flag_l0
    if (skip->weighted) {
        put_ue(&o, 0);
        put_ue(&o, 0); // log2_weight_denom of luma and chroma
        put(&o, 0, 2); // and no weight of either
    }
    put(&o, 0, 1); // adaptive_ref_pic_marking_mode_flag
    put_ue(&o, 0); // slice_qp_delta
    if (skip->deblocking_told) {
        put_ue(&o, 1); // disable_deblocking_filter_idc
    }
    put_ue(&o, skip->blocks); // mb_skip_run
    put(&o, 1, 1); // rbsp_stop_one_bit
    put(&o, 0, (8 - o.count) % 8);
    bc_write_be_at(&o.w, 0, o.w.len - 4, 4);
    struct bc_buf *buf = bc_buf_from_writer(&o.w);
    bc_writer_finish(&o.w);
    return buf;
}
