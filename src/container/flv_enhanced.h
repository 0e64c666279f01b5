// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_FLV_ENHANCED_H
#define CONTAINER_FLV_ENHANCED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"

// What stands between the first byte of an enhanced body and its tracks; the same for
// video and audio but for the number that means Multitrack. Lives on the parser's stack.
struct flv_ex_head {
    uint8_t packet_type; // of every track in the body
    bool multitrack;
    uint8_t layout;  // FLV_MULTITRACK_x
    uint32_t fourcc; // 0 when each track has its own
    uint32_t pts_offset_ns;
};

// The ModEx loop (RTMP-83). Goes on at head->packet_type, which the caller took from the
// first byte. 0 or -EINVAL.
int
flv_ex_parse_mods(struct bc_reader *r, struct flv_ex_head *head);

// Multitrack's byte and the FourCC that all tracks share (RTMP-84). 0 or -EINVAL.
int
flv_ex_parse_layout(
    struct bc_reader *r, unsigned multitrack_type, struct flv_ex_head *head);

// The next track: its id, its FourCC if it has one of its own, and a reader over its
// bytes. 0 or -EINVAL.
int
flv_ex_parse_track(struct bc_reader *r, unsigned layout, uint8_t *track_id,
    uint32_t *fourcc, struct bc_reader *track);

#endif
