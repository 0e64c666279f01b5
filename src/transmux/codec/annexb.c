// SPDX-License-Identifier: Apache-2.0
#include "transmux/codec.h"

#include <stdbool.h>

#include "base/writer.h"
#include "media/annexb.h"

#define NAL_SLICE 1
#define NAL_IDR 5
#define NAL_SPS 7
#define NAL_PPS 8

static unsigned
type_of(const struct bc_param_set *unit)
{
    return unit->len > 0 ? unit->data[0] & 0x1f : 0;
}

struct bc_buf *
bc_annexb_slices(const uint8_t *data, size_t len)
{
    struct bc_writer w = { 0 };
    struct bc_param_set unit;
    const uint8_t *at = data;
    while (bc_annexb_next(&at, data + len, &unit)) {
        if (type_of(&unit) >= NAL_SLICE && type_of(&unit) <= NAL_IDR) {
            bc_write_u32(&w, (uint32_t)unit.len);
            bc_write_bytes(&w, unit.data, unit.len);
        }
    }
    struct bc_buf *buf = w.len > 0 ? bc_buf_from_writer(&w) : NULL;
    bc_writer_finish(&w);
    return buf;
}

static bool
find_unit(const uint8_t *data, size_t len, unsigned type, struct bc_param_set *unit)
{
    const uint8_t *at = data;
    while (bc_annexb_next(&at, data + len, unit)) {
        if (type_of(unit) == type) {
            return true;
        }
    }
    return false;
}

struct bc_track *
bc_annexb_track(const uint8_t *data, size_t len)
{
    struct bc_param_set sps;
    struct bc_param_set pps;
    if (!find_unit(data, len, NAL_SPS, &sps) || !find_unit(data, len, NAL_PPS, &pps)) {
        return NULL;
    }
    struct bc_param_sets sets = {
        .sps = &sps, .sps_count = 1, .pps = &pps, .pps_count = 1
    };
    return bc_avc_track_from_sets(&sets);
}
