// SPDX-License-Identifier: Apache-2.0
#include "jpeg.h"

#include <errno.h>
#include <string.h>

// FFmpeg's scale for MJPEG: 2 is the best. 4 looks as what others call quality 80.
static const int QUALITIES[] = { 4, 6, 9, 14, 22, 31 };

#define PIXELS_PER_4_BYTES 15
#define SAR_MAX 16 // a stranger shape of pixels is a mistake

// --- size ---

static int
even(int64_t side)
{
    return side < 2 ? 2 : (int)(side & ~INT64_C(1));
}

struct picture_size
picture_fit(const AVFrame *picture, struct picture_size box)
{
    AVRational sar = picture->sample_aspect_ratio;
    int64_t w = picture->width;
    int64_t h = picture->height;
    if (sar.num > 0 && sar.den > 0 && sar.num / sar.den < SAR_MAX
        && sar.den / sar.num < SAR_MAX) {
        // The side that pixels make longer is not stretched, the other one is shortened.
        if (sar.num > sar.den) {
            h = h * sar.den / sar.num;
        } else {
            w = w * sar.num / sar.den;
        }
    }
    w = w < 2 ? 2 : w;
    h = h < 2 ? 2 : h;
    if (w > box.width) {
        h = h * box.width / w;
        w = box.width;
    }
    if (h > box.height) {
        w = w * box.height / h;
        h = box.height;
    }
    return (struct picture_size){ even(w), even(h) };
}

// --- scaling ---

// What streams have is BT.601 or BT.709, told or to be guessed by the size, as players do.
static const int *
matrix_of(const AVFrame *f)
{
    bool small = f->width < 1280 && f->height < 720;
    switch (f->colorspace) {
    case AVCOL_SPC_BT709:
        return sws_getCoefficients(SWS_CS_ITU709);
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return sws_getCoefficients(SWS_CS_ITU601);
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return sws_getCoefficients(SWS_CS_BT2020);
    default:
        return sws_getCoefficients(small ? SWS_CS_ITU601 : SWS_CS_ITU709);
    }
}

static bool
is_full_range(const AVFrame *f)
{
    return f->color_range == AVCOL_RANGE_JPEG || f->format == AV_PIX_FMT_YUVJ420P
        || f->format == AV_PIX_FMT_YUVJ422P || f->format == AV_PIX_FMT_YUVJ444P;
}

int
picture_scale(const AVFrame *from, struct picture_size size, AVFrame *out)
{
    out->width = size.width;
    out->height = size.height;
    out->format = AV_PIX_FMT_YUV420P;
    out->color_range = AVCOL_RANGE_JPEG;
    out->colorspace = AVCOL_SPC_BT470BG;
    struct SwsContext *sws = sws_getContext(from->width, from->height, from->format,
        size.width, size.height, out->format, SWS_AREA, NULL, NULL, NULL);
    int err = !sws ? -EINVAL : av_frame_get_buffer(out, 0) < 0 ? -ENOMEM : 0;
    if (err == 0) {
        sws_setColorspaceDetails(sws, matrix_of(from), is_full_range(from),
            sws_getCoefficients(SWS_CS_ITU601), 1, 0, 1 << 16, 1 << 16);
        int rows = sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0,
            from->height, out->data, out->linesize);
        err = rows > 0 ? 0 : -EINVAL;
    }
    sws_freeContext(sws);
    if (err != 0) {
        av_frame_unref(out);
    }
    return err;
}

// --- JPEG ---

static AVCodecContext *
open_encoder(const AVFrame *f, int quality)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("mjpeg");
    AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!ctx) {
        return NULL;
    }
    ctx->width = f->width;
    ctx->height = f->height;
    ctx->pix_fmt = f->format;
    ctx->color_range = AVCOL_RANGE_JPEG;
    ctx->colorspace = f->colorspace;
    ctx->time_base = (AVRational){ 1, 25 };
    ctx->thread_count = 1;
    ctx->flags |= AV_CODEC_FLAG_QSCALE;
    ctx->global_quality = FF_QP2LAMBDA * quality;
    if (avcodec_open2(ctx, codec, NULL) < 0) {
        avcodec_free_context(&ctx);
    }
    return ctx;
}

static struct bc_buf *
encode(AVFrame *f, int quality)
{
    AVCodecContext *ctx = open_encoder(f, quality);
    AVPacket *packet = av_packet_alloc();
    struct bc_buf *jpeg = NULL;
    f->pts = 0;
    f->quality = FF_QP2LAMBDA * quality;
    f->pict_type = AV_PICTURE_TYPE_I;
    if (ctx && packet && avcodec_send_frame(ctx, f) == 0
        && avcodec_send_frame(ctx, NULL) == 0
        && avcodec_receive_packet(ctx, packet) == 0) {
        jpeg = bc_buf_copy(packet->data, (size_t)packet->size);
    }
    av_packet_free(&packet);
    avcodec_free_context(&ctx);
    return jpeg;
}

struct bc_buf *
picture_jpeg(AVFrame *picture, size_t bytes_wanted)
{
    struct bc_buf *jpeg = NULL;
    for (size_t i = 0; i < sizeof(QUALITIES) / sizeof(QUALITIES[0]); i++) {
        bc_buf_unref(&jpeg);
        jpeg = encode(picture, QUALITIES[i]);
        if (!jpeg || jpeg->len <= bytes_wanted) {
            break;
        }
    }
    return jpeg;
}

size_t
picture_bytes_wanted(struct picture_size size)
{
    return (size_t)size.width * (size_t)size.height * 4 / PIXELS_PER_4_BYTES;
}

bool
picture_is_jpeg(const uint8_t *data, size_t len)
{
    return len > 4 && data[0] == 0xff && data[1] == 0xd8 && data[len - 2] == 0xff
        && data[len - 1] == 0xd9;
}
