// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "container/cmaf.h"
#include "media/nalu.h"
#include "media/track_build.h"
#include "picture/decode.h"
#include "transmux/codec.h"
#include "transmux/codec/ffmpeg.h"

#define KIT_TICKS 180000

// x265 does not free all that it has, and its threads write beside each other.
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
    return "race:libx265\nrace:libaom\nrace:libvpx";
}

// --- encoding ---

static const char *
encoder_name(enum bc_codec codec)
{
    return codec == BC_CODEC_AVC ? "libx264"
        : codec == BC_CODEC_HEVC ? "libx265"
        : codec == BC_CODEC_VP9  ? "libvpx-vp9"
                                 : "libaom-av1";
}

static AVCodecContext *
open_encoder(const struct kit_look *k)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(encoder_name(k->codec));
    assert_non_null(codec);
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    ctx->width = k->width;
    ctx->height = k->height;
    ctx->pix_fmt = AV_PIX_FMT_YUV420P;
    ctx->sample_aspect_ratio = k->sar;
    ctx->time_base = (AVRational){ 1, 25 };
    ctx->framerate = (AVRational){ 25, 1 };
    ctx->colorspace = AVCOL_SPC_BT709;
    ctx->color_range = AVCOL_RANGE_MPEG;
    ctx->thread_count = 1;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    bool h26x = k->codec == BC_CODEC_AVC || k->codec == BC_CODEC_HEVC;
    av_opt_set(ctx->priv_data, "preset", h26x ? "ultrafast" : "", 0);
    av_opt_set(
        ctx->priv_data, "x265-params", "log-level=none:pools=none:frame-threads=1", 0);
    av_opt_set_int(ctx->priv_data, "cpu-used", 8, 0);
    av_opt_set(ctx->priv_data, "usage", "realtime", 0);
    av_opt_set_int(ctx->priv_data, "lag-in-frames", 0, 0);
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    return ctx;
}

static void
draw(AVFrame *f, const struct kit_look *k)
{
    for (int y = 0; y < f->height; y++) {
        for (int x = 0; x < f->width; x++) {
            bool corner = x < f->width / 2 && y < f->height / 2;
            f->data[0][y * f->linesize[0] + x] =
                (uint8_t)(corner ? k->corner_luma : k->luma);
        }
    }
    for (int y = 0; y < f->height / 2; y++) {
        memset(f->data[1] + y * f->linesize[1], k->u, (size_t)f->width / 2);
        memset(f->data[2] + y * f->linesize[2], k->v, (size_t)f->width / 2);
    }
}

static AVPacket *
encode(AVCodecContext *ctx, const struct kit_look *k)
{
    AVFrame *f = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    f->width = k->width;
    f->height = k->height;
    f->format = AV_PIX_FMT_YUV420P;
    f->sample_aspect_ratio = k->sar;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    draw(f, k);
    f->pts = 0;
    assert_int_equal(avcodec_send_frame(ctx, f), 0);
    assert_int_equal(avcodec_send_frame(ctx, NULL), 0);
    assert_int_equal(avcodec_receive_packet(ctx, packet), 0);
    assert_true(packet->flags & AV_PKT_FLAG_KEY);
    av_frame_free(&f);
    return packet;
}

// hvcC of x265's three parameter sets, each with a start code of 4 bytes.
static struct bc_track *
hevc_track(const AVCodecContext *ctx)
{
    struct bc_param_set units[3];
    unsigned count = 0;
    const uint8_t *x = ctx->extradata;
    for (int i = 0; i + 4 <= ctx->extradata_size; i++) {
        if (memcmp(x + i, "\0\0\0\1", 4) == 0) {
            if (count > 0 && count <= 3) {
                units[count - 1].len = (size_t)(x + i - units[count - 1].data);
            }
            if (count < 3) {
                units[count].data = x + i + 4;
                units[count].len = (size_t)(ctx->extradata_size - i - 4);
            }
            count++;
        }
    }
    assert_true(count >= 3);
    struct bc_param_sets sets = { .vps = units,
        .vps_count = 1,
        .sps = units + 1,
        .sps_count = 1,
        .pps = units + 2,
        .pps_count = 1 };
    return bc_hevc_track_from_sets(&sets);
}

static struct bc_track *
track_of(const AVCodecContext *ctx, const struct kit_look *k, const AVPacket *packet)
{
    const uint8_t *extra = ctx->extradata;
    size_t len = (size_t)ctx->extradata_size;
    switch (k->codec) {
    case BC_CODEC_AVC:
        return bc_annexb_track(extra, len);
    case BC_CODEC_HEVC:
        return hevc_track(ctx);
    case BC_CODEC_VP9:
        return bc_vp9_track(packet->data, (size_t)packet->size);
    default:
        // After the temporal delimiter comes the sequence header, with its length in a byte.
        assert_memory_equal(packet->data, "\x12\x00\x0a", 3);
        return bc_av1_track(packet->data + 2, 2u + packet->data[3]);
    }
}

static struct bc_buf *
sample_of(enum bc_codec codec, const AVPacket *packet)
{
    struct bc_buf *buf = NULL;
    size_t len = (size_t)packet->size;
    if (codec == BC_CODEC_AVC) {
        return bc_annexb_slices(packet->data, len);
    }
    if (codec == BC_CODEC_HEVC) {
        assert_int_equal(bc_nalu_normalise(packet->data, len, 4, &buf), 0);
        return buf;
    }
    size_t skip = codec == BC_CODEC_AV1 ? 2 : 0; // MP4 has no temporal delimiters
    return bc_buf_copy(packet->data + skip, len - skip);
}

struct bc_buf *
kit_part_at(const struct kit_key *key, uint64_t dts, uint32_t duration)
{
    struct bc_cmaf_sample sample = { .data = key->sample->data,
        .len = key->sample->len,
        .duration = duration,
        .sync = true };
    struct bc_cmaf_run run = {
        .track_id = 1, .dts = dts, .samples = &sample, .count = 1
    };
    struct bc_buf *part = bc_cmaf_chunk(1, &run, 1);
    assert_non_null(part);
    return part;
}

static void
put_together(struct kit_key *key)
{
    assert_true(key->track && key->sample);
    const struct bc_track *tracks[] = { key->track };
    key->init = bc_cmaf_init(tracks, 1);
    key->part = kit_part_at(key, 0, KIT_TICKS);
    assert_non_null(key->init);
}

void
kit_make_key(const struct kit_look *k, struct kit_key *out)
{
    av_log_set_level(AV_LOG_QUIET);
    AVCodecContext *ctx = open_encoder(k);
    AVPacket *packet = encode(ctx, k);
    out->track = track_of(ctx, k, packet);
    out->sample = sample_of(k->codec, packet);
    put_together(out);
    av_packet_free(&packet);
    avcodec_free_context(&ctx);
}

void
kit_make_sound_part(struct kit_key *out)
{
    static const uint8_t ASC[] = { 0x11, 0x90 }; // AAC LC, 48 kHz, stereo
    static const uint8_t FRAME[] = { 0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c };
    out->track = bc_aac_track(ASC, sizeof(ASC));
    out->sample = bc_buf_copy(FRAME, sizeof(FRAME));
    put_together(out);
}

void
kit_free_key(struct kit_key *key)
{
    bc_track_unref(&key->track);
    bc_buf_unref(&key->sample);
    bc_buf_unref(&key->init);
    bc_buf_unref(&key->part);
}

// --- JPEG ---

void
kit_jpeg_size(const struct bc_buf *jpeg, int *width, int *height)
{
    const uint8_t *d = jpeg->data;
    assert_true(jpeg->len > 20);
    assert_memory_equal(d, "\xff\xd8\xff", 3); // SOI and a marker
    assert_memory_equal(d + jpeg->len - 2, "\xff\xd9", 2); // EOI
    size_t at = 2;
    while (d[at + 1] != 0xc0) {
        assert_int_equal(d[at], 0xff);
        at += 2 + (size_t)(d[at + 2] << 8 | d[at + 3]);
        assert_true(at + 9 < jpeg->len);
    }
    // SOF0: marker, length, precision, height, width.
    assert_int_equal(d[at + 4], 8);
    *height = d[at + 5] << 8 | d[at + 6];
    *width = d[at + 7] << 8 | d[at + 8];
}

static int
average(const AVFrame *f, int plane, int x, int y)
{
    int sum = 0;
    for (int dy = -2; dy < 2; dy++) {
        for (int dx = -2; dx < 2; dx++) {
            sum += f->data[plane][(y + dy) * f->linesize[plane] + x + dx];
        }
    }
    return sum / 16;
}

void
kit_jpeg_pixel(const struct bc_buf *jpeg, int x, int y, int out[3])
{
    AVFrame *f = av_frame_alloc();
    assert_int_equal(picture_decode_jpeg(jpeg->data, jpeg->len, f), 0);
    assert_true(f->format == AV_PIX_FMT_YUVJ420P);
    out[0] = average(f, 0, x, y);
    out[1] = average(f, 1, x / 2, y / 2);
    out[2] = average(f, 2, x / 2, y / 2);
    av_frame_free(&f);
}
