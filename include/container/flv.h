// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_FLV_H
#define CONTAINER_FLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/writer.h"
#include "media/packet.h"
#include "media/track.h"

// FLV's VIDEODATA and AUDIODATA, which are also the bodies of RTMP's messages 9 and 8,
// and the file format around them. Legacy (Adobe FLV 10.1, annex E) and enhanced (veovera
// E-RTMP v2).

enum bc_flv_tag { BC_FLV_TAG_AUDIO = 8, BC_FLV_TAG_VIDEO = 9, BC_FLV_TAG_SCRIPT = 18 };

// What one body (or one track of a multitrack body) carries.
enum bc_flv_type {
    BC_FLV_NONE,
    BC_FLV_SEQUENCE_HEADER, // payload: avcC, hvcC, av1C, AudioSpecificConfig, OpusHead
    BC_FLV_FRAMES,
    BC_FLV_SEQUENCE_END, // no sample (RTMP-65)
    BC_FLV_METADATA, // AMF (colorInfo), or the sound's channels; its time is no time
    BC_FLV_COMMAND,  // frame type 5: one byte, no sample
    BC_FLV_EMPTY,    // nothing in it: silence, or an encoder's hiccup (RTMP-62, RTMP-67)
    BC_FLV_UNKNOWN,  // a packet type that has no meaning here; skip it
};

// One VIDEODATA as parsed. Points into the parsed bytes; lives on the parser's stack.
struct bc_flv_video {
    enum bc_codec codec; // NONE for metadata and commands without one
    enum bc_flv_type type;
    uint32_t codec_id; // legacy id, or the FourCC as a big-endian number; for logs
    bool enhanced;
    bool key;         // frame type 1 (or 4); only a hint, the NAL units tell the truth
    bool disposable;  // frame type 3
    bool multitrack;  // came inside a Multitrack packet, as track `track_id`
    uint8_t track_id; // 0 outside of Multitrack
    int32_t cts_ms;   // composition time, may be negative
    uint32_t pts_offset_ns; // ModEx TimestampOffsetNano, to be added to pts only
    const uint8_t *payload;
    size_t len;
    // For bc_flv_next_video(): the tracks that follow in the same body.
    const uint8_t *rest;
    size_t rest_len;
    uint8_t layout;      // of Multitrack
    uint8_t packet_type; // enhanced
};

struct bc_flv_audio {
    enum bc_codec codec;
    enum bc_flv_type type;
    uint32_t codec_id; // legacy SoundFormat, or the FourCC
    bool enhanced;
    bool multitrack;
    uint8_t track_id;
    uint32_t pts_offset_ns;
    // Of the legacy header; hints for MP3 and G.711, meaningless for AAC (RTMP-66).
    uint32_t sample_rate;
    uint32_t channels;
    const uint8_t *payload;
    size_t len;
    const uint8_t *rest;
    size_t rest_len;
    uint8_t layout;
    uint8_t packet_type;
};

// 0; -EINVAL when the bytes are cut short or contradict themselves; -ENOTSUP for a codec
// that this server does not know (`codec_id` tells which). An empty body is BC_FLV_EMPTY,
// not an error.
int
bc_flv_parse_video(const uint8_t *data, size_t len, struct bc_flv_video *out);

int
bc_flv_parse_audio(const uint8_t *data, size_t len, struct bc_flv_audio *out);

// Moves on to the next track of a multitrack body: 1 there was one, 0 the body is done
// (at once without Multitrack), or an error as above. After -ENOTSUP one may go on.
int
bc_flv_next_video(struct bc_flv_video *v);

int
bc_flv_next_audio(struct bc_flv_audio *a);

// How HEVC is written: enhanced RTMP's FourCC, or the id 12 that Chinese players know.
enum bc_flv_hevc { BC_FLV_HEVC_ENHANCED, BC_FLV_HEVC_ID12 };

#define BC_FLV_HEAD_MAX 8

// The bytes of a body that stand before the packet's payload. Returns their number, 0
// when FLV has no form for the codec. Script packets have none and give 0 too.
size_t
bc_flv_packet_head(
    const struct bc_packet *packet, enum bc_flv_hevc hevc, uint8_t out[BC_FLV_HEAD_MAX]);

// Whether FLV and RTMP can carry this codec.
bool
bc_flv_has_codec(enum bc_codec codec);

// What onMetaData calls the track's codec: FLV's id, or the FourCC as a number; 0 for
// what FLV cannot carry.
uint32_t
bc_flv_codec_id(const struct bc_track *track, enum bc_flv_hevc hevc);

// The whole body of a track's sequence header. False, with nothing written, when the
// codec has no sequence header in FLV (MP3, G.711, AC-3) or the track has no
// configuration.
bool
bc_flv_write_config(
    struct bc_writer *w, const struct bc_track *track, enum bc_flv_hevc hevc);

// Milliseconds of a tag or message that starts at this media time; negative times become
// 0. Wraps modulo 2^32 as RTMP does.
static inline uint32_t
bc_flv_ms(int64_t us)
{
    return us > 0 ? (uint32_t)(uint64_t)((us + 500) / 1000) : 0;
}

// The file header with PreviousTagSize0: 13 bytes. The flags must be true (FLV-2).
#define BC_FLV_HEADER_BYTES 13

void
bc_flv_write_header(struct bc_writer *w, bool has_audio, bool has_video);

#define BC_FLV_TAG_HEAD_BYTES 11
#define BC_FLV_TAG_MAX_BYTES 0xffffff

// The 11 bytes before a tag's body. A tag ends with its PreviousTagSize, 11 + body_len,
// in 4 bytes.
void
bc_flv_tag_head(enum bc_flv_tag tag, uint32_t ms, size_t body_len,
    uint8_t out[BC_FLV_TAG_HEAD_BYTES]);

// One whole tag, head to PreviousTagSize; its body is the pieces in a row. A body over
// BC_FLV_TAG_MAX_BYTES makes the writer fail.
void
bc_flv_write_tag(struct bc_writer *w, enum bc_flv_tag tag, uint32_t ms,
    const struct iovec *pieces, size_t count);

// A packet as a whole tag at its dts; nothing when FLV has no form for its codec.
void
bc_flv_write_packet(
    struct bc_writer *w, const struct bc_packet *packet, enum bc_flv_hevc hevc);

#endif
