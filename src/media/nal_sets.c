// SPDX-License-Identifier: Apache-2.0
// Hosts send SPS and PPS in packets of their own, together, with the picture, or only in
// the SDP, and may have several. So all are kept by id, and the keyframe's first slice
// tells which ones count.
#include "media/nal_sets.h"

#include <string.h>

#include "base/bits.h"
#include "media/nal_types.h"
#include "media/track_build.h"

#define MAX_SUB_LAYERS 7

// --- ids (H.264 7.3.2.1.1, 7.3.2.2; H.265 7.3.2.1 to 7.3.2.3) ---

static bool
read_avc_ids(uint8_t type, struct bc_bits *b, struct bc_nal_set *set)
{
    if (type == AVC_NAL_SPS) {
        bc_bits_skip(b, 24); // profile, constraints, level
        set->id = bc_bits_ue(b);
        return !b->failed && set->id < 32;
    }
    set->id = bc_bits_ue(b);
    set->parent = bc_bits_ue(b);
    return !b->failed && set->id < 256 && set->parent < 32;
}

static bool
read_hevc_sps_ids(struct bc_bits *b, struct bc_nal_set *set)
{
    set->parent = bc_bits_read(b, 4);
    unsigned sub_layers = bc_bits_read(b, 3);
    bc_bits_skip(b, 1 + 96); // nesting, general_* of profile_tier_level()
    if (sub_layers >= MAX_SUB_LAYERS) {
        return false;
    }
    unsigned present = sub_layers > 0 ? bc_bits_read(b, 16) : 0;
    for (unsigned i = 0; i < sub_layers; i++) {
        bc_bits_skip(b, present & 0x8000 ? 88 : 0);
        bc_bits_skip(b, present & 0x4000 ? 8 : 0);
        present <<= 2;
    }
    set->id = bc_bits_ue(b);
    return !b->failed && set->id < 16;
}

static bool
read_hevc_ids(uint8_t type, struct bc_bits *b, struct bc_nal_set *set)
{
    bc_bits_skip(b, 8);
    if (type == HEVC_NAL_VPS) {
        set->id = bc_bits_read(b, 4);
        return !b->failed;
    }
    if (type == HEVC_NAL_SPS) {
        return read_hevc_sps_ids(b, set);
    }
    set->id = bc_bits_ue(b);
    set->parent = bc_bits_ue(b);
    return !b->failed && set->id < 64 && set->parent < 16;
}

static bool
read_ids(enum bc_codec codec, const uint8_t *nal, size_t len, struct bc_nal_set *set)
{
    struct bc_bits b = bc_bits_init(nal, len, true);
    bc_bits_skip(&b, 8);
    return codec == BC_CODEC_HEVC ? read_hevc_ids(bc_nal_type(codec, nal), &b, set)
                                  : read_avc_ids(bc_nal_type(codec, nal), &b, set);
}

// --- the tables ---

static const struct bc_nal_set *
find(const struct bc_nal_set *table, size_t size, uint32_t id)
{
    for (size_t i = 0; i < size; i++) {
        if (table[i].nal && table[i].id == id) {
            return &table[i];
        }
    }
    return NULL;
}

// Where a set belongs: the place of the one it replaces, a free one, or, as the table is
// bounded, the one its id falls on.
static struct bc_nal_set *
place_for(struct bc_nal_set *table, size_t size, uint32_t id)
{
    struct bc_nal_set *free_place = NULL;
    for (size_t i = 0; i < size; i++) {
        if (table[i].nal && table[i].id == id) {
            return &table[i];
        }
        if (!table[i].nal && !free_place) {
            free_place = &table[i];
        }
    }
    return free_place ? free_place : &table[id % size];
}

static bool
store(struct bc_nal_set *place, const struct bc_nal_set *set, const uint8_t *nal,
    size_t len)
{
    if (place->nal && place->id == set->id && place->nal->len == len
        && memcmp(place->nal->data, nal, len) == 0) {
        return false;
    }
    struct bc_buf *copy = bc_buf_copy(nal, len);
    if (!copy) {
        return false;
    }
    bc_buf_unref(&place->nal);
    *place = *set;
    place->nal = copy;
    return true;
}

bool
bc_nal_sets_put(struct bc_nal_sets *s, const uint8_t *nal, size_t len)
{
    struct bc_nal_set set = { 0 };
    // Zeros behind a unit belong to a start code that a careless sender left there.
    while (len > 0 && nal[len - 1] == 0) {
        len--;
    }
    if (len < bc_nal_head_bytes(s->codec) + 1 || len > BC_NAL_SET_MAX_BYTES
        || !read_ids(s->codec, nal, len, &set)) {
        return false;
    }
    uint8_t type = bc_nal_type(s->codec, nal);
    bool changed = false;
    if (type == bc_nal_sps_type(s->codec)) {
        changed = store(place_for(s->sps, BC_NAL_SPS_MAX, set.id), &set, nal, len);
        s->sps_came = true;
    } else if (type == bc_nal_pps_type(s->codec)) {
        changed = store(place_for(s->pps, BC_NAL_PPS_MAX, set.id), &set, nal, len);
        s->pps_came = true;
    } else {
        changed = store(place_for(s->vps, BC_NAL_VPS_MAX, set.id), &set, nal, len);
    }
    s->changed |= changed;
    return changed;
}

// --- the track ---

static const struct bc_nal_set *
find_sps(const struct bc_nal_sets *s, uint32_t pps_id)
{
    const struct bc_nal_set *pps = find(s->pps, BC_NAL_PPS_MAX, pps_id);
    return pps ? find(s->sps, BC_NAL_SPS_MAX, pps->parent) : NULL;
}

bool
bc_nal_sets_sps_of(const struct bc_nal_sets *s, uint32_t pps_id, uint32_t *sps_id)
{
    const struct bc_nal_set *sps = find_sps(s, pps_id);
    *sps_id = sps ? sps->id : 0;
    return sps != NULL;
}

static struct bc_param_set
as_param(const struct bc_nal_set *set)
{
    return (struct bc_param_set){ set->nal->data, set->nal->len };
}

struct bc_track *
bc_nal_sets_track(const struct bc_nal_sets *s, uint32_t pps_id)
{
    const struct bc_nal_set *sps = find_sps(s, pps_id);
    if (!sps) {
        return NULL;
    }
    // Later pictures may use any PPS of this SPS.
    struct bc_param_set pps_list[BC_NAL_PPS_MAX];
    struct bc_param_set sps_list[1] = { as_param(sps) };
    struct bc_param_set vps_list[1];
    struct bc_param_sets sets = { .sps = sps_list, .sps_count = 1, .pps = pps_list };
    for (size_t i = 0; i < BC_NAL_PPS_MAX; i++) {
        if (s->pps[i].nal && s->pps[i].parent == sps->id) {
            pps_list[sets.pps_count++] = as_param(&s->pps[i]);
        }
    }
    if (s->codec != BC_CODEC_HEVC) {
        return bc_avc_track_from_sets(&sets);
    }
    const struct bc_nal_set *vps = find(s->vps, BC_NAL_VPS_MAX, sps->parent);
    if (!vps) {
        return NULL;
    }
    vps_list[0] = as_param(vps);
    sets.vps = vps_list;
    sets.vps_count = 1;
    return bc_hevc_track_from_sets(&sets);
}

static void
clear(struct bc_nal_set *table, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bc_buf_unref(&table[i].nal);
    }
}

void
bc_nal_sets_finish(struct bc_nal_sets *s)
{
    clear(s->vps, BC_NAL_VPS_MAX);
    clear(s->sps, BC_NAL_SPS_MAX);
    clear(s->pps, BC_NAL_PPS_MAX);
}
