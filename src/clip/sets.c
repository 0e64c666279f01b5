// SPDX-License-Identifier: Apache-2.0
#include "sets.h"

#include <string.h>

#include "base/bits.h"
#include "base/reader.h"
#include "base/writer.h"
#include "media/annexb.h"
#include "media/nal_types.h"

#define SPS_MAX 31
#define PPS_MAX 255
#define SEI_USER_DATA_UNREGISTERED 5

// All sets of one record, pointing into others' bytes.
struct sets {
    struct bc_param_set sps[SPS_MAX];
    struct bc_param_set pps[PPS_MAX];
    unsigned sps_count;
    unsigned pps_count;
    bool failed;
};

static void
push(struct sets *s, const uint8_t *data, size_t len)
{
    unsigned type = len > 0 ? data[0] & 0x1f : 0;
    if (type == AVC_NAL_SPS && s->sps_count < SPS_MAX) {
        s->sps[s->sps_count++] = (struct bc_param_set){ data, len };
    } else if (type == AVC_NAL_PPS && s->pps_count < PPS_MAX) {
        s->pps[s->pps_count++] = (struct bc_param_set){ data, len };
    } else if (type == AVC_NAL_SPS || type == AVC_NAL_PPS) {
        s->failed = true;
    }
}

// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1.2.
static void
push_record(struct sets *s, const struct bc_buf *avcc)
{
    struct bc_reader r = bc_reader_init(avcc ? avcc->data : NULL, avcc ? avcc->len : 0);
    bc_read_skip(&r, 5);
    unsigned sps_count = bc_read_u8(&r) & 0x1f;
    for (unsigned i = 0; i < sps_count && !r.failed; i++) {
        uint16_t len = bc_read_u16(&r);
        push(s, bc_read_bytes(&r, len), r.failed ? 0 : len);
    }
    unsigned pps_count = bc_read_u8(&r);
    for (unsigned i = 0; i < pps_count && !r.failed; i++) {
        uint16_t len = bc_read_u16(&r);
        push(s, bc_read_bytes(&r, len), r.failed ? 0 : len);
    }
    s->failed = s->failed || r.failed || s->sps_count == 0 || s->pps_count == 0;
}

// --- ids ---

static uint32_t
sps_id(const struct bc_param_set *set)
{
    struct bc_bits b = bc_bits_init(set->data, set->len, true);
    bc_bits_skip(&b, 32); // NAL header, profile, constraints, level
    return bc_bits_ue(&b);
}

static uint32_t
pps_id(const struct bc_param_set *set)
{
    struct bc_bits b = bc_bits_init(set->data, set->len, true);
    bc_bits_skip(&b, 8);
    return bc_bits_ue(&b);
}

bool
clip_sets_free_ids(const struct bc_track *track, unsigned ids[2])
{
    struct sets s = { 0 };
    bool used[CLIP_SET_IDS] = { false };
    push_record(&s, track->config);
    for (unsigned i = 0; i < s.sps_count; i++) {
        uint32_t id = sps_id(&s.sps[i]);
        used[id < CLIP_SET_IDS ? id : 0] = true;
    }
    for (unsigned i = 0; i < s.pps_count; i++) {
        uint32_t id = pps_id(&s.pps[i]);
        used[id < CLIP_SET_IDS ? id : 0] = true;
    }
    unsigned found = 0;
    // From the end, as a stream's own further sets count from 0.
    for (unsigned id = CLIP_SET_IDS; id > 0 && found < 2; id--) {
        if (!used[id - 1]) {
            ids[found++] = id - 1;
        }
    }
    return !s.failed && found == 2;
}

struct bc_track *
clip_sets_add(const struct bc_track *track, const struct bc_buf *const *extras,
    size_t count)
{
    struct sets s = { 0 };
    push_record(&s, track->config);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = extras[i] ? extras[i]->data : NULL;
        const uint8_t *end = extras[i] ? at + extras[i]->len : NULL;
        struct bc_param_set unit;
        while (at && bc_annexb_next(&at, end, &unit)) {
            push(&s, unit.data, unit.len);
        }
    }
    if (s.failed) {
        return NULL;
    }
    struct bc_param_sets sets = {
        .sps = s.sps, .sps_count = s.sps_count, .pps = s.pps, .pps_count = s.pps_count
    };
    struct bc_track *plain = bc_avc_track_from_sets(&sets);
    struct bc_track *out = plain ? bc_track_with_colour(plain, &track->colour) : NULL;
    bc_track_unref(&plain);
    return out;
}

// --- samples ---

static bool
is_kept(const struct bc_param_set *unit)
{
    unsigned type = unit->len > 0 ? unit->data[0] & 0x1f : 0;
    if (type == AVC_NAL_SEI) {
        return unit->len > 1 && unit->data[1] != SEI_USER_DATA_UNREGISTERED;
    }
    return bc_nal_is_slice(BC_CODEC_AVC, (uint8_t)type);
}

struct bc_buf *
clip_sets_sample(const uint8_t *data, size_t len)
{
    struct bc_writer w = { 0 };
    struct bc_param_set unit;
    bool has_slice = false;
    const uint8_t *at = data;
    while (bc_annexb_next(&at, data + len, &unit)) {
        if (is_kept(&unit)) {
            has_slice = has_slice || (unit.data[0] & 0x1f) != AVC_NAL_SEI;
            bc_write_u32(&w, (uint32_t)unit.len);
            bc_write_bytes(&w, unit.data, unit.len);
        }
    }
    struct bc_buf *buf = has_slice ? bc_buf_from_writer(&w) : NULL;
    bc_writer_finish(&w);
    return buf;
}
