// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_TRACKS_H
#define RELAY_INPUT_TRACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

// From what containers carry to tracks and payloads as this server keeps them.

// By the codec's configuration record (avcC, hvcC, av1C, vpcC, AudioSpecificConfig,
// OpusHead, STREAMINFO). NULL for codecs without one, and when it makes no sense.
struct bc_track *
input_track_of_config(enum bc_codec codec, const uint8_t *config, size_t len);

// By a frame itself, where the stream brings its parameters along: parameter sets in an
// access unit of 4-byte lengths, a keyframe of VP8, VP9 or AV1, a frame of MP3, AC-3 or of
// AAC with ADTS. NULL: this frame tells nothing.
struct bc_track *
input_track_of_frame(enum bc_codec codec, const uint8_t *frame, size_t len);

// A frame as it goes into a packet. Points into the frame or into `rewritten`.
struct input_payload {
    const uint8_t *data;
    size_t len;
    struct bc_buf *rewritten; // owned; NULL: the frame as it stands
    uint32_t flags;           // enum bc_packet_flag
};

// `length_size`: of the NAL units, 0 when there are start codes or none of these; `key`: what the container says,
// for codecs that are not looked into. False: it holds nothing of use.
bool
input_payload_make(enum bc_codec codec, const uint8_t *frame, size_t len,
    unsigned length_size, bool key, struct input_payload *out);

// Bytes of the ADTS header in front of an AAC frame; 0: there is none.
size_t
input_adts_header(const uint8_t *frame, size_t len);

#endif
