// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_FLV_H
#define BENCH_FLV_H

#include "util.h"

enum {
    BC_FLV_AUDIO = 8,
    BC_FLV_VIDEO = 9,
    BC_FLV_SCRIPT = 18,
    BC_FLV_TAG_HEADER = 11,
};

// What the first two bytes of a tag's body (or an RTMP message) say.
struct bc_flv_kind {
    bool media; // a frame, not a sequence header or metadata
    bool video;
    bool key;
};

struct bc_flv_kind bc_flv_kind_of(uint8_t type, const uint8_t *body, size_t n);

struct bc_flv_callbacks {
    // A piece of a tag's body, in order.
    void (*on_bytes)(void *userdata, uint8_t type, const uint8_t *p, size_t n);
    // The tag is complete; `head` are its first two bytes.
    void (*on_tag)(void *userdata, uint8_t type, uint32_t ts_ms, const uint8_t *head,
                   size_t head_len);
};

// Follows an FLV stream that comes in any pieces, without copying it.
// Zero-initialised = at its start.
struct bc_flv_reader {
    uint8_t header[15];
    size_t header_len;
    bool started;
    uint8_t type;
    uint32_t ts_ms;
    uint32_t body_left;
    bool in_body;
    uint8_t head[2];
    size_t head_len;
};

// 0, or -EPROTO when it is not FLV.
int bc_flv_feed(struct bc_flv_reader *r, const uint8_t *p, size_t n,
                const struct bc_flv_callbacks *cbs, void *userdata);

#endif
