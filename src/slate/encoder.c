// SPDX-License-Identifier: Apache-2.0
// x264 with settings that give the same parameter sets whatever the effort, so that slates of
// one format can follow each other without new headers. No CABAC: the pictures that repeat
// another one are written by us (skip.c), and the PPS tells of both.
#include "encoder.h"

#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "media/annexb.h"
#include "media/nal_types.h"

// At 720p a megabit; larger pictures need less for each pixel.
#define RATE_LEAST_BPS 400000
#define RATE_720P_MORE_BPS 600000

static const char *
profile_name(int profile)
{
    return profile == 66 ? "baseline" : profile == 77 ? "main" : "high";
}

static void
set_rate(AVCodecContext *ctx)
{
    int64_t pixels = (int64_t)ctx->width * ctx->height;
    ctx->rc_max_rate = RATE_LEAST_BPS + RATE_720P_MORE_BPS * pixels / (1280 * 720);
    ctx->rc_buffer_size = (int)ctx->rc_max_rate * 2;
}

static void
set_options(AVCodecContext *ctx, const struct slate_format *f, enum slate_effort effort,
    int quality)
{
    static const char *const PRESETS[] = { "", "medium", "superfast", "ultrafast" };
    char params[256];
    // x264 calls it Main only where something of it is used, be it with weights of 1.
    (void)snprintf(params, sizeof(params),
        "cabac=0:ref=1:bframes=0:weightp=%d:8x8dct=%d:psy=0:scenecut=0:open-gop=0:"
        "stitchable=1:force-cfr=1:rc-lookahead=0:sync-lookahead=0:mbtree=0:keyint=%d:"
        "min-keyint=1",
        f->profile == 77, f->profile == 100, f->gop);
    av_opt_set(ctx->priv_data, "preset", PRESETS[effort], 0);
    av_opt_set(ctx->priv_data, "profile", profile_name(f->profile), 0);
    av_opt_set(ctx->priv_data, "x264-params", params, 0);
    av_opt_set_double(ctx->priv_data, "crf", quality, 0);
    av_opt_set_int(ctx->priv_data, "forced-idr", 1, 0);
}

static void
set_picture(AVCodecContext *ctx, const struct slate_format *f)
{
    ctx->width = f->width;
    ctx->height = f->height;
    ctx->pix_fmt = AV_PIX_FMT_YUV420P;
    ctx->color_range = AVCOL_RANGE_MPEG;
    ctx->colorspace = AVCOL_SPC_BT709;
    ctx->color_primaries = AVCOL_PRI_BT709;
    ctx->color_trc = AVCOL_TRC_BT709;
    ctx->framerate = (AVRational){ f->fps_num, f->fps_den };
    ctx->time_base = av_inv_q(ctx->framerate);
    ctx->level = f->level;
    ctx->gop_size = f->gop;
    ctx->max_b_frames = 0;
    ctx->thread_count = 1;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
}

static bool
find_set(const AVCodecContext *ctx, unsigned type, struct bc_param_set *out)
{
    const uint8_t *at = ctx->extradata;
    const uint8_t *end = at ? at + ctx->extradata_size : NULL;
    while (at && bc_annexb_next(&at, end, out)) {
        if (out->len > 0 && (out->data[0] & 0x1f) == type) {
            return true;
        }
    }
    return false;
}

static bool
read_sets(struct slate_encoder *e)
{
    struct bc_param_set sps;
    struct bc_param_set pps;
    struct bc_param_sets sets = {
        .sps = &sps, .sps_count = 1, .pps = &pps, .pps_count = 1
    };
    if (!find_set(e->ctx, AVC_NAL_SPS, &sps) || !find_set(e->ctx, AVC_NAL_PPS, &pps)) {
        return false;
    }
    e->track = bc_avc_track_from_sets(&sets);
    return e->track && slate_skip_init(&e->skip, &sps, &pps);
}

const char *
slate_encoder_init(struct slate_encoder *e, const struct slate_format *format,
    enum slate_effort effort, int quality)
{
    memset(e, 0, sizeof(*e));
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec) {
        return "there is no encoder for H.264";
    }
    e->packet = av_packet_alloc();
    e->ctx = avcodec_alloc_context3(codec);
    if (!e->packet || !e->ctx) {
        return "no memory";
    }
    set_picture(e->ctx, format);
    set_options(e->ctx, format, effort, quality);
    if (effort == SLATE_EFFORT_MOVIE) {
        set_rate(e->ctx);
    }
    if (avcodec_open2(e->ctx, codec, NULL) < 0 || !read_sets(e)) {
        return "the encoder for H.264 does not take it";
    }
    return NULL;
}

void
slate_encoder_finish(struct slate_encoder *e)
{
    avcodec_free_context(&e->ctx);
    av_packet_free(&e->packet);
    bc_track_unref(&e->track);
}

// The slices alone, each with its length before it.
static struct bc_buf *
slices(const uint8_t *data, size_t len)
{
    struct bc_writer w = { 0 };
    struct bc_param_set unit;
    const uint8_t *at = data;
    while (bc_annexb_next(&at, data + len, &unit)) {
        if (unit.len > 0
            && bc_nal_is_slice(BC_CODEC_AVC, (uint8_t)(unit.data[0] & 0x1f))) {
            bc_write_u32(&w, (uint32_t)unit.len);
            bc_write_bytes(&w, unit.data, unit.len);
        }
    }
    struct bc_buf *buf = w.len > 0 ? bc_buf_from_writer(&w) : NULL;
    bc_writer_finish(&w);
    return buf;
}

bool
slate_encoder_push(struct slate_encoder *e, AVFrame *picture, bool key,
    struct slate_units *out)
{
    if (picture) {
        picture->pts = e->count++;
        picture->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    }
    if (avcodec_send_frame(e->ctx, picture) < 0) {
        return false;
    }
    bool ok = true;
    while (ok && avcodec_receive_packet(e->ctx, e->packet) == 0) {
        struct bc_buf *buf = slices(e->packet->data, (size_t)e->packet->size);
        ok = slate_units_add(out, buf, (e->packet->flags & AV_PKT_FLAG_KEY) != 0);
        av_packet_unref(e->packet);
    }
    return ok;
}
