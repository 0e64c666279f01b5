// SPDX-License-Identifier: Apache-2.0
#include "annexb.h"

#include <stdbool.h>

#include "base/writer.h"
#include "media/track_build.h"

#define NAL_SLICE 1
#define NAL_IDR 5
#define NAL_SPS 7
#define NAL_PPS 8

static bool
is_start_code(const uint8_t *p, const uint8_t *end)
{
    return end - p >= 3 && p[0] == 0 && p[1] == 0 && p[2] == 1;
}

// The next unit at or behind `*at`, which moves behind it. False at the end.
static bool
next_unit(const uint8_t **at, const uint8_t *end, struct bc_param_set *unit)
{
    const uint8_t *p = *at;
    while (p < end && !is_start_code(p, end)) {
        p++;
    }
    if (p == end) {
        return false;
    }
    const uint8_t *begin = p + 3;
    for (p = begin; p < end && !is_start_code(p, end); p++) {
    }
    *at = p;
    // No unit ends in zero: these belong to the next start code.
    while (p > begin && p[-1] == 0) {
        p--;
    }
    *unit = (struct bc_param_set){ begin, (size_t)(p - begin) };
    return true;
}

static unsigned
type_of(const struct bc_param_set *unit)
{
    return unit->len > 0 ? unit->data[0] & 0x1f : 0;
}

struct bc_buf *
annexb_slices(const uint8_t *data, size_t len)
{
    struct bc_writer w = { 0 };
    struct bc_param_set unit;
    const uint8_t *at = data;
    while (next_unit(&at, data + len, &unit)) {
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
    while (next_unit(&at, data + len, unit)) {
        if (type_of(unit) == type) {
            return true;
        }
    }
    return false;
}

struct bc_track *
annexb_track(const uint8_t *data, size_t len)
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
