// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_NAL_TYPES_H
#define MEDIA_NAL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/track.h"

// NAL unit types of H.264 (table 7-1) and H.265 (table 7-1), and those that RFC 6184 and
// RFC 7798 add.
enum {
    AVC_NAL_IDR = 5,
    AVC_NAL_SEI = 6,
    AVC_NAL_SPS = 7,
    AVC_NAL_PPS = 8,
    AVC_NAL_AUD = 9,
    AVC_NAL_FILLER = 12,
    AVC_NAL_LAST = 23,
    AVC_STAP_A = 24,
    AVC_FU_A = 28,

    HEVC_NAL_IRAP_FIRST = 16,
    HEVC_NAL_CRA = 21,
    HEVC_NAL_VPS = 32,
    HEVC_NAL_SPS = 33,
    HEVC_NAL_PPS = 34,
    HEVC_NAL_AUD = 35,
    HEVC_NAL_FILLER = 38,
    HEVC_NAL_LAST = 47,
    HEVC_AP = 48,
    HEVC_FU = 49,
};

static inline uint8_t
bc_nal_sps_type(enum bc_codec codec)
{
    return codec == BC_CODEC_HEVC ? HEVC_NAL_SPS : AVC_NAL_SPS;
}

static inline uint8_t
bc_nal_pps_type(enum bc_codec codec)
{
    return codec == BC_CODEC_HEVC ? HEVC_NAL_PPS : AVC_NAL_PPS;
}

// A slice with which decoding can start.
static inline bool
bc_nal_is_key(enum bc_codec codec, uint8_t type)
{
    return codec == BC_CODEC_HEVC ? type >= HEVC_NAL_IRAP_FIRST && type <= HEVC_NAL_CRA
                                  : type == AVC_NAL_IDR;
}

// Not: delimiters, ends of sequence and stream, filler; numbers that no NAL unit has.
static inline bool
bc_nal_is_useful(enum bc_codec codec, uint8_t type)
{
    if (codec == BC_CODEC_HEVC) {
        return type <= HEVC_NAL_LAST && (type < HEVC_NAL_AUD || type > HEVC_NAL_FILLER);
    }
    return type >= 1 && type <= AVC_NAL_LAST
        && (type < AVC_NAL_AUD || type > AVC_NAL_FILLER);
}

static inline bool
bc_nal_is_set(enum bc_codec codec, uint8_t type)
{
    return codec == BC_CODEC_HEVC ? type >= HEVC_NAL_VPS && type <= HEVC_NAL_PPS
                                  : type == AVC_NAL_SPS || type == AVC_NAL_PPS;
}

static inline bool
bc_nal_is_slice(enum bc_codec codec, uint8_t type)
{
    return codec == BC_CODEC_HEVC
        ? type <= 9 || (type >= HEVC_NAL_IRAP_FIRST && type <= HEVC_NAL_CRA)
        : type >= 1 && type <= AVC_NAL_IDR;
}

static inline uint8_t
bc_nal_type(enum bc_codec codec, const uint8_t *unit)
{
    return codec == BC_CODEC_HEVC ? unit[0] >> 1 & 0x3f : unit[0] & 0x1f;
}

static inline size_t
bc_nal_head_bytes(enum bc_codec codec)
{
    return codec == BC_CODEC_HEVC ? 2 : 1;
}

#endif
