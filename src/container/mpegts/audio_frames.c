// SPDX-License-Identifier: Apache-2.0
// Where frames of sound begin and end: ADTS, MPEG audio, AC-3 and E-AC-3.
#include <errno.h>

#include "base/bits.h"
#include "es.h"
#include "media/track_build.h"

// --- ADTS, ISO/IEC 13818-7 6.2 ---
//
//   fff | id(1) layer=0(2) no_crc(1) | profile(2) rate(4) private(1) channels(3) ....(4)
//   | length(13) | fullness(11) frames-1(2)

#define ADTS_HEAD_BYTES 7
#define ADTS_CRC_BYTES 2

static int
parse_adts(const uint8_t *p, size_t len, struct bc_ts_frame *f)
{
    if (len < ADTS_HEAD_BYTES) {
        return p[0] == 0xff && (len < 2 || (p[1] & 0xf6) == 0xf0) ? 0 : -EINVAL;
    }
    unsigned rate = p[2] >> 2 & 15;
    unsigned channels = (p[2] & 1u) << 2 | p[3] >> 6;
    f->head = ADTS_HEAD_BYTES + (p[1] & 1 ? 0 : ADTS_CRC_BYTES);
    f->bytes = (size_t)(p[3] & 3) << 11 | (size_t)p[4] << 3 | p[5] >> 5;
    f->samples = 0;
    f->key = (uint64_t)(p[2] >> 6) << 8 | rate << 4 | channels;
    // Channels of 0 are told inside the frame; several blocks in a frame can't be told
    // apart from outside. Nobody sends either.
    bool good = p[0] == 0xff && (p[1] & 0xf6) == 0xf0 && rate < 13 && channels > 0
        && (p[6] & 3) == 0 && f->bytes > f->head;
    return good ? 1 : -EINVAL;
}

static struct bc_track *
track_adts(const struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *f)
{
    (void)a;
    (void)p;
    unsigned type = (f->key >> 8 & 3) + 1;
    unsigned rate = f->key >> 4 & 15;
    unsigned channels = f->key & 15;
    uint8_t asc[2] = { (uint8_t)(type << 3 | rate >> 1),
        (uint8_t)(rate << 7 | channels << 3) };
    return bc_aac_track(asc, sizeof(asc));
}

const struct bc_ts_framing bc_ts_framing_adts = {
    .sync = 0xff,
    .parse = parse_adts,
    .track = track_adts,
};

// --- MPEG audio, layers II and III, ISO/IEC 11172-3 2.4.1.3 ---

#define MPEG_HEAD_BYTES 4

static int
parse_mpeg(const uint8_t *p, size_t len, struct bc_ts_frame *f)
{
    // kbit/s: layer II and III of MPEG-1, both layers at the lower rates.
    static const uint16_t KBIT[3][16] = {
        { 0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384 },
        { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320 },
        { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160 },
    };
    static const uint32_t RATES[4] = { 44100, 48000, 32000, 0 };
    if (len < MPEG_HEAD_BYTES) {
        return p[0] == 0xff && (len < 2 || (p[1] & 0xe0) == 0xe0) ? 0 : -EINVAL;
    }
    unsigned version = p[1] >> 3 & 3; // 3: MPEG-1, 2: MPEG-2, 0: "MPEG-2.5"
    unsigned layer = p[1] >> 1 & 3; // 2: II, 1: III
    uint32_t rate = RATES[p[2] >> 2 & 3] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    uint32_t kbit = KBIT[version != 3 ? 2 : layer == 1][p[2] >> 4];
    bool good = p[0] == 0xff && (p[1] & 0xe0) == 0xe0 && version != 1
        && (layer == 1 || layer == 2) && rate > 0 && kbit > 0;
    if (!good) {
        return -EINVAL;
    }
    unsigned slots = layer == 1 && version != 3 ? 72 : 144;
    f->head = 0;
    f->bytes = slots * kbit * 1000 / rate + (p[2] >> 1 & 1);
    f->samples = 0;
    f->key = (uint64_t)(p[1] & 0x1e) << 16 | (p[2] & 0x0c) << 8 | ((p[3] & 0xc0) == 0xc0);
    return 1;
}

static struct bc_track *
track_mpeg(const struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *f)
{
    (void)a;
    return bc_mpeg_audio_track(p, f->bytes);
}

const struct bc_ts_framing bc_ts_framing_mpeg = {
    .sync = 0xff,
    .parse = parse_mpeg,
    .track = track_mpeg,
};

// --- AC-3 and E-AC-3, ETSI TS 102 366 4.4.1, E.1.3.1 ---

#define AC3_HEAD_BYTES 8
#define AC3_BSID_MAX 10
#define EAC3_BSID_MAX 16
#define EAC3_DEPENDENT 1

// Words of 16 bits in a frame at 32 kbit/s and 48, 44.1, 32 kHz grow with the rate.
static size_t
ac3_bytes(unsigned fscod, unsigned frmsizecod)
{
    static const uint16_t KBIT[19] = { 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192,
        224, 256, 320, 384, 448, 512, 576, 640 };
    static const uint32_t RATES[3] = { 48000, 44100, 32000 };
    if (fscod > 2 || frmsizecod > 37) {
        return 0;
    }
    // 1536 samples in a frame. At 44.1 kHz the odd codes have one word more.
    uint32_t words = KBIT[frmsizecod >> 1] * 96000u / RATES[fscod];
    return 2 * (words + (fscod == 1 ? frmsizecod & 1 : 0));
}

static int
parse_ac3(const uint8_t *p, size_t len, struct bc_ts_frame *f)
{
    if (p[0] != 0x0b || (len > 1 && p[1] != 0x77)) {
        return -EINVAL;
    }
    if (len < AC3_HEAD_BYTES) {
        return 0;
    }
    unsigned bsid = p[5] >> 3;
    f->head = 0;
    f->samples = 0;
    if (bsid <= AC3_BSID_MAX) {
        f->bytes = ac3_bytes(p[4] >> 6, p[4] & 0x3f);
        f->key = (uint64_t)(p[4] & 0xc0) << 16 | p[5] << 8 | (p[6] & 0xe0);
    } else {
        f->bytes = 2 * (((p[2] & 7u) << 8 | p[3]) + 1);
        f->key = (uint64_t)p[4] << 16 | p[5] << 8 | 1;
        // What depends on the first substream (channels beyond 5.1), other programs.
        f->skip = p[2] >> 6 == EAC3_DEPENDENT || (p[2] >> 3 & 7) != 0;
    }
    return bsid <= EAC3_BSID_MAX && f->bytes > AC3_HEAD_BYTES ? 1 : -EINVAL;
}

static struct bc_track *
track_ac3(const struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *f)
{
    (void)a;
    return bc_ac3_track(p, f->bytes);
}

const struct bc_ts_framing bc_ts_framing_ac3 = {
    .sync = 0x0b,
    .parse = parse_ac3,
    .track = track_ac3,
};
