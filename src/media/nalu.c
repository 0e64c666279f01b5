// SPDX-License-Identifier: Apache-2.0
// NAL units as they lie in FLV and MP4 (ISO/IEC 14496-15 5.3.4.2: a length before each)
// and as they lie in a byte stream (H.264 annex B: a start code before each).
#include "media/nalu.h"

#include <errno.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

#define AVC_LENGTH_BYTE 4
#define HEVC_LENGTH_BYTE 21

unsigned
bc_nalu_length_size(enum bc_codec codec, const uint8_t *config, size_t len)
{
    size_t at = codec == BC_CODEC_HEVC ? HEVC_LENGTH_BYTE : AVC_LENGTH_BYTE;
    if (len <= at) {
        return 0;
    }
    unsigned size = (config[at] & 3) + 1u;
    return size == 3 ? 0 : size;
}

static void
scan_avc(const uint8_t *unit, struct bc_nalu_info *info, bool *reference)
{
    unsigned type = unit[0] & 0x1f;
    if (type >= 1 && type <= 5) {
        info->has_slice = true;
        info->is_idr |= type == 5;
        *reference |= (unit[0] & 0x60) != 0;
    }
    info->has_parameter_sets |= type == 7 || type == 8;
}

// Slices are 0..9 and 16..21; the even ones below 16 are no reference of their sub-layer.
static void
scan_hevc(const uint8_t *unit, struct bc_nalu_info *info, bool *reference)
{
    unsigned type = unit[0] >> 1 & 0x3f;
    if (type <= 9 || (type >= 16 && type <= 21)) {
        info->has_slice = true;
        info->is_idr |= type >= 16;
        *reference |= type >= 16 || type % 2 == 1;
    }
    info->has_parameter_sets |= type >= 32 && type <= 34;
}

int
bc_nalu_scan(
    enum bc_codec codec, const uint8_t *data, size_t len, struct bc_nalu_info *info)
{
    struct bc_reader r = bc_reader_init(data, len);
    bool reference = false;
    memset(info, 0, sizeof(*info));
    while (bc_reader_left(&r) > 0) {
        uint32_t size = bc_read_u32(&r);
        const uint8_t *unit = bc_read_bytes(&r, size);
        if (unit && size > 0) {
            if (codec == BC_CODEC_HEVC) {
                scan_hevc(unit, info, &reference);
            } else {
                scan_avc(unit, info, &reference);
            }
        }
    }
    info->disposable = info->has_slice && !reference;
    return r.failed ? -EINVAL : 0;
}

// 3 or 4 when a start code stands here, else 0.
static size_t
start_code(const uint8_t *p, size_t len)
{
    if (len >= 3 && p[0] == 0 && p[1] == 0) {
        if (p[2] == 1) {
            return 3;
        }
        if (len >= 4 && p[2] == 0 && p[3] == 1) {
            return 4;
        }
    }
    return 0;
}

static void
write_unit(struct bc_writer *w, const uint8_t *p, size_t len)
{
    // trailing_zero_8bits and the next start code's first zero; no unit ends in zero.
    while (len > 0 && p[len - 1] == 0) {
        len--;
    }
    if (len > 0) {
        bc_write_u32(w, (uint32_t)len);
        bc_write_bytes(w, p, len);
    }
}

// The bytes begin with a start code.
static void
write_annex_b(struct bc_writer *w, const uint8_t *p, size_t len)
{
    size_t begin = start_code(p, len);
    size_t i = begin;
    while (i + 3 <= len) {
        // Only a byte 0 or 1 at i + 2 can belong to a start code at i, i + 1 or i + 2.
        if (p[i + 2] > 1) {
            i += 3;
        } else if (p[i] == 0 && p[i + 1] == 0 && p[i + 2] == 1) {
            write_unit(w, p + begin, i - begin);
            begin = i + 3;
            i = begin;
        } else {
            i++;
        }
    }
    write_unit(w, p + begin, len - begin);
}

// What walking the lengths shows, before anything is copied.
struct walk {
    bool clean;    // 4-byte lengths to the very end, no empty unit, no start code inside
    bool complete; // the lengths fit to the very end
    size_t good;   // bytes that the whole units cover
};

static struct walk
walk_lengths(const uint8_t *data, size_t len, unsigned length_size)
{
    struct bc_reader r = bc_reader_init(data, len);
    struct walk k = { .clean = length_size == 4 };
    while (bc_reader_left(&r) > 0) {
        size_t size = (size_t)bc_read_be(&r, length_size);
        const uint8_t *unit = bc_read_bytes(&r, size);
        if (!unit || r.failed) {
            break;
        }
        k.good = len - bc_reader_left(&r);
        k.clean &= size > 0 && start_code(unit, size) == 0;
    }
    k.complete = !r.failed;
    k.clean &= k.complete;
    return k;
}

static void
write_lengths(struct bc_writer *w, const uint8_t *data, size_t len, unsigned length_size)
{
    struct bc_reader r = bc_reader_init(data, len);
    while (bc_reader_left(&r) > 0) {
        size_t size = (size_t)bc_read_be(&r, length_size);
        const uint8_t *unit = bc_read_bytes(&r, size);
        if (!unit || size == 0) {
            continue;
        }
        // A length before a byte stream: both habits at once.
        if (start_code(unit, size) > 0) {
            write_annex_b(w, unit, size);
        } else {
            bc_write_u32(w, (uint32_t)size);
            bc_write_bytes(w, unit, size);
        }
    }
}

int
bc_nalu_normalise(
    const uint8_t *data, size_t len, unsigned length_size, struct bc_buf **out)
{
    *out = NULL;
    if (len == 0 || (length_size != 1 && length_size != 2 && length_size != 4)) {
        return -EINVAL;
    }
    struct walk k = walk_lengths(data, len, length_size);
    if (k.clean) {
        return 0;
    }
    struct bc_writer w = { 0 };
    // A start code also reads as a length of 1 or of 256 to 511. It is one when the
    // lengths do not fit and lead nowhere; with most bytes in whole units it is a length
    // before garbage.
    if (!k.complete && k.good < len / 2 && start_code(data, len) > 0) {
        write_annex_b(&w, data, len);
    } else {
        write_lengths(&w, data, k.good, length_size);
    }
    int ret = w.failed ? -ENOMEM : w.len == 0 ? -EINVAL : 0;
    if (ret == 0) {
        *out = bc_buf_from_writer(&w);
        ret = *out ? 0 : -ENOMEM;
    }
    bc_writer_finish(&w);
    return ret;
}
