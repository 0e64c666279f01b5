// SPDX-License-Identifier: Apache-2.0
// STREAMINFO, RFC 9639 8.2, after "fLaC" and the header of its block:
//
//   "fLaC" | last(1) type=0(7) length=34(24) | least block(16) | greatest block(16)
//   | least frame(24) | greatest frame(24) | rate(20) channels-1(3) bits-1(5) samples(36)
//   | MD5(128)
#include <string.h>

#include "base/bits.h"
#include "base/reader.h"
#include "media/track_build.h"
#include "params.h"

#define MARKER_BYTES 4
#define BLOCK_HEAD_BYTES 4
#define STREAMINFO_BYTES 34
#define BLOCK_MIN_SAMPLES 16
#define BITS_MIN 4

// The 34 bytes, or NULL.
static const uint8_t *
find_streaminfo(const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    if (len > MARKER_BYTES && memcmp(data, "fLaC", MARKER_BYTES) == 0) {
        bc_read_skip(&r, MARKER_BYTES);
    }
    if (bc_reader_left(&r) != STREAMINFO_BYTES) {
        uint32_t head = bc_read_u32(&r);
        if ((head & 0x7fffffff) != STREAMINFO_BYTES) {
            return NULL;
        }
    }
    return bc_read_bytes(&r, STREAMINFO_BYTES);
}

static bool
parse_streaminfo(const uint8_t *info, struct bc_track *track)
{
    struct bc_bits b = bc_bits_init(info, STREAMINFO_BYTES, false);
    uint32_t least = bc_bits_read(&b, 16);
    uint32_t greatest = bc_bits_read(&b, 16);
    bc_bits_skip(&b, 48);
    track->sample_rate = bc_bits_read(&b, 20);
    track->channels = bc_bits_read(&b, 3) + 1;
    uint32_t bits = bc_bits_read(&b, 5) + 1;
    track->frame_samples = least == greatest ? greatest : 0;
    return track->sample_rate > 0 && least >= BLOCK_MIN_SAMPLES && greatest >= least
        && bits >= BITS_MIN;
}

struct bc_track *
bc_flac_track(const uint8_t *data, size_t len)
{
    const uint8_t *info = len <= BC_CONFIG_MAX_BYTES ? find_streaminfo(data, len) : NULL;
    if (!info) {
        return NULL;
    }
    // dfLa (Encapsulation of FLAC in ISOBMFF 3.3.2) with this block as its last.
    uint8_t config[4 + BLOCK_HEAD_BYTES + STREAMINFO_BYTES]
        = { 0, 0, 0, 0, 0x80, 0, 0, STREAMINFO_BYTES };
    memcpy(config + 4 + BLOCK_HEAD_BYTES, info, STREAMINFO_BYTES);
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, BC_CODEC_FLAC);
    if (!track || !parse_streaminfo(info, track)
        || !bc_params_keep_config(track, config, sizeof(config))) {
        bc_track_unref(&track);
        return NULL;
    }
    memcpy(track->codec_string, "fLaC", sizeof("fLaC"));
    return track;
}
