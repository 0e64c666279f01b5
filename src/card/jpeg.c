// SPDX-License-Identifier: Apache-2.0
// Uploaded pictures as cards use them.
#include <stdio.h>

#include "ffmpeg.h"
#include "image.h"

#define SIDE 512
#define QUALITY 4 // FFmpeg's scale for MJPEG, where 2 is the best

static bool
is_opaque(const struct bc_card_image *image)
{
    for (int y = 0; y < image->height; y++) {
        const uint8_t *alpha = image->pixels + (ptrdiff_t)y * image->stride + 3;
        for (int x = 0; x < image->width; x++) {
            if (alpha[4 * x] != 0xff) {
                return false;
            }
        }
    }
    return true;
}

// In the colours that JPEG files have.
static AVFrame *
to_yuv(const struct bc_card_image *image)
{
    AVFrame *f = av_frame_alloc();
    struct SwsContext *sws = sws_getContext(image->width, image->height, AV_PIX_FMT_BGRA,
        image->width, image->height, AV_PIX_FMT_YUV420P, SWS_AREA | SWS_ACCURATE_RND,
        NULL, NULL, NULL);
    if (f) {
        f->width = image->width;
        f->height = image->height;
        f->format = AV_PIX_FMT_YUV420P;
        f->color_range = AVCOL_RANGE_JPEG;
        f->colorspace = AVCOL_SPC_BT470BG;
        f->quality = QUALITY * FF_QP2LAMBDA;
        f->pict_type = AV_PICTURE_TYPE_I;
    }
    if (f && sws && av_frame_get_buffer(f, 0) == 0) {
        const int *table = sws_getCoefficients(SWS_CS_ITU601);
        const uint8_t *planes[4] = { image->pixels };
        const int strides[4] = { image->stride };
        sws_setColorspaceDetails(sws, table, 1, table, 1, 0, 1 << 16, 1 << 16);
        sws_scale(sws, planes, strides, 0, image->height, f->data, f->linesize);
    } else {
        av_frame_free(&f);
    }
    sws_freeContext(sws);
    return f;
}

static struct bc_buf *
encode_with(AVCodecContext *ctx, const AVFrame *f)
{
    AVPacket *packet = av_packet_alloc();
    struct bc_buf *out = NULL;
    if (packet && avcodec_send_frame(ctx, f) == 0
        && avcodec_receive_packet(ctx, packet) == 0) {
        out = bc_buf_copy(packet->data, (size_t)packet->size);
    }
    av_packet_free(&packet);
    return out;
}

static struct bc_buf *
encode(const struct bc_card_image *image)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *f = ctx ? to_yuv(image) : NULL;
    struct bc_buf *out = NULL;
    if (f) {
        ctx->width = f->width;
        ctx->height = f->height;
        ctx->pix_fmt = f->format;
        ctx->color_range = f->color_range;
        ctx->colorspace = f->colorspace;
        ctx->time_base = (AVRational){ 1, 1 };
        ctx->flags |= AV_CODEC_FLAG_QSCALE;
        ctx->global_quality = f->quality;
        ctx->thread_count = 1;
        if (avcodec_open2(ctx, codec, NULL) == 0) {
            out = encode_with(ctx, f);
        }
    }
    av_frame_free(&f);
    avcodec_free_context(&ctx);
    return out;
}

struct bc_buf *
bc_picture_for_cards(const void *data, size_t len, char why[BC_CARD_WHY])
{
    struct bc_card_image *image = bc_picture_load(data, len, SIDE, why);
    if (!image) {
        return NULL;
    }
    struct bc_buf *out = is_opaque(image) ? encode(image) : bc_card_image_png(image);
    if (!out) {
        snprintf(why, BC_CARD_WHY, "no memory");
    }
    bc_card_image_unref(&image);
    return out;
}
