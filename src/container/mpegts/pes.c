// SPDX-License-Identifier: Apache-2.0
// The head of a PES packet, ISO/IEC 13818-1 2.4.3.6:
//
//   000001 stream_id(8) | length(16) | 10 scrambling(2) ....(4) | PTS DTS ......(6)
//   | head length(8) | PTS(40) | DTS(40) | ...
#include "pes.h"

#include <errno.h>

#include "base/reader.h"
#include "ts.h"

#define HAS_PTS 0x80
#define HAS_DTS 0x40

// 00..(4) 32..30 1 | 29..22 | 21..15 1 | 14..7 | 6..0 1
static uint64_t
read_stamp(struct bc_reader *r)
{
    uint64_t v = bc_read_be(r, 5);
    return (v >> 3 & 0x1c0000000) | (v >> 2 & 0x3fff8000) | (v >> 1 & 0x7fff);
}

// Streams whose packets have no such head (table 2-21): maps, padding, private_stream_2,
// ECM, EMM, directory, DSM-CC, H.222.1 type E.
static bool
has_no_head(uint8_t id)
{
    return id == 0xbc || id == 0xbe || id == 0xbf || id == 0xf0 || id == 0xf1
        || id == 0xf2 || id == 0xf8 || id == 0xff;
}

int
bc_ts_pes_parse(const uint8_t *data, size_t len, struct bc_ts_pes *out)
{
    if (len < TS_PES_HEAD_BYTES) {
        return 0;
    }
    struct bc_reader r = bc_reader_init(data, len);
    uint32_t code = bc_read_u24(&r);
    uint8_t id = bc_read_u8(&r);
    uint16_t length = bc_read_u16(&r);
    uint8_t marks = bc_read_u8(&r);
    uint8_t flags = bc_read_u8(&r);
    uint8_t more = bc_read_u8(&r);
    if (code != 1 || has_no_head(id) || (marks & 0xc0) != 0x80) {
        return -EINVAL;
    }
    if (marks & 0x30) {
        return -ENOTSUP;
    }
    if (bc_reader_left(&r) < more) {
        return 0;
    }
    struct bc_reader stamps = bc_read_sub(&r, more);
    *out = (struct bc_ts_pes){ .head_bytes = TS_PES_HEAD_BYTES + (size_t)more };
    if (flags & HAS_PTS) {
        out->pts = read_stamp(&stamps);
        out->dts = flags & HAS_DTS ? read_stamp(&stamps) : out->pts;
        out->has_pts = !stamps.failed;
    }
    unsigned head = more + 3u;
    out->body_bytes = length > head ? length - head : 0;
    return 1;
}
