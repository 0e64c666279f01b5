// SPDX-License-Identifier: Apache-2.0
// The header of an MPEG audio frame (ISO/IEC 11172-3 2.4.1.3, 13818-3, and the half rates
// of "MPEG-2.5"):
//
//   sync=7ff(11) version(2) layer(2) no_crc(1) | bitrate(4) rate(2) padding(1) private(1)
//   | mode(2) ...
#include <string.h>

#include "base/bits.h"
#include "media/track_build.h"

#define SYNC 0x7ff
#define VERSION_25 0
#define VERSION_RESERVED 1
#define VERSION_1 3
#define LAYER_2 2
#define LAYER_3 1
#define BITRATE_FORBIDDEN 15
#define MODE_MONO 3

struct bc_track *
bc_mpeg_audio_track(const uint8_t *frame, size_t len)
{
    static const uint32_t RATES[3] = { 44100, 48000, 32000 };
    struct bc_bits b = bc_bits_init(frame, len, false);
    uint32_t sync = bc_bits_read(&b, 11);
    uint32_t version = bc_bits_read(&b, 2);
    uint32_t layer = bc_bits_read(&b, 2);
    bc_bits_skip(&b, 1);
    uint32_t bitrate = bc_bits_read(&b, 4);
    uint32_t rate = bc_bits_read(&b, 2);
    bc_bits_skip(&b, 2);
    uint32_t mode = bc_bits_read(&b, 2);
    if (b.failed || sync != SYNC || version == VERSION_RESERVED || rate > 2
        || bitrate == BITRATE_FORBIDDEN || (layer != LAYER_2 && layer != LAYER_3)) {
        return NULL;
    }
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, BC_CODEC_MP3);
    if (!track) {
        return NULL;
    }
    unsigned half = version == VERSION_1 ? 0 : version == VERSION_25 ? 2 : 1;
    track->sample_rate = RATES[rate] >> half;
    track->channels = mode == MODE_MONO ? 1 : 2;
    track->frame_samples = layer == LAYER_3 && half > 0 ? 576 : 1152;
    // Object types 34 and 33 of ISO/IEC 14496-3 are layers III and II.
    const char *name = layer == LAYER_3 ? "mp4a.40.34" : "mp4a.40.33";
    memcpy(track->codec_string, name, sizeof("mp4a.40.34"));
    return track;
}
