// SPDX-License-Identifier: Apache-2.0
#include "annexb.h"

#include <stdbool.h>

#include "base/writer.h"

#define NAL_SLICE 1
#define NAL_IDR 5
#define NAL_SPS 7
#define NAL_PPS 8
#define SET_MAX 0xffff

struct unit {
    const uint8_t *data;
    size_t len;
};

static bool
is_start_code(const uint8_t *p, const uint8_t *end)
{
    return end - p >= 3 && p[0] == 0 && p[1] == 0 && p[2] == 1;
}

// The next unit at or behind `*at`, which moves behind it. False at the end.
static bool
next_unit(const uint8_t **at, const uint8_t *end, struct unit *unit)
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
    *unit = (struct unit){ begin, (size_t)(p - begin) };
    return true;
}

static unsigned
type_of(const struct unit *unit)
{
    return unit->len > 0 ? unit->data[0] & 0x1f : 0;
}

struct bc_buf *
annexb_slices(const uint8_t *data, size_t len)
{
    struct bc_writer w = { 0 };
    struct unit unit;
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
find_unit(const uint8_t *data, size_t len, unsigned type, struct unit *unit)
{
    const uint8_t *at = data;
    while (next_unit(&at, data + len, unit)) {
        if (type_of(unit) == type && unit->len <= SET_MAX) {
            return true;
        }
    }
    return false;
}

// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1.2.
struct bc_track *
annexb_track(const uint8_t *data, size_t len)
{
    struct unit sps;
    struct unit pps;
    if (!find_unit(data, len, NAL_SPS, &sps) || !find_unit(data, len, NAL_PPS, &pps)
        || sps.len < 4) {
        return NULL;
    }
    struct bc_writer w = { 0 };
    bc_write_u8(&w, 1); // configurationVersion
    bc_write_bytes(&w, sps.data + 1, 3); // profile, compatibility, level
    bc_write_u8(&w, 0xfc | 3); // lengths of 4 bytes
    bc_write_u8(&w, 0xe0 | 1); // one SPS
    bc_write_u16(&w, (uint16_t)sps.len);
    bc_write_bytes(&w, sps.data, sps.len);
    bc_write_u8(&w, 1);
    bc_write_u16(&w, (uint16_t)pps.len);
    bc_write_bytes(&w, pps.data, pps.len);
    struct bc_track *track = w.failed ? NULL : bc_avc_track(w.data, w.len);
    bc_writer_finish(&w);
    return track;
}
