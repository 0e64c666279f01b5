// SPDX-License-Identifier: Apache-2.0
// A picture file as H.264.
#include "still_picture.h"

#include <limits.h>
#include <string.h>

#include "ffmpeg.h"
#include "image/image.h"
#include "transmux/codec.h"

#define LONG_SIDE_MAX 1280
#define SHORT_SIDE_MAX 720
#define SIDE_MIN 16
#define PIXELS_MAX (8000 * 6000) // what phones take
// Each viewer gets it once a second.
#define BYTES_WANTED (40 << 10)

// --- its size ---

static int
even(int64_t side)
{
    return side < SIDE_MIN ? SIDE_MIN : (int)(side & ~INT64_C(1));
}

static void
fit(const AVFrame *from, AVFrame *to)
{
    bool wide = from->width >= from->height;
    int64_t max_w = wide ? LONG_SIDE_MAX : SHORT_SIDE_MAX;
    int64_t max_h = wide ? SHORT_SIDE_MAX : LONG_SIDE_MAX;
    int64_t w = from->width;
    int64_t h = from->height;
    if (w > max_w) {
        h = h * max_w / w;
        w = max_w;
    }
    if (h > max_h) {
        w = w * max_h / h;
        h = max_h;
    }
    to->width = even(w);
    to->height = even(h);
}

// PNG is RGB, JPEG is YCbCr after BT.601 in full range; video players expect BT.709 in
// limited range.
static void
set_colours(struct SwsContext *sws, AVFrame *to)
{
    sws_setColorspaceDetails(sws, sws_getCoefficients(SWS_CS_ITU601), 1,
        sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16);
    to->color_range = AVCOL_RANGE_MPEG;
    to->colorspace = AVCOL_SPC_BT709;
    to->color_primaries = AVCOL_PRI_BT709;
    to->color_trc = AVCOL_TRC_BT709;
}

static const char *
scale(const AVFrame *from, AVFrame *to)
{
    fit(from, to);
    to->format = AV_PIX_FMT_YUV420P;
    struct SwsContext *sws = sws_getContext(from->width, from->height, from->format,
        to->width, to->height, to->format, SWS_AREA | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!sws || av_frame_get_buffer(to, 0) < 0) {
        sws_freeContext(sws);
        return "no memory";
    }
    set_colours(sws, to);
    int rows = sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0,
        from->height, to->data, to->linesize);
    sws_freeContext(sws);
    return rows > 0 ? NULL : "it cannot be scaled";
}

// --- H.264 ---

static AVCodecContext *
open_encoder(const AVFrame *f, const char *quality)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!ctx) {
        return NULL;
    }
    ctx->width = f->width;
    ctx->height = f->height;
    ctx->pix_fmt = f->format;
    ctx->color_range = f->color_range;
    ctx->colorspace = f->colorspace;
    ctx->color_primaries = f->color_primaries;
    ctx->color_trc = f->color_trc;
    ctx->time_base = (AVRational){ 1, BC_STILL_RATE };
    ctx->framerate = (AVRational){ BC_STILL_RATE, 1 };
    ctx->gop_size = BC_STILL_RATE;
    ctx->max_b_frames = 0;
    ctx->thread_count = 1;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(ctx->priv_data, "preset", "veryfast", 0);
    av_opt_set(ctx->priv_data, "tune", "stillimage,zerolatency", 0);
    av_opt_set(ctx->priv_data, "profile", "baseline", 0);
    av_opt_set(ctx->priv_data, "crf", quality, 0);
    av_opt_set_int(ctx->priv_data, "sc_threshold", 0, 0);
    av_opt_set_int(ctx->priv_data, "forced-idr", 1, 0);
    if (avcodec_open2(ctx, codec, NULL) < 0) {
        avcodec_free_context(&ctx);
    }
    return ctx;
}

static bool
receive(AVCodecContext *ctx, AVPacket *packet, unsigned *n, struct bc_still *out)
{
    while (*n < BC_STILL_PICTURES && avcodec_receive_packet(ctx, packet) == 0) {
        out->pictures[*n] = bc_annexb_slices(packet->data, (size_t)packet->size);
        av_packet_unref(packet);
        if (!out->pictures[(*n)++]) {
            return false;
        }
    }
    return true;
}

static bool
encode(AVFrame *f, const char *quality, struct bc_still *out)
{
    AVCodecContext *ctx = open_encoder(f, quality);
    AVPacket *packet = av_packet_alloc();
    bool good = ctx && packet;
    unsigned n = 0;
    for (unsigned i = 0; good && i < BC_STILL_PICTURES; i++) {
        f->pts = i;
        f->pict_type = i % BC_STILL_RATE == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
        good = avcodec_send_frame(ctx, f) == 0 && receive(ctx, packet, &n, out);
    }
    good = good && avcodec_send_frame(ctx, NULL) == 0 && receive(ctx, packet, &n, out)
        && n == BC_STILL_PICTURES;
    if (good) {
        out->track = bc_annexb_track(ctx->extradata, (size_t)ctx->extradata_size);
    }
    av_packet_free(&packet);
    avcodec_free_context(&ctx);
    return good && out->track;
}

// Coarser until it is small enough.
static const char *
encode_small(AVFrame *f, struct bc_still *out)
{
    static const char *const QUALITIES[] = { "22", "27", "32", "37" };
    for (size_t i = 0; i < sizeof(QUALITIES) / sizeof(QUALITIES[0]); i++) {
        bc_still_clear(out);
        if (!encode(f, QUALITIES[i], out)) {
            bc_still_clear(out);
            return "there is no encoder for H.264";
        }
        if (out->pictures[0]->len <= BYTES_WANTED) {
            break;
        }
    }
    return NULL;
}

const char *
still_encode(const uint8_t *data, size_t len, struct bc_still *out)
{
    static const struct bc_image_limits LIMITS = { .bytes_max = SIZE_MAX,
        .pixels_max = PIXELS_MAX, .side_min = SIDE_MIN, .side_max = INT_MAX };
    memset(out, 0, sizeof(*out));
    AVFrame *picture = NULL;
    AVFrame *scaled = av_frame_alloc();
    const char *why = scaled ? bc_image_decode(data, len, &LIMITS, &picture) : "no memory";
    if (!why) {
        why = scale(picture, scaled);
    }
    if (!why) {
        why = encode_small(scaled, out);
    }
    av_frame_free(&picture);
    av_frame_free(&scaled);
    return why;
}
