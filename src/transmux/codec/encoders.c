// SPDX-License-Identifier: Apache-2.0
// The encoders without the jobs around them, for who makes pictures and sound himself.
#include <stdlib.h>

#include "audio_encoder.h"
#include "transmux/codec.h"
#include "video_encoder.h"

#define STEREO 2

struct bc_video_encoder {
    struct video_encoder encoder;
};

struct bc_audio_encoder {
    struct audio_encoder encoder;
};

struct bc_video_encoder *
bc_video_encoder_create(
    const struct bc_video_wish *wish, const struct bc_encoder_sink *sink)
{
    struct bc_video_encoder *e = calloc(1, sizeof(*e));
    struct codec_sink inner = { sink->on_packet, sink->user };
    if (e && video_encoder_init(&e->encoder, &inner) != 0) {
        bc_video_encoder_destroy(e);
        return NULL;
    }
    if (e) {
        e->encoder.wish = *wish;
    }
    return e;
}

void
bc_video_encoder_destroy(struct bc_video_encoder *e)
{
    if (e) {
        video_encoder_finish(&e->encoder);
        free(e);
    }
}

int
bc_video_encoder_encode(
    struct bc_video_encoder *e, AVFrame *picture, int64_t pts_us, bool key)
{
    struct video_place place = { .pts_us = pts_us, .arrived_us = pts_us };
    return video_encoder_encode(&e->encoder, picture, &place, key);
}

struct bc_audio_encoder *
bc_audio_encoder_create(int64_t bits_per_second, const struct bc_encoder_sink *sink)
{
    struct bc_audio_encoder *e = calloc(1, sizeof(*e));
    struct codec_sink inner = { sink->on_packet, sink->user };
    if (!e) {
        return NULL;
    }
    audio_encoder_init(&e->encoder, BC_CODEC_AAC, &inner);
    e->encoder.bits_per_second = bits_per_second;
    if (audio_encoder_open(&e->encoder, STEREO) != 0) {
        bc_audio_encoder_destroy(e);
        return NULL;
    }
    return e;
}

void
bc_audio_encoder_destroy(struct bc_audio_encoder *e)
{
    if (e) {
        audio_encoder_finish(&e->encoder);
        free(e);
    }
}

int
bc_audio_encoder_write(struct bc_audio_encoder *e, const float *samples, int64_t count)
{
    return audio_encoder_write(&e->encoder, samples, count);
}

int
bc_audio_encoder_jump(struct bc_audio_encoder *e, int64_t pts_us)
{
    return audio_encoder_jump(&e->encoder, audio_samples(pts_us));
}
