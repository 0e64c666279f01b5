// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_RTMP_METADATA_H
#define PROTOCOL_RTMP_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bc_writer;

// What onMetaData says about a broadcast. All are hints (RTMP-68): the codec headers are
// right where both exist. Zero means unknown.
struct bc_rtmp_metadata {
    bool has_video;
    bool has_audio;
    uint32_t width;
    uint32_t height;
    double framerate;
    double video_kbps;
    double audio_kbps;
    uint32_t video_codec; // an FLV codec id (7 AVC, 12 HEVC) or a FourCC number ('hvc1')
    uint32_t audio_codec; // an FLV sound format (10 AAC) or a FourCC number
    uint32_t audio_sample_rate;
    bool stereo;
    char encoder[64]; // "obs-output module ..."; "" when absent
};

#define BC_RTMP_FOURCC(a, b, c, d) \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

// Reads a script message ("onMetaData", then an object or ECMA array; a leading
// "@setDataFrame" is skipped). Numbers may be strings, codecs may be names ("avc1",
// "mp4a"), FourCC numbers or FLV ids; values out of range count as unknown. Returns 0, or
// -ENOENT when it is another script message, -EINVAL when it is broken, -ENOMEM.
int
bc_rtmp_metadata_parse(struct bc_rtmp_metadata *md, const uint8_t *data, size_t len);

// Appends "onMetaData" and an ECMA array of what is known, for players. No duration:
// live.
void
bc_rtmp_metadata_write(struct bc_writer *w, const struct bc_rtmp_metadata *md);

#endif
