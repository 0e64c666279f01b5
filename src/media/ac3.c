// SPDX-License-Identifier: Apache-2.0
// Sync frames of AC-3 and E-AC-3 (ETSI TS 102 366 4.3, E.1.2) and the boxes made from them
// (annex F):
//
//   AC-3    0b77 | crc(16) | fscod(2) frmsizecod(6) | bsid(5) bsmod(3) | acmod(3) ...
//   E-AC-3  0b77 | strmtyp(2) substreamid(3) frmsiz(11) | fscod(2) numblkscod(2) acmod(3)
//           lfeon(1) | bsid(5) ...
#include <string.h>

#include "base/bits.h"
#include "base/writer.h"
#include "media/track_build.h"
#include "params.h"

#define SYNC 0x0b77
#define BSID_BYTE 5
#define BSID_AC3_MAX 10 // 9 and 10: half and a quarter of the rate
#define BSID_AC3_FULL 8
#define BSID_EAC3_MAX 16
#define FRMSIZECOD_MAX 37
#define BLOCK_SAMPLES 256
#define AC3_BLOCKS 6
#define ACMOD_STEREO 2
#define STRMTYP_DEPENDENT 1

static const uint32_t RATES[3] = { 48000, 44100, 32000 };
static const uint8_t CHANNELS[8] = { 2, 1, 2, 3, 3, 4, 4, 5 }; // of an acmod

static bool
parse_ac3(struct bc_bits *b, struct bc_track *track)
{
    bc_bits_skip(b, 32);
    uint32_t fscod = bc_bits_read(b, 2);
    uint32_t frmsizecod = bc_bits_read(b, 6);
    uint32_t bsid = bc_bits_read(b, 5);
    uint32_t bsmod = bc_bits_read(b, 3);
    uint32_t acmod = bc_bits_read(b, 3);
    bc_bits_skip(b, (acmod & 1) && acmod != 1 ? 2 : 0); // cmixlev
    bc_bits_skip(b, acmod & 4 ? 2 : 0);                 // surmixlev
    bc_bits_skip(b, acmod == ACMOD_STEREO ? 2 : 0);     // dsurmod
    uint32_t lfe = bc_bits_read(b, 1);
    if (b->failed || fscod > 2 || frmsizecod > FRMSIZECOD_MAX) {
        return false;
    }
    track->sample_rate
        = RATES[fscod] >> (bsid > BSID_AC3_FULL ? bsid - BSID_AC3_FULL : 0);
    track->channels = CHANNELS[acmod] + lfe;
    track->frame_samples = AC3_BLOCKS * BLOCK_SAMPLES;
    uint32_t box = fscod << 22 | bsid << 17 | bsmod << 14 | acmod << 11 | lfe << 10
        | (frmsizecod >> 1) << 5;
    uint8_t dac3[3] = { (uint8_t)(box >> 16), (uint8_t)(box >> 8), (uint8_t)box };
    return bc_params_keep_config(track, dac3, sizeof(dac3));
}

// What depends on this stream (channels beyond 5.1) is not told: who knows nothing of it
// plays the 5.1 that the stream is without.
static bool
parse_eac3(struct bc_bits *b, struct bc_track *track)
{
    static const uint8_t BLOCKS[4] = { 1, 2, 3, 6 };
    bc_bits_skip(b, 16);
    uint32_t strmtyp = bc_bits_read(b, 2);
    bc_bits_skip(b, 3); // substreamid
    uint32_t bytes = (bc_bits_read(b, 11) + 1) * 2;
    uint32_t fscod = bc_bits_read(b, 2);
    uint32_t code = bc_bits_read(b, 2); // fscod2 where fscod is 3
    uint32_t acmod = bc_bits_read(b, 3);
    uint32_t lfe = bc_bits_read(b, 1);
    uint32_t bsid = bc_bits_read(b, 5);
    if (b->failed || strmtyp == STRMTYP_DEPENDENT || (fscod == 3 && code == 3)) {
        return false;
    }
    uint32_t samples = BLOCK_SAMPLES * (fscod == 3 ? AC3_BLOCKS : BLOCKS[code]);
    track->sample_rate = fscod == 3 ? RATES[code] / 2 : RATES[fscod];
    track->channels = CHANNELS[acmod] + lfe;
    track->frame_samples = samples;
    // One independent substream: its number less one is 0.
    uint64_t kbit = (uint64_t)bytes * 8 * track->sample_rate / samples / 1000;
    uint32_t head = (uint32_t)(kbit < 0x1fff ? kbit : 0x1fff) << 3;
    uint32_t stream = fscod << 22 | bsid << 17 | acmod << 9 | lfe << 8;
    uint8_t dec3[5] = { (uint8_t)(head >> 8), (uint8_t)head, (uint8_t)(stream >> 16),
        (uint8_t)(stream >> 8), (uint8_t)stream };
    return bc_params_keep_config(track, dec3, sizeof(dec3));
}

struct bc_track *
bc_ac3_track(const uint8_t *frame, size_t len)
{
    if (len <= BSID_BYTE || frame[0] != SYNC >> 8 || frame[1] != (SYNC & 0xff)) {
        return NULL;
    }
    unsigned bsid = frame[BSID_BYTE] >> 3;
    bool enhanced = bsid > BSID_AC3_MAX;
    struct bc_track *track = bsid > BSID_EAC3_MAX
        ? NULL
        : bc_track_create(BC_KIND_AUDIO, enhanced ? BC_CODEC_EAC3 : BC_CODEC_AC3);
    if (!track) {
        return NULL;
    }
    struct bc_bits b = bc_bits_init(frame, len, false);
    if (!(enhanced ? parse_eac3(&b, track) : parse_ac3(&b, track))) {
        bc_track_unref(&track);
        return NULL;
    }
    memcpy(track->codec_string, enhanced ? "ec-3" : "ac-3", sizeof("ac-3"));
    return track;
}
