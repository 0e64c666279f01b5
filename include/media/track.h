// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_TRACK_H
#define MEDIA_TRACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/colour.h"

enum bc_kind {
    BC_KIND_NONE,
    BC_KIND_VIDEO,
    BC_KIND_AUDIO,
    BC_KIND_SCRIPT,
    BC_KIND_CUE, // a cue of the channel itself: its JSON, before the first frame that has it
};

enum bc_codec {
    BC_CODEC_NONE,
    BC_CODEC_AVC,
    BC_CODEC_HEVC,
    BC_CODEC_AV1,
    BC_CODEC_VP8,
    BC_CODEC_VP9,
    BC_CODEC_AAC,
    BC_CODEC_OPUS,
    BC_CODEC_MP3,
    BC_CODEC_FLAC,
    BC_CODEC_AC3,
    BC_CODEC_EAC3,
    BC_CODEC_PCMA,
    BC_CODEC_PCMU,
};

#define BC_CODEC_STRING 48

// The parameters of one elementary stream. Immutable and reference-counted once
// published; a change of format is a new track. Shared by packets, muxers and threads.
struct bc_track {
    atomic_uint refs;
    enum bc_kind kind;
    enum bc_codec codec;
    // The decoder configuration record as the containers carry it: avcC, hvcC, av1C, vpcC
    // with version and flags, the AudioSpecificConfig, OpusHead, dfLa with version and
    // flags, dac3, dec3. May be NULL (VP8, MP3, G.711). Owned.
    struct bc_buf *config;
    char codec_string[BC_CODEC_STRING]; // RFC 6381, e.g. "avc1.64001f", "mp4a.40.2"

    // Video. The cropped picture; 0 where unknown.
    uint32_t width;
    uint32_t height;
    uint32_t fps_num; // from the stream's own timing information; 0/0 where it has none
    uint32_t fps_den;
    // How many frames may be reordered, from the SPS; -1 unknown, 0 means no B-frames.
    int reorder_frames;
    struct bc_colour colour;

    // Audio.
    uint32_t sample_rate; // of the decoded sound, Hz
    uint32_t channels;
    uint32_t
        frame_samples; // samples of sample_rate in one packet (AAC 1024); 0 where it varies
};

// A zeroed track with count 1, to be filled before it is shared; NULL without memory.
struct bc_track *
bc_track_create(enum bc_kind kind, enum bc_codec codec);

// The same with colours told by the host, with count 1; NULL without memory.
struct bc_track *
bc_track_with_colour(const struct bc_track *track, const struct bc_colour *colour);

struct bc_track *
bc_track_ref(struct bc_track *track);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_track_unref(struct bc_track **holder);

// Same codec, size, colours and configuration bytes: an encoder that repeats its headers changes
// nothing.
bool
bc_track_equal(const struct bc_track *a, const struct bc_track *b);

// "h264", "hevc", "aac" ...; for logs and the API.
const char *
bc_codec_name(enum bc_codec codec);

// The track of a decoder configuration record. NULL when the bytes make no sense, a limit
// is exceeded, or there is no memory. AVCDecoderConfigurationRecord, ISO/IEC 14496-15
// 5.3.3.
struct bc_track *
bc_avc_track(const uint8_t *avcc, size_t len);

// HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 8.3.3.
struct bc_track *
bc_hevc_track(const uint8_t *hvcc, size_t len);

// AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1, with explicit or implicit SBR and PS.
struct bc_track *
bc_aac_track(const uint8_t *asc, size_t len);

#endif
