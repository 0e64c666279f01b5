// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <stdbool.h>
#include <string.h>

#include "ffmpeg.h"

static const char *const NO_MEMORY = "no memory";

const char *
bc_image_decoder(const uint8_t *data, size_t len)
{
    static const uint8_t PNG[4] = { 0x89, 'P', 'N', 'G' };
    static const uint8_t JPEG[3] = { 0xff, 0xd8, 0xff };
    if (len > sizeof(PNG) && memcmp(data, PNG, sizeof(PNG)) == 0) {
        return "png";
    }
    if (len > sizeof(JPEG) && memcmp(data, JPEG, sizeof(JPEG)) == 0) {
        return "mjpeg";
    }
    if (len > 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0) {
        return "webp";
    }
    return NULL;
}

// FFmpeg makes up what is missing of a JPEG without a word.
static bool
is_cut(const AVCodec *codec, const uint8_t *data, size_t len)
{
    if (codec->id != AV_CODEC_ID_MJPEG) {
        return false;
    }
    size_t at = len - 1;
    while (at > 0 && (data[at - 1] != 0xff || data[at] != 0xd9)) { // end of image
        at--;
    }
    return at == 0;
}

static bool
is_usable(const AVFrame *f, const struct bc_image_limits *limits)
{
    return f->decode_error_flags == 0 && !(f->flags & AV_FRAME_FLAG_CORRUPT)
        && f->width >= limits->side_min && f->height >= limits->side_min
        && f->width <= limits->side_max && f->height <= limits->side_max
        && sws_isSupportedInput(f->format);
}

static int
decode_with(AVCodecContext *ctx, const uint8_t *data, size_t len, AVFrame *out)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet || av_new_packet(packet, (int)len) < 0) {
        av_packet_free(&packet);
        return AVERROR(ENOMEM);
    }
    memcpy(packet->data, data, len);
    int err = avcodec_send_packet(ctx, packet);
    if (err == 0) {
        avcodec_send_packet(ctx, NULL);
        err = avcodec_receive_frame(ctx, out);
    }
    av_packet_free(&packet);
    return err;
}

static const char *
decode(const AVCodec *codec, const uint8_t *data, size_t len,
    const struct bc_image_limits *limits, AVFrame *out)
{
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    if (!ctx) {
        return NO_MEMORY;
    }
    ctx->max_pixels = limits->pixels_max;
    ctx->thread_count = 1;
    ctx->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    int err = avcodec_open2(ctx, codec, NULL);
    if (err == 0) {
        err = decode_with(ctx, data, len, out);
    }
    avcodec_free_context(&ctx);
    bool usable = err == 0 && is_usable(out, limits);
    return usable ? NULL : "it cannot be decoded, or is too small or too large";
}

const char *
bc_image_decode(const uint8_t *data, size_t len, const struct bc_image_limits *limits,
    AVFrame **out)
{
    *out = NULL;
    const char *name = bc_image_decoder(data, len);
    const AVCodec *codec = name ? avcodec_find_decoder_by_name(name) : NULL;
    if (!codec) {
        return "it is neither PNG nor JPEG nor WebP";
    }
    if (len > limits->bytes_max) {
        return "the file is too large";
    }
    if (is_cut(codec, data, len)) {
        return "its end is missing";
    }
    AVFrame *f = av_frame_alloc();
    const char *why = f ? decode(codec, data, len, limits, f) : NO_MEMORY;
    if (why) {
        av_frame_free(&f);
    }
    *out = f;
    return why;
}
