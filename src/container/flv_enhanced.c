// SPDX-License-Identifier: Apache-2.0
#include "flv_enhanced.h"

#include <errno.h>

#include "flv_ids.h"

//   size-1 (8) [size-1 (16) if size is 256] | data (size) | ModEx type (4) | next type (4)
int
flv_ex_parse_mods(struct bc_reader *r, struct flv_ex_head *head)
{
    for (unsigned i = 0; head->packet_type == FLV_EX_MOD_EX; i++) {
        size_t size = bc_read_u8(r) + 1u;
        if (size == 256) {
            size = bc_read_u16(r) + 1u;
        }
        struct bc_reader data = bc_read_sub(r, size);
        uint8_t types = bc_read_u8(r);
        if (r->failed || i >= FLV_MODEX_MAX) {
            return -EINVAL;
        }
        if (types >> 4 == FLV_MODEX_TIMESTAMP_NANO && size >= 3) {
            head->pts_offset_ns = bc_read_u24(&data) % 1000000;
        }
        head->packet_type = types & 0xf;
    }
    return 0;
}

int
flv_ex_parse_layout(
    struct bc_reader *r, unsigned multitrack_type, struct flv_ex_head *head)
{
    head->multitrack = head->packet_type == multitrack_type;
    if (head->multitrack) {
        uint8_t types = bc_read_u8(r);
        head->layout = types >> 4;
        head->packet_type = types & 0xf;
        // One level only; ModEx stands before Multitrack, never inside.
        if (head->layout > FLV_MULTITRACK_MANY_CODECS
            || head->packet_type == multitrack_type
            || head->packet_type == FLV_EX_MOD_EX) {
            return -EINVAL;
        }
    }
    if (!head->multitrack || head->layout != FLV_MULTITRACK_MANY_CODECS) {
        head->fourcc = bc_read_u32(r);
    }
    return r->failed ? -EINVAL : 0;
}

//   [FourCC (32)] | track id (8) | [size (24)] | bytes
int
flv_ex_parse_track(struct bc_reader *r, unsigned layout, uint8_t *track_id,
    uint32_t *fourcc, struct bc_reader *track)
{
    if (layout == FLV_MULTITRACK_MANY_CODECS) {
        *fourcc = bc_read_u32(r);
    }
    *track_id = bc_read_u8(r);
    size_t size = layout == FLV_MULTITRACK_ONE ? bc_reader_left(r) : bc_read_u24(r);
    *track = bc_read_sub(r, size);
    return r->failed ? -EINVAL : 0;
}
