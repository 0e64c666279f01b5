// SPDX-License-Identifier: Apache-2.0
// AAC in LOAS, ISO/IEC 14496-3 1.7: AudioSyncStream() around AudioMuxElement(1):
//
//   sync=2b7(11) length(13) | useSameStreamMux(1) [StreamMuxConfig] | length | frame | ...
//
// The usual form only: one program, one layer, one frame in an element, AAC LC with or
// without SBR. Nothing in it is aligned, the frame neither.
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "es.h"
#include "media/track.h"
#include "ts.h"

#define HEAD_BYTES 3
#define AOT_SBR 5
#define AOT_PS 29
#define AOT_MAX_GENERAL 4
#define RATE_ESCAPE 15
#define LENGTH_MORE 255

static int
parse_loas(const uint8_t *p, size_t len, struct bc_ts_frame *f)
{
    if (p[0] != 0x56 || (len > 1 && (p[1] & 0xe0) != 0xe0)) {
        return -EINVAL;
    }
    if (len < HEAD_BYTES) {
        return 0;
    }
    f->head = HEAD_BYTES;
    f->bytes = HEAD_BYTES + ((size_t)(p[1] & 0x1f) << 8 | p[2]);
    f->samples = 0;
    return f->bytes > HEAD_BYTES ? 1 : -EINVAL;
}

static void
copy_bits(struct bc_bits *from, uint8_t *to, size_t bits)
{
    for (; bits >= 8; bits -= 8) {
        *to++ = (uint8_t)bc_bits_read(from, 8);
    }
    if (bits > 0) {
        *to = (uint8_t)(bc_bits_read(from, (unsigned)bits) << (8 - bits));
    }
}

static void
skip_rate(struct bc_bits *b)
{
    if (bc_bits_read(b, 4) == RATE_ESCAPE) {
        bc_bits_skip(b, 24);
    }
}

// AudioSpecificConfig(), 1.6.2.1, whose end only its content tells.
static bool
read_asc(struct bc_bits *b, struct bc_ts_latm *latm)
{
    struct bc_bits begin = *b;
    unsigned type = bc_bits_read(b, 5);
    skip_rate(b);
    unsigned channels = bc_bits_read(b, 4);
    if (type == AOT_SBR || type == AOT_PS) {
        skip_rate(b);
        type = bc_bits_read(b, 5);
    }
    bc_bits_skip(b, 1); // frameLengthFlag
    bool core = bc_bits_flag(b);
    bool extension = bc_bits_flag(b);
    size_t bits = b->pos - begin.pos;
    if (b->failed || type == 0 || type > AOT_MAX_GENERAL || channels == 0 || core
        || extension || bits > 8 * sizeof(latm->asc)) {
        return false;
    }
    memset(latm->asc, 0, sizeof(latm->asc));
    copy_bits(&begin, latm->asc, bits);
    latm->asc_bytes = (bits + 7) / 8;
    return true;
}

// LatmGetValue()
static uint32_t
read_value(struct bc_bits *b)
{
    unsigned bytes = bc_bits_read(b, 2) + 1;
    return bc_bits_read(b, 8 * bytes);
}

// StreamMuxConfig(), 1.7.3.
static bool
read_mux_config(struct bc_bits *b, struct bc_ts_latm *latm)
{
    bool version = bc_bits_flag(b);
    if (version && bc_bits_flag(b)) {
        return false; // audioMuxVersionA is reserved
    }
    if (version) {
        read_value(b); // taraBufferFullness
    }
    bool same_timing = bc_bits_flag(b);
    unsigned sub_frames = bc_bits_read(b, 6);
    unsigned programs = bc_bits_read(b, 4);
    unsigned layers = bc_bits_read(b, 3);
    if (!same_timing || sub_frames != 0 || programs != 0 || layers != 0) {
        return false;
    }
    uint32_t asc_bits = version ? read_value(b) : 0;
    size_t at = b->pos;
    if (!read_asc(b, latm) || (version && b->pos - at > asc_bits)) {
        return false;
    }
    if (version) {
        // Rest of the configuration: signals that the frames repeat.
        uint32_t rest = asc_bits - (uint32_t)(b->pos - at);
        b->failed |= rest > 8 * BC_TS_ASC_MAX;
        bc_bits_skip(b, b->failed ? 0 : rest);
    }
    if (bc_bits_read(b, 3) != 0) { // frameLengthType
        return false;
    }
    bc_bits_skip(b, 8); // latmBufferFullness
    if (bc_bits_flag(b)) { // otherDataPresent; it lies behind the frame
        if (version) {
            read_value(b);
        } else {
            while (bc_bits_flag(b) && !b->failed) {
                bc_bits_skip(b, 8);
            }
            bc_bits_skip(b, 8);
        }
    }
    if (bc_bits_flag(b)) { // crcCheckPresent
        bc_bits_skip(b, 8);
    }
    return !b->failed;
}

static struct bc_buf *
unpack_loas(struct bc_ts_audio *a, const uint8_t *p, struct bc_ts_frame *f)
{
    struct bc_bits b = bc_bits_init(p + HEAD_BYTES, f->bytes - HEAD_BYTES, false);
    if (!bc_bits_flag(&b)) {
        struct bc_ts_latm latm = { 0 };
        latm.known = read_mux_config(&b, &latm);
        a->latm = latm;
    }
    size_t bytes = 0;
    uint32_t more = LENGTH_MORE;
    while (more == LENGTH_MORE && !b.failed) {
        more = bc_bits_read(&b, 8);
        bytes += more;
    }
    if (!a->latm.known || b.failed || bytes == 0 || b.pos + bytes * 8 > b.len * 8) {
        return NULL;
    }
    struct bc_buf *buf = bc_buf_create(bytes);
    if (buf) {
        copy_bits(&b, buf->data, bytes * 8);
    }
    f->key = bc_ts_crc32(a->latm.asc, a->latm.asc_bytes);
    return buf;
}

static struct bc_track *
track_loas(const struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *f)
{
    (void)p;
    (void)f;
    return bc_aac_track(a->latm.asc, a->latm.asc_bytes);
}

const struct bc_ts_framing bc_ts_framing_loas = {
    .sync = 0x56,
    .parse = parse_loas,
    .track = track_loas,
    .unpack = unpack_loas,
};
