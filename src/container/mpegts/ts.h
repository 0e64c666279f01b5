// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_TS_H
#define CONTAINER_MPEGTS_TS_H

#include <stdint.h>

#include "container/mpegts.h"

// Numbers of ISO/IEC 13818-1 that reading and writing share.

enum {
    TS_SYNC = 0x47,
    TS_HEAD_BYTES = 4,
    TS_PAYLOAD_MAX = BC_TS_PACKET_BYTES - TS_HEAD_BYTES,

    TS_PID_PAT = 0,
    TS_PID_NULL = 0x1fff,

    TS_TABLE_PAT = 0,
    TS_TABLE_PMT = 2,

    TS_TYPE_MPEG1_AUDIO = 0x03,
    TS_TYPE_MPEG2_AUDIO = 0x04,
    TS_TYPE_PRIVATE = 0x06, // the descriptors tell
    TS_TYPE_ADTS = 0x0f,
    TS_TYPE_LATM = 0x11,
    TS_TYPE_AVC = 0x1b,
    TS_TYPE_HEVC = 0x24,
    TS_TYPE_AC3 = 0x81, // ATSC A/53
    TS_TYPE_EAC3 = 0x87,

    TS_DESC_REGISTRATION = 0x05,
    TS_DESC_AC3 = 0x6a, // DVB, ETSI EN 300 468 annex D
    TS_DESC_EAC3 = 0x7a,
    TS_DESC_EXTENSION = 0x7f,
    TS_DESC_EXT_OPUS = 0x80,

    TS_PES_HEAD_BYTES = 9,
    TS_TICK_BITS = 33,
};

#define TS_ID(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define TS_ID_OPUS TS_ID('O', 'p', 'u', 's')
#define TS_ID_AC3 TS_ID('A', 'C', '-', '3')
#define TS_ID_EAC3 TS_ID('E', 'A', 'C', '3')
#define TS_ID_HEVC TS_ID('H', 'E', 'V', 'C')

// CRC-32 of ISO/IEC 13818-1 annex A; 0 over a section with its own CRC.
uint32_t
bc_ts_crc32(const uint8_t *data, size_t len);

// Ticks of 90 kHz and microseconds, rounded so that ticks survive the way there and back.
int64_t
bc_ts_ticks_to_us(int64_t ticks);

int64_t
bc_ts_us_to_ticks(int64_t us);

#endif
