// SPDX-License-Identifier: Apache-2.0
#include "flv.h"

#include <errno.h>
#include <string.h>

enum {
    FILE_HEADER_LEN = 9 + 4, // with the first PreviousTagSize
    TRAILER_LEN = 4,         // PreviousTagSize after a tag
    CODEC_AVC = 7,
    CODEC_HEVC = 12,
    SOUND_AAC = 10,
};

static struct bc_flv_kind
video_kind(const uint8_t *body, size_t n)
{
    struct bc_flv_kind kind = {.video = true};
    if (body[0] & 0x80) { // enhanced RTMP: packet type in the low bits
        int packet = body[0] & 15;
        kind.media = packet == 1 || packet == 3;
        kind.key = kind.media && (body[0] >> 4 & 7) == 1;
        return kind;
    }
    int codec = body[0] & 15;
    bool has_packet_type = codec == CODEC_AVC || codec == CODEC_HEVC;
    kind.media = !(has_packet_type && (n < 2 || body[1] != 1)) && body[0] >> 4 != 5;
    kind.key = kind.media && body[0] >> 4 == 1;
    return kind;
}

struct bc_flv_kind
bc_flv_kind_of(uint8_t type, const uint8_t *body, size_t n)
{
    struct bc_flv_kind kind = {0};
    if (n && type == BC_FLV_VIDEO) {
        return video_kind(body, n);
    }
    if (n && type == BC_FLV_AUDIO) {
        kind.media = !(body[0] >> 4 == SOUND_AAC && (n < 2 || body[1] == 0));
    }
    return kind;
}

//  9 bytes  "FLV" version flags offset
//  4 bytes  0, then per tag:
//  1 type | 3 size | 3 timestamp | 1 timestamp high | 3 stream id | body | 4 previous
//  size
static int
on_header(struct bc_flv_reader *r)
{
    r->header_len = 0;
    if (!r->started) {
        r->started = true;
        return memcmp(r->header, "FLV\1", 4) ? -EPROTO : 0;
    }
    r->type = r->header[0] & 31;
    r->body_left = bc_read24(r->header + 1);
    r->ts_ms = bc_read24(r->header + 4) | (uint32_t)r->header[7] << 24;
    r->head_len = 0;
    r->in_body = true;
    bool known =
        r->type == BC_FLV_AUDIO || r->type == BC_FLV_VIDEO || r->type == BC_FLV_SCRIPT;
    return known ? 0 : -EPROTO;
}

static size_t
feed_body(struct bc_flv_reader *r, const uint8_t *p, size_t n,
          const struct bc_flv_callbacks *cbs, void *userdata)
{
    size_t take = n < r->body_left ? n : r->body_left;
    for (size_t i = 0; i < take && r->head_len < sizeof(r->head); i++) {
        r->head[r->head_len++] = p[i];
    }
    if (cbs->on_bytes && take) {
        cbs->on_bytes(userdata, r->type, p, take);
    }
    r->body_left -= (uint32_t)take;
    if (!r->body_left) {
        r->in_body = false;
        r->header_len = 0;
        cbs->on_tag(userdata, r->type, r->ts_ms, r->head, r->head_len);
    }
    return take;
}

int
bc_flv_feed(struct bc_flv_reader *r, const uint8_t *p, size_t n,
            const struct bc_flv_callbacks *cbs, void *userdata)
{
    size_t at = 0;
    while (at < n || (r->in_body && !r->body_left)) {
        if (r->in_body) {
            at += feed_body(r, p + at, n - at, cbs, userdata);
            continue;
        }
        // Between two tags stands the previous one's size: read with the next header.
        size_t skip = r->type ? TRAILER_LEN : 0;
        size_t want = r->started ? skip + BC_FLV_TAG_HEADER : FILE_HEADER_LEN;
        r->header[r->header_len++] = p[at++];
        if (r->header_len < want) {
            continue;
        }
        memmove(r->header, r->header + skip, want - skip);
        int error = on_header(r);
        if (error) {
            return error;
        }
    }
    return 0;
}
