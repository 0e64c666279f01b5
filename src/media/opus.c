// SPDX-License-Identifier: Apache-2.0
// OpusHead, RFC 7845 5.1, little-endian:
//
//   "OpusHead" | version=1 | channels | pre-skip(16) | input rate(32) | gain(16)
//   | mapping family | other than 0: streams | coupled | a byte for each channel
#include <string.h>

#include "media/track_build.h"
#include "params.h"

#define HEAD_BYTES 19
#define MAGIC_BYTES 8
#define MAPPING_HEAD_BYTES 2
#define OPUS_RATE 48000
#define FRAME_SAMPLES 960 // 20 ms, what encoders send unless told otherwise

struct bc_track *
bc_opus_track(const uint8_t *head, size_t len)
{
    if (len < HEAD_BYTES || len > BC_CONFIG_MAX_BYTES
        || memcmp(head, "OpusHead", MAGIC_BYTES) != 0 || (head[8] & 0xf0) != 0) {
        return NULL;
    }
    unsigned channels = head[9];
    unsigned family = head[18];
    if (channels == 0 || (family == 0 && channels > 2)
        || (family != 0 && len < HEAD_BYTES + MAPPING_HEAD_BYTES + channels)) {
        return NULL;
    }
    struct bc_track *track = bc_track_create(BC_KIND_AUDIO, BC_CODEC_OPUS);
    if (!track || !bc_params_keep_config(track, head, len)) {
        bc_track_unref(&track);
        return NULL;
    }
    memcpy(track->codec_string, "opus", sizeof("opus"));
    track->sample_rate = OPUS_RATE;
    track->channels = channels;
    track->frame_samples = FRAME_SAMPLES;
    return track;
}

struct bc_track *
bc_opus_track_simple(unsigned channels)
{
    uint8_t head[HEAD_BYTES] = {
        'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, (uint8_t)channels, //
        0x38, 0x01, // 312 samples of pre-skip
        0x80, 0xbb, 0x00, 0x00, // 48000
        0, 0, 0, // gain, mapping family
    };
    return channels == 1 || channels == 2 ? bc_opus_track(head, sizeof(head)) : NULL;
}
