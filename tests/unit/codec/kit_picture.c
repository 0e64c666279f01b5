// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kit.h"
#include "media/nalu.h"
#include "media/track_build.h"
#include "transmux/codec/ffmpeg.h"

// The place in the middle of a picture that is all of one brightness.
#define PATCH 32

// The sanitizers ask for these by name. x265 does not free all that it has, and its
// threads write beside each other. Whole servers have a longer list of races (flow.c).
const char *
__lsan_default_suppressions(void);
__attribute__((weak)) const char *
__tsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
    return "leak:libx265";
}

const char *
__tsan_default_suppressions(void)
{
    return "race:libx265";
}

int
kit_luma(int number)
{
    return 40 + number * 7 % 160;
}

static void
put(AVFrame *f, int plane, int x, int y, int value)
{
    uint8_t *row = f->data[plane] + y * f->linesize[plane];
    if (f->format == AV_PIX_FMT_YUV420P10) {
        ((uint16_t *)row)[x] = (uint16_t)(value * 4);
    } else {
        row[x] = (uint8_t)value;
    }
}

static void
draw(AVFrame *f, const struct kit_picture *v, int number)
{
    unsigned seed = (unsigned)number * 2654435761u + 1;
    for (int y = 0; y < f->height; y++) {
        for (int x = 0; x < f->width; x++) {
            seed = seed * 1664525u + 1013904223u;
            bool patch = abs(x - f->width / 2) < PATCH && abs(y - f->height / 2) < PATCH;
            int noise = v->noise ? (int)(seed >> 27) : 0;
            int slope = (x + y + number * 2) % 128;
            put(f, 0, x, y, patch ? kit_luma(number) : 60 + slope + noise);
        }
    }
    for (int y = 0; y < f->height / 2; y++) {
        for (int x = 0; x < f->width / 2; x++) {
            put(f, 1, x, y, 100);
            put(f, 2, x, y, 150);
        }
    }
}

// The track of an encoder's parameter sets, which have start codes of 4 bytes.
static struct bc_track *
picture_track(const AVCodecContext *ctx, bool hevc)
{
    struct bc_param_set units[8];
    unsigned count = 0;
    const uint8_t *x = ctx->extradata;
    for (int i = 0; i + 4 <= ctx->extradata_size && count < 8; i++) {
        if (memcmp(x + i, "\0\0\0\1", 4) == 0) {
            if (count > 0) {
                units[count - 1].len = (size_t)(x + i - units[count - 1].data);
            }
            units[count++].data = x + i + 4;
        }
    }
    assert_true(count >= (hevc ? 3 : 2));
    units[count - 1].len = (size_t)(x + ctx->extradata_size - units[count - 1].data);
    struct bc_param_sets sets = { .vps = units,
        .vps_count = 1,
        .sps = units + hevc,
        .sps_count = 1,
        .pps = units + hevc + 1,
        .pps_count = 1 };
    struct bc_track *track =
        hevc ? bc_hevc_track_from_sets(&sets) : bc_avc_track_from_sets(&sets);
    assert_non_null(track);
    return track;
}

static AVCodecContext *
open_encoder(const struct kit_picture *v)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(v->hevc ? "libx265" : "libx264");
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    ctx->width = v->width;
    ctx->height = v->height;
    ctx->pix_fmt = v->hevc ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
    ctx->time_base = (AVRational){ 1, v->fps };
    ctx->framerate = (AVRational){ v->fps, 1 };
    ctx->gop_size = v->gop;
    ctx->max_b_frames = v->b_frames;
    ctx->colorspace = AVCOL_SPC_BT709;
    ctx->color_primaries = AVCOL_PRI_BT709;
    ctx->color_trc = AVCOL_TRC_BT709;
    ctx->color_range = AVCOL_RANGE_MPEG;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(ctx->priv_data, "preset", "superfast", 0);
    av_opt_set(
        ctx->priv_data, "x265-params", "log-level=none:pools=1:b-adapt=0:crf=18", 0);
    av_opt_set(ctx->priv_data, "x264-params", "b-pyramid=normal:b-adapt=0:scenecut=0", 0);
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    return ctx;
}

static void
keep_picture(struct kit_packets *out, const struct kit_picture *v, const AVPacket *pkt,
    struct bc_track *track)
{
    struct bc_buf *buf = NULL;
    assert_int_equal(bc_nalu_normalise(pkt->data, (size_t)pkt->size, 4, &buf), 0);
    assert_non_null(buf);
    struct bc_packet *p =
        bc_packet_create(BC_KIND_VIDEO, track, buf, buf->data, buf->len);
    // x264 begins with a decode time of -2 pictures.
    int64_t shift = v->b_frames > 0 ? 2 : 0;
    p->pts_us = v->start_us + (pkt->pts + shift) * 1000000 / v->fps;
    p->dts_us = v->start_us + (pkt->dts + shift) * 1000000 / v->fps;
    p->flags = (pkt->flags & AV_PKT_FLAG_KEY) ? BC_PACKET_KEY : 0;
    p->flags |= (pkt->flags & AV_PKT_FLAG_DISPOSABLE) ? BC_PACKET_DISPOSABLE : 0;
    p->epoch = v->epoch;
    kit_keep(out, p);
}

void
kit_make_picture(struct kit_packets *out, const struct kit_picture *v)
{
    AVCodecContext *ctx = open_encoder(v);
    struct bc_track *track = picture_track(ctx, v->hevc);
    AVFrame *f = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    f->width = v->width;
    f->height = v->height;
    f->format = ctx->pix_fmt;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int i = 0; i <= v->frames; i++) {
        av_frame_make_writable(f);
        draw(f, v, i);
        f->pts = i;
        assert_int_equal(avcodec_send_frame(ctx, i < v->frames ? f : NULL), 0);
        while (avcodec_receive_packet(ctx, pkt) == 0) {
            keep_picture(out, v, pkt, track);
            av_packet_unref(pkt);
        }
    }
    av_packet_free(&pkt);
    av_frame_free(&f);
    bc_track_unref(&track);
    avcodec_free_context(&ctx);
}

// --- playing ---

static AVCodecContext *
open_decoder(const struct bc_track *track)
{
    const AVCodec *codec = avcodec_find_decoder_by_name("h264");
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    ctx->extradata = av_mallocz(track->config->len + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(ctx->extradata, track->config->data, track->config->len);
    ctx->extradata_size = (int)track->config->len;
    ctx->pkt_timebase = (AVRational){ 1, 1000000 };
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    return ctx;
}

static void
look_at(struct kit_pictures *out, const AVFrame *f)
{
    assert_true(out->count < KIT_PACKETS);
    int sum = 0;
    for (int y = -8; y < 8; y++) {
        for (int x = -8; x < 8; x++) {
            sum += f->data[0][(f->height / 2 + y) * f->linesize[0] + f->width / 2 + x];
        }
    }
    struct kit_shown *s = &out->items[out->count++];
    s->pts_us = f->pts;
    s->width = f->width;
    s->height = f->height;
    s->luma = sum / 256;
    s->is_b = f->pict_type == AV_PICTURE_TYPE_B;
    s->is_709 = f->colorspace == AVCOL_SPC_BT709;
}

void
kit_play_picture(const struct kit_packets *packets, struct kit_pictures *out)
{
    const struct bc_track *track = NULL;
    AVCodecContext *ctx = NULL;
    AVFrame *f = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    out->count = 0;
    for (unsigned i = 0; i <= packets->count; i++) {
        struct bc_packet *p = i < packets->count ? packets->items[i] : NULL;
        if (ctx && (!p || p->track != track)) {
            avcodec_send_packet(ctx, NULL);
            while (avcodec_receive_frame(ctx, f) == 0) {
                look_at(out, f);
            }
            avcodec_free_context(&ctx);
        }
        if (!p) {
            break;
        }
        track = p->track;
        ctx = ctx ? ctx : open_decoder(track);
        pkt->data = (uint8_t *)p->data;
        pkt->size = (int)p->len;
        pkt->pts = p->pts_us;
        assert_int_equal(avcodec_send_packet(ctx, pkt), 0);
        while (avcodec_receive_frame(ctx, f) == 0) {
            look_at(out, f);
        }
    }
    av_packet_free(&pkt);
    av_frame_free(&f);
}
