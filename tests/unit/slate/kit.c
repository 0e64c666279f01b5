// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FPS 25
#define SIDE_X 320
#define SIDE_Y 180
#define RATE 44100
#define TONE_HZ 440.0

static char path[256];

static const char *
place(const char *name)
{
    snprintf(path, sizeof(path), "/tmp/bc_slate_%ld_%s", (long)getpid(), name);
    return path;
}

const char *
kit_file(const char *name, const void *data, size_t len)
{
    FILE *f = fopen(place(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    return path;
}

static AVFrame *
make_frame(int format, int width, int height)
{
    AVFrame *f = av_frame_alloc();
    f->format = format;
    f->width = width;
    f->height = height;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    return f;
}

static void
paint(AVFrame *f, int luma)
{
    if (f->format == AV_PIX_FMT_RGB24) {
        for (int y = 0; y < f->height; y++) {
            memset(f->data[0] + y * f->linesize[0], luma, (size_t)f->width * 3);
        }
        return;
    }
    for (int p = 0; p < 3; p++) {
        int rows = p > 0 ? f->height / 2 : f->height;
        memset(f->data[p], p > 0 ? 128 : luma, (size_t)(rows * f->linesize[p]));
    }
}

const char *
kit_image(const char *name, const char *codec_name, int width, int height, int luma)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(codec_name);
    assert_non_null(codec);
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    bool png = strcmp(codec_name, "png") == 0;
    ctx->width = width;
    ctx->height = height;
    ctx->pix_fmt = png ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_YUVJ420P;
    ctx->time_base = (AVRational){ 1, FPS };
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    AVFrame *f = make_frame(ctx->pix_fmt, width, height);
    paint(f, luma);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(avcodec_send_frame(ctx, f), 0);
    avcodec_send_frame(ctx, NULL);
    assert_int_equal(avcodec_receive_packet(ctx, packet), 0);
    kit_file(name, packet->data, (size_t)packet->size);
    av_packet_free(&packet);
    av_frame_free(&f);
    avcodec_free_context(&ctx);
    return path;
}

// --- a video ---

struct maker {
    AVFormatContext *format;
    AVCodecContext *ctx[2]; // picture, sound
    AVPacket *packet;
};

static void
add_stream(struct maker *m, int index, AVCodecContext *ctx)
{
    if (m->format->oformat->flags & AVFMT_GLOBALHEADER) {
        ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    assert_int_equal(avcodec_open2(ctx, ctx->codec, NULL), 0);
    AVStream *stream = avformat_new_stream(m->format, NULL);
    avcodec_parameters_from_context(stream->codecpar, ctx);
    stream->time_base = ctx->time_base;
    m->ctx[index] = ctx;
}

static void
open_maker(struct maker *m, bool with_sound)
{
    assert_true(avformat_alloc_output_context2(&m->format, NULL, "matroska", path) >= 0);
    AVCodecContext *ctx =
        avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));
    ctx->width = SIDE_X;
    ctx->height = SIDE_Y;
    ctx->pix_fmt = AV_PIX_FMT_YUV420P;
    ctx->time_base = (AVRational){ 1, FPS };
    ctx->framerate = (AVRational){ FPS, 1 };
    ctx->thread_count = 1;
    av_opt_set(ctx->priv_data, "preset", "ultrafast", 0);
    add_stream(m, 0, ctx);
    if (with_sound) {
        ctx = avcodec_alloc_context3(avcodec_find_encoder_by_name("aac"));
        ctx->sample_rate = RATE;
        ctx->sample_fmt = AV_SAMPLE_FMT_FLTP;
        ctx->time_base = (AVRational){ 1, RATE };
        av_channel_layout_default(&ctx->ch_layout, 1);
        add_stream(m, 1, ctx);
    }
    assert_true(avio_open(&m->format->pb, path, AVIO_FLAG_WRITE) >= 0);
    assert_true(avformat_write_header(m->format, NULL) >= 0);
    m->packet = av_packet_alloc();
}

static void
encode(struct maker *m, int index, AVFrame *f)
{
    assert_int_equal(avcodec_send_frame(m->ctx[index], f), 0);
    while (avcodec_receive_packet(m->ctx[index], m->packet) == 0) {
        m->packet->stream_index = index;
        av_packet_rescale_ts(m->packet, m->ctx[index]->time_base,
            m->format->streams[index]->time_base);
        assert_int_equal(av_interleaved_write_frame(m->format, m->packet), 0);
    }
}

static void
encode_tone(struct maker *m, int64_t samples)
{
    for (int64_t at = 0; at < samples; at += 1024) {
        AVFrame *f = av_frame_alloc();
        f->format = AV_SAMPLE_FMT_FLTP;
        f->nb_samples = 1024;
        f->sample_rate = RATE;
        av_channel_layout_default(&f->ch_layout, 1);
        assert_int_equal(av_frame_get_buffer(f, 0), 0);
        f->pts = at;
        for (int i = 0; i < 1024; i++) {
            ((float *)f->data[0])[i] =
                0.3f * sinf((float)(2 * M_PI * TONE_HZ * (double)(at + i) / RATE));
        }
        encode(m, 1, f);
        av_frame_free(&f);
    }
}

const char *
kit_movie(const char *name, int pictures, bool with_sound)
{
    struct maker m = { 0 };
    place(name);
    open_maker(&m, with_sound);
    for (int i = 0; i < pictures; i++) {
        AVFrame *f = make_frame(AV_PIX_FMT_YUV420P, SIDE_X, SIDE_Y);
        paint(f, 200 - i * 100 / pictures);
        f->pts = i;
        encode(&m, 0, f);
        av_frame_free(&f);
    }
    encode(&m, 0, NULL);
    if (with_sound) {
        encode_tone(&m, (int64_t)pictures * RATE / FPS);
        encode(&m, 1, NULL);
    }
    av_write_trailer(m.format);
    avio_closep(&m.format->pb);
    avcodec_free_context(&m.ctx[0]);
    avcodec_free_context(&m.ctx[1]);
    av_packet_free(&m.packet);
    avformat_free_context(m.format);
    return path;
}

// --- decoding ---

void
kit_decoder_open(struct kit_decoder *d, const struct bc_track *track)
{
    const AVCodec *codec =
        avcodec_find_decoder_by_name(track->kind == BC_KIND_VIDEO ? "h264" : "aac");
    d->ctx = avcodec_alloc_context3(codec);
    d->frame = av_frame_alloc();
    d->ctx->extradata = av_mallocz(track->config->len + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(d->ctx->extradata, track->config->data, track->config->len);
    d->ctx->extradata_size = (int)track->config->len;
    d->ctx->thread_count = 1;
    d->ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
    d->ctx->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_COMPLIANT;
    assert_int_equal(avcodec_open2(d->ctx, codec, NULL), 0);
}

const AVFrame *
kit_decode(struct kit_decoder *d, const uint8_t *data, size_t len)
{
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(av_new_packet(packet, (int)len), 0);
    memcpy(packet->data, data, len);
    assert_int_equal(avcodec_send_packet(d->ctx, packet), 0);
    av_packet_free(&packet);
    assert_int_equal(avcodec_receive_frame(d->ctx, d->frame), 0);
    assert_int_equal(d->frame->decode_error_flags, 0);
    return d->frame;
}

void
kit_decoder_close(struct kit_decoder *d)
{
    avcodec_free_context(&d->ctx);
    av_frame_free(&d->frame);
}

int
kit_luma(const AVFrame *f, int x, int y, int width, int height)
{
    int64_t sum = 0;
    int64_t count = 0;
    for (int j = f->height * y / 16; j < f->height * (y + height) / 16; j++) {
        for (int i = f->width * x / 16; i < f->width * (x + width) / 16; i++) {
            sum += f->data[0][j * f->linesize[0] + i];
            count++;
        }
    }
    return (int)(sum / count);
}

uint64_t
kit_sum(const AVFrame *f)
{
    uint64_t sum = 0;
    for (int p = 0; p < 3; p++) {
        int rows = p > 0 ? f->height / 2 : f->height;
        int columns = p > 0 ? f->width / 2 : f->width;
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                sum = sum * 31 + f->data[p][y * f->linesize[p] + x];
            }
        }
    }
    return sum;
}
