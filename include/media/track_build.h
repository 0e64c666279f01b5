// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_TRACK_BUILD_H
#define MEDIA_TRACK_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/track.h"

// Tracks of streams that bring no decoder configuration record (RTP, MPEG-TS): the record
// is made from what the stream itself says. Each function returns NULL when the bytes
// make no sense, a limit is exceeded, or there is no memory.

// A parameter set: one NAL unit without start code or length. Points into somebody's
// bytes.
struct bc_param_set {
    const uint8_t *data;
    size_t len;
};

// What belongs into one record; the first SPS tells the picture.
struct bc_param_sets {
    const struct bc_param_set *vps; // HEVC
    unsigned vps_count;
    const struct bc_param_set *sps;
    unsigned sps_count;
    const struct bc_param_set *pps;
    unsigned pps_count;
};

// avcC from at most 31 SPS and 255 PPS.
struct bc_track *
bc_avc_track_from_sets(const struct bc_param_sets *sets);

// hvcC.
struct bc_track *
bc_hevc_track_from_sets(const struct bc_param_sets *sets);

// From a keyframe (RFC 6386 9.1). "vp8", without configuration.
struct bc_track *
bc_vp8_track(const uint8_t *frame, size_t len);

// From a keyframe's uncompressed header (VP9 bitstream 6.2). The configuration is the
// payload of a vpcC box, its version and flags included; the level is that of the
// picture's size at 30 frames a second, as the stream does not tell it.
struct bc_track *
bc_vp9_track(const uint8_t *frame, size_t len);

// Whether a frame is a keyframe (frame tag, uncompressed header).
bool
bc_vp8_is_key(const uint8_t *frame, size_t len);

bool
bc_vp9_is_key(const uint8_t *frame, size_t len);

// From a sequence header OBU, with or without its size field (AV1 bitstream 5.5). The
// configuration is the payload of an av1C box with that OBU in it.
struct bc_track *
bc_av1_track(const uint8_t *obu, size_t len);

// From an av1C payload (AV1 codec ISO media file format binding 2.3.3); the sequence header
// OBU in it tells the picture.
struct bc_track *
bc_av1_track_from_config(const uint8_t *av1c, size_t len);

// From a vpcC payload with its version and flags (VP codec ISO media file format binding);
// it does not tell the picture's size, which stays 0 until a keyframe is looked at.
struct bc_track *
bc_vp9_track_from_config(const uint8_t *vpcc, size_t len);

// From "fLaC" and the STREAMINFO block (RFC 9639 8.2), or the block alone. The configuration
// is the payload of a dfLa box, its version and flags included.
struct bc_track *
bc_flac_track(const uint8_t *data, size_t len);

// From a sync frame, AC-3 or E-AC-3 by its bsid (ETSI TS 102 366 4.4, E.1.2). The
// configuration is the payload of a dac3 or dec3 box.
struct bc_track *
bc_ac3_track(const uint8_t *frame, size_t len);

// From the header of an MPEG audio frame, layer III or II (ISO/IEC 11172-3 2.4.1.3); without
// configuration. The codec is BC_CODEC_MP3 for both.
struct bc_track *
bc_mpeg_audio_track(const uint8_t *frame, size_t len);

// From an OpusHead (RFC 7845 5.1).
struct bc_track *
bc_opus_track(const uint8_t *head, size_t len);

// For one or two channels at 48 kHz with 20 ms in a packet, as WebRTC sends it.
struct bc_track *
bc_opus_track_simple(unsigned channels);

#endif
