// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/reader.h"
#include "depay_feed.h"

// codec | flags | largest payload - 200 | length of the track's record | record | access
// unit
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum bc_codec CODECS[] = { BC_CODEC_AVC, BC_CODEC_HEVC, BC_CODEC_AV1,
        BC_CODEC_VP8, BC_CODEC_VP9, BC_CODEC_OPUS };
    struct bc_reader r = bc_reader_init(data, len);
    enum bc_codec codec = CODECS[bc_read_u8(&r) % 6];
    uint32_t flags = bc_read_u8(&r) & 3;
    size_t max = 200u + bc_read_u8(&r);
    size_t config_len = bc_read_u8(&r);
    const uint8_t *config = bc_read_bytes(&r, config_len);
    if (r.failed) {
        return 0;
    }
    struct bc_track *track = bc_track_create(BC_KIND_VIDEO, codec);
    track->config = config_len > 0 ? bc_buf_copy(config, config_len) : NULL;
    struct bc_buf *buf = bc_buf_copy(r.p, bc_reader_left(&r));
    struct bc_packet *p
        = bc_packet_create(BC_KIND_VIDEO, track, buf, buf->data, buf->len);
    struct bc_rtp_packetiser packetiser = { 0 };
    p->flags = flags;
    struct bc_rtp_frame *frame = bc_rtp_packetise(&packetiser, p, max);
    if (frame) {
        check_frame(frame, max);
    }
    bc_rtp_frame_unref(&frame);
    bc_rtp_packetiser_finish(&packetiser);
    bc_packet_unref(&p);
    bc_track_unref(&track);
    return 0;
}
