// SPDX-License-Identifier: Apache-2.0
#include "decode.h"

#include <errno.h>
#include <string.h>

#include "container/cmaf_read.h"

// A keyframe of a picture of the largest size stays far below.
#define SAMPLE_MAX (32 << 20)
#define CONFIG_MAX (1 << 20)
#define BOXES_BEFORE_MOOF 8
#define MOOF 0x6d6f6f66u

// --- decoders ---

static const AVCodec *
find_decoder(enum bc_codec codec)
{
    switch (codec) {
    case BC_CODEC_AVC:
        return avcodec_find_decoder_by_name("h264");
    case BC_CODEC_HEVC:
        return avcodec_find_decoder_by_name("hevc");
    case BC_CODEC_VP9:
        return avcodec_find_decoder_by_name("vp9");
    case BC_CODEC_AV1:
        // FFmpeg's own AV1 needs hardware.
        return avcodec_find_decoder_by_name("libdav1d");
    default:
        return NULL;
    }
}

static void
set_limits(AVCodecContext *ctx)
{
    ctx->thread_count = 1;
    ctx->max_pixels = PICTURE_PIXELS_MAX;
    ctx->skip_frame = AVDISCARD_NONKEY;
    ctx->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
    ctx->pkt_timebase = (AVRational){ 1, BC_CMAF_VIDEO_TIMESCALE };
}

static AVCodecContext *
open_decoder(const AVCodec *codec, const struct bc_buf *config)
{
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    if (!ctx) {
        return NULL;
    }
    set_limits(ctx);
    if (config && config->len > 0 && config->len <= CONFIG_MAX) {
        ctx->extradata = av_mallocz(config->len + AV_INPUT_BUFFER_PADDING_SIZE);
        if (!ctx->extradata) {
            avcodec_free_context(&ctx);
            return NULL;
        }
        memcpy(ctx->extradata, config->data, config->len);
        ctx->extradata_size = (int)config->len;
    }
    if (avcodec_open2(ctx, codec, NULL) < 0) {
        avcodec_free_context(&ctx);
    }
    return ctx;
}

// A picture of which parts were made up is none.
static bool
is_whole(const AVFrame *f)
{
    return f->decode_error_flags == 0 && !(f->flags & AV_FRAME_FLAG_CORRUPT) && f->data[0]
        && f->width > 1 && f->height > 1 && f->width <= PICTURE_SIDE_MAX
        && f->height <= PICTURE_SIDE_MAX && sws_isSupportedInput(f->format);
}

static int
decode_with(AVCodecContext *ctx, const uint8_t *data, size_t len, AVFrame *out)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet || av_new_packet(packet, (int)len) < 0) {
        av_packet_free(&packet);
        return -ENOMEM;
    }
    memcpy(packet->data, data, len);
    packet->flags |= AV_PKT_FLAG_KEY;
    int err = avcodec_send_packet(ctx, packet);
    av_packet_free(&packet);
    if (err == 0) {
        avcodec_send_packet(ctx, NULL); // nothing follows, so nothing is waited for
        err = avcodec_receive_frame(ctx, out);
    }
    if (err == 0 && is_whole(out)) {
        return 0;
    }
    av_frame_unref(out);
    return err == AVERROR(ENOMEM) ? -ENOMEM : -EINVAL;
}

// --- the sample ---

// Finds the first sync sample of the movie's picture.
struct search {
    size_t track;
    bool found;
    struct bc_cmaf_read_sample sample;
};

static bool
look_at(void *user, const struct bc_cmaf_read_sample *sample)
{
    struct search *s = user;
    s->found = sample->track == s->track && sample->sync && sample->len > 0;
    if (s->found) {
        s->sample = *sample;
    }
    return !s->found;
}

// The moof of a part, which other boxes may stand before. False: there is none, or not whole.
static bool
find_moof(const uint8_t *part, size_t len, size_t *at, size_t *bytes)
{
    *at = 0;
    for (int i = 0; i < BOXES_BEFORE_MOOF; i++) {
        struct bc_cmaf_box box;
        if (bc_cmaf_box_read(part + *at, len - *at, &box) != 0 || box.size > len - *at) {
            return false;
        }
        *bytes = (size_t)box.size;
        if (box.type == MOOF) {
            return true;
        }
        *at += *bytes;
    }
    return false;
}

static int
find_sample(const struct bc_cmaf_movie *movie, size_t track, const uint8_t *part,
    size_t len, struct search *s)
{
    size_t at;
    size_t bytes;
    *s = (struct search){ .track = track };
    if (!find_moof(part, len, &at, &bytes)) {
        return -EINVAL;
    }
    int err = bc_cmaf_moof_read(part + at, bytes, movie, look_at, s);
    if (err != 0 && !s->found) {
        return -EINVAL;
    }
    if (!s->found) {
        return -ENOENT;
    }
    size_t left = len - at;
    bool inside = s->sample.len <= SAMPLE_MAX && s->sample.offset <= left
        && s->sample.len <= left - s->sample.offset;
    s->sample.offset += at;
    return inside ? 0 : -EINVAL;
}

// The place of the picture's track; the count when there is none.
static size_t
find_track(const struct bc_cmaf_movie *movie)
{
    size_t i = 0;
    while (i < movie->count && movie->tracks[i].track->kind != BC_KIND_VIDEO) {
        i++;
    }
    return i;
}

static int
read_movie(const uint8_t *init, size_t len, struct bc_cmaf_movie *movie, size_t *track,
    const AVCodec **codec)
{
    int err = bc_cmaf_movie_read(init, len, movie);
    if (err != 0) {
        return err;
    }
    *track = find_track(movie);
    if (*track == movie->count) {
        bc_cmaf_movie_finish(movie);
        return -ENOENT;
    }
    const struct bc_track *t = movie->tracks[*track].track;
    *codec = find_decoder(t->codec);
    if (!*codec || t->width > PICTURE_SIDE_MAX || t->height > PICTURE_SIDE_MAX) {
        bc_cmaf_movie_finish(movie);
        return -ENOTSUP;
    }
    return 0;
}

bool
picture_can_decode(const uint8_t *init, size_t init_len)
{
    struct bc_cmaf_movie movie;
    const AVCodec *codec;
    size_t track;
    if (read_movie(init, init_len, &movie, &track, &codec) != 0) {
        return false;
    }
    bc_cmaf_movie_finish(&movie);
    return true;
}

int
picture_decode(const uint8_t *init, size_t init_len, const uint8_t *part, size_t part_len,
    AVFrame *out)
{
    struct bc_cmaf_movie movie;
    const AVCodec *codec;
    struct search s;
    size_t track;
    int err = read_movie(init, init_len, &movie, &track, &codec);
    if (err != 0) {
        return err;
    }
    err = find_sample(&movie, track, part, part_len, &s);
    if (err == 0) {
        AVCodecContext *ctx = open_decoder(codec, movie.tracks[track].track->config);
        err = ctx ? decode_with(ctx, part + s.sample.offset, s.sample.len, out) : -EINVAL;
        avcodec_free_context(&ctx);
    }
    bc_cmaf_movie_finish(&movie);
    return err;
}

int
picture_decode_jpeg(const uint8_t *jpeg, size_t len, AVFrame *out)
{
    const AVCodec *codec = avcodec_find_decoder_by_name("mjpeg");
    if (!codec || len == 0 || len > SAMPLE_MAX) {
        return -EINVAL;
    }
    AVCodecContext *ctx = open_decoder(codec, NULL);
    int err = ctx ? decode_with(ctx, jpeg, len, out) : -ENOMEM;
    avcodec_free_context(&ctx);
    return err;
}
