// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_VIDEO_ENCODER_H
#define TRANSMUX_CODEC_VIDEO_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include "ffmpeg.h"
#include "job.h"
#include "transmux/codec.h"

// What a picture has besides its pixels.
struct video_place {
    int64_t pts_us;
    int64_t arrived_us;
    uint32_t epoch;
    uint32_t flags; // BC_PACKET_NEW_EPOCH
};

// Pictures become AVC packets without reordering: one in, one out. Part of a video job;
// its thread only.
struct video_encoder {
    struct codec_sink sink;
    struct bc_video_wish wish; // looked at when the encoder opens
    AVCodecContext *ctx; // owned; NULL until the first picture
    AVPacket *packet; // owned
    AVFrame *converted; // owned; for pixels that x264 is not given as they are
    struct SwsContext *sws; // owned
    struct bc_track *track; // shared, by every packet made
    AVFrame *like; // owned; properties, without pixels, that it was opened for
    int64_t count; // of pictures, which is x264's clock
    int64_t last_pts_us;
    int64_t last_key_us;
    uint32_t last_epoch;
};

int
video_encoder_init(struct video_encoder *e, const struct codec_sink *sink);

void
video_encoder_finish(struct video_encoder *e);

// The limit changes for a running encoder too.
void
video_encoder_set_rate(struct video_encoder *e, int64_t bits_per_second);

// Encodes the picture, which may be changed. One whose time does not rise is left out. 0
// or negative errno: the encoder cannot be opened.
int
video_encoder_encode(
    struct video_encoder *e, AVFrame *picture, const struct video_place *place, bool key);

#endif
