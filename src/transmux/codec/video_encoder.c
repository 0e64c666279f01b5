// SPDX-License-Identifier: Apache-2.0
#include "video_encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transmux/codec.h"

#define KEY_EVERY_US 2000000
#define QUALITY "23" // x264's usual one; the rate is only a limit
#define RATE_MIN_BPS 800000
#define RATE_MAX_BPS 6000000
#define PIXELS_720P (1280 * 720)
#define PIXELS_1080P (1920 * 1080)
#define FPS_MAX 120
#define FPS_USUAL 30

int
video_encoder_init(struct video_encoder *e, const struct codec_sink *sink)
{
    memset(e, 0, sizeof(*e));
    e->sink = *sink;
    e->last_pts_us = -1;
    e->packet = av_packet_alloc();
    e->like = av_frame_alloc();
    return e->packet && e->like ? 0 : -ENOMEM;
}

static void
close_codec(struct video_encoder *e)
{
    avcodec_free_context(&e->ctx);
    av_frame_free(&e->converted);
    sws_freeContext(e->sws);
    e->sws = NULL;
    bc_track_unref(&e->track);
}

void
video_encoder_finish(struct video_encoder *e)
{
    close_codec(e);
    av_packet_free(&e->packet);
    av_frame_free(&e->like);
}

// --- opening ---

static int64_t
limit_rate(int64_t bps)
{
    return bps < RATE_MIN_BPS ? RATE_MIN_BPS : bps > RATE_MAX_BPS ? RATE_MAX_BPS : bps;
}

static void
set_rate(AVCodecContext *ctx, int64_t bps)
{
    ctx->rc_max_rate = bps;
    ctx->rc_buffer_size = (int)bps; // one second
}

void
video_encoder_set_rate(struct video_encoder *e, int64_t bits_per_second)
{
    int64_t bps = limit_rate(bits_per_second);
    e->wish.bits_per_second = bps;
    // x264 notices by itself; small changes are not worth it.
    if (e->ctx && llabs(bps - e->ctx->rc_max_rate) > e->ctx->rc_max_rate / 5) {
        set_rate(e->ctx, bps);
    }
}

static const char *
preset_for(int pixels)
{
    return pixels >= PIXELS_1080P ? "ultrafast"
        : pixels >= PIXELS_720P   ? "superfast"
                                  : "veryfast";
}

// x264 takes 4:2:0 with 8 bits and even sizes.
static bool
needs_conversion(const AVFrame *f)
{
    bool fits = f->format == AV_PIX_FMT_YUV420P || f->format == AV_PIX_FMT_YUVJ420P;
    return !fits || f->width % 2 != 0 || f->height % 2 != 0;
}

static void
set_picture(AVCodecContext *ctx, const AVFrame *f)
{
    ctx->width = f->width & ~1;
    ctx->height = f->height & ~1;
    ctx->pix_fmt = needs_conversion(f) ? AV_PIX_FMT_YUV420P : f->format;
    ctx->sample_aspect_ratio = f->sample_aspect_ratio;
    ctx->color_range = f->color_range;
    ctx->color_primaries = f->color_primaries;
    ctx->color_trc = f->color_trc;
    ctx->colorspace = f->colorspace;
    ctx->chroma_sample_location = f->chroma_location;
}

static int
open_codec(struct video_encoder *e, const AVFrame *f)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    e->ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!e->ctx) {
        return codec ? -ENOMEM : -ENOENT;
    }
    AVCodecContext *ctx = e->ctx;
    bool known = e->wish.fps > 0 && e->wish.fps <= FPS_MAX;
    int fps = known ? e->wish.fps : FPS_USUAL;
    int pixels = f->width * f->height;
    set_picture(ctx, f);
    // The tune makes x264 count pictures instead of looking at their times.
    ctx->time_base = (AVRational){ 1, fps };
    ctx->framerate = (AVRational){ fps, 1 };
    ctx->gop_size = fps * 4; // keyframes are asked for; this is for when nobody does
    ctx->max_b_frames = 0;
    ctx->thread_count = e->wish.threads > 0 ? e->wish.threads
        : pixels >= PIXELS_720P             ? 2
                                            : 1;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    set_rate(ctx,
        e->wish.preset ? e->wish.bits_per_second : limit_rate(e->wish.bits_per_second));
    av_opt_set(ctx->priv_data, "preset",
        e->wish.preset ? e->wish.preset : preset_for(pixels), 0);
    av_opt_set(ctx->priv_data, "tune", "zerolatency", 0);
    av_opt_set(ctx->priv_data, "profile", e->wish.high ? "high" : "main", 0);
    av_opt_set(ctx->priv_data, "crf", QUALITY, 0);
    av_opt_set_int(ctx->priv_data, "forced-idr", 1, 0);
    av_opt_set_int(ctx->priv_data, "sc_threshold", 0, 0);
    av_opt_set_int(ctx->priv_data, "a53cc", 0, 0);
    return avcodec_open2(ctx, codec, NULL) < 0 ? -EINVAL : 0;
}

static int
open_conversion(struct video_encoder *e, const AVFrame *f)
{
    AVCodecContext *ctx = e->ctx;
    e->sws = sws_getContext(f->width, f->height, f->format, ctx->width, ctx->height,
        ctx->pix_fmt, SWS_BILINEAR, NULL, NULL, NULL);
    e->converted = av_frame_alloc();
    if (!e->sws || !e->converted) {
        return -EINVAL;
    }
    e->converted->width = ctx->width;
    e->converted->height = ctx->height;
    e->converted->format = ctx->pix_fmt;
    return av_frame_get_buffer(e->converted, 0) < 0 ? -ENOMEM : 0;
}

static bool
looks_alike(const AVFrame *a, const AVFrame *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format
        && a->color_range == b->color_range && a->color_primaries == b->color_primaries
        && a->color_trc == b->color_trc && a->colorspace == b->colorspace
        && a->chroma_location == b->chroma_location
        && av_cmp_q(a->sample_aspect_ratio, b->sample_aspect_ratio) == 0;
}

static int
open_for(struct video_encoder *e, const AVFrame *f)
{
    close_codec(e);
    int err = open_codec(e, f);
    if (err == 0 && needs_conversion(f)) {
        err = open_conversion(e, f);
    }
    if (err == 0) {
        e->track = bc_annexb_track(e->ctx->extradata, (size_t)e->ctx->extradata_size);
        err = e->track ? 0 : -ENOMEM;
    }
    if (err != 0) {
        close_codec(e);
        return err;
    }
    av_frame_unref(e->like);
    e->like->width = f->width;
    e->like->height = f->height;
    e->like->format = f->format;
    return av_frame_copy_props(e->like, f) < 0 ? -ENOMEM : 0;
}

// --- encoding ---

static void
give_packet(struct video_encoder *e, const struct video_place *place)
{
    struct bc_buf *buf = bc_annexb_slices(e->packet->data, (size_t)e->packet->size);
    struct bc_packet *p =
        buf ? bc_packet_create(BC_KIND_VIDEO, e->track, buf, buf->data, buf->len) : NULL;
    if (!p) {
        bc_buf_unref(&buf);
        e->last_key_us = place->pts_us - KEY_EVERY_US; // what follows needs one
        return;
    }
    bool key = (e->packet->flags & AV_PKT_FLAG_KEY) != 0;
    p->flags = place->flags | (key ? BC_PACKET_KEY : 0);
    p->epoch = place->epoch;
    p->dts_us = place->pts_us;
    p->pts_us = place->pts_us;
    p->arrived_us = place->arrived_us;
    if (key) {
        e->last_key_us = place->pts_us;
    }
    e->sink.on_packet(e->sink.user, p);
}

static AVFrame *
convert(struct video_encoder *e, AVFrame *f)
{
    AVFrame *to = e->converted;
    if (!e->sws) {
        return f;
    }
    if (av_frame_make_writable(to) < 0
        || sws_scale(e->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height,
               to->data, to->linesize)
            < 0) {
        return NULL;
    }
    return to;
}

int
video_encoder_encode(
    struct video_encoder *e, AVFrame *picture, const struct video_place *place, bool key)
{
    if (place->pts_us <= e->last_pts_us) {
        return 0;
    }
    if (!e->ctx || !looks_alike(picture, e->like)) {
        int err = open_for(e, picture);
        if (err != 0) {
            return err;
        }
        key = true;
    }
    AVFrame *f = convert(e, picture);
    if (!f) {
        return 0;
    }
    key = key || place->epoch != e->last_epoch
        || place->pts_us - e->last_key_us >= KEY_EVERY_US;
    f->pts = e->count++;
    f->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    e->last_epoch = place->epoch;
    e->last_pts_us = place->pts_us;
    if (avcodec_send_frame(e->ctx, f) == 0) {
        while (avcodec_receive_packet(e->ctx, e->packet) == 0) {
            give_packet(e, place);
            av_packet_unref(e->packet);
        }
    }
    return 0;
}
