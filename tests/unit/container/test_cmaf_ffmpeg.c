// SPDX-License-Identifier: Apache-2.0
// Every codec that CMAF carries, from FFmpeg's encoders through our init section and
// chunk into FFmpeg's demuxer and decoders, which must not complain and show the same as
// of FFmpeg's own file. The codecs' boxes are compared with FFmpeg's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>

#include "container/cmaf.h"
#include "media/track_build.h"

#define PICTURES 12
#define SOUNDS 40
#define PACKETS 128

// The sanitizers ask for these by name. x265 does not free all that it has, and its
// threads write beside each other.
const char *
__lsan_default_suppressions(void);
const char *
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

struct subject {
    const char *encoder;
    enum bc_codec codec;
    const char *box; // of the configuration in the sample entry; NULL: none to compare
    const char *options;
};

static const struct subject SUBJECTS[] = {
    { "libx264", BC_CODEC_AVC, "avcC", "preset=ultrafast:tune=zerolatency" },
    { "libx265", BC_CODEC_HEVC, "hvcC", "preset=ultrafast:x265-params=log-level=none" },
    { "libaom-av1", BC_CODEC_AV1, "av1C", "cpu-used=8:usage=realtime:lag-in-frames=0" },
    { "libvpx-vp9", BC_CODEC_VP9, "vpcC", "deadline=realtime:cpu-used=8:lag-in-frames=0" },
    { "aac", BC_CODEC_AAC, NULL, "" },
    { "libmp3lame", BC_CODEC_MP3, NULL, "" },
    { "libopus", BC_CODEC_OPUS, "dOps", "" },
    { "flac", BC_CODEC_FLAC, "dfLa", "" },
    { "ac3", BC_CODEC_AC3, "dac3", "" },
    { "eac3", BC_CODEC_EAC3, "dec3", "" },
};

static bool
is_video(const AVCodecContext *ctx)
{
    return ctx->codec_type == AVMEDIA_TYPE_VIDEO;
}

static AVCodecContext *
open_encoder(const struct subject *s)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(s->encoder);
    if (!codec) {
        return NULL; // not in every build
    }
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    if (is_video(ctx)) {
        ctx->width = 320;
        ctx->height = 180;
        ctx->pix_fmt = AV_PIX_FMT_YUV420P;
        ctx->time_base = (AVRational){ 1, 25 };
        ctx->gop_size = 6;
        ctx->max_b_frames = 0;
    } else {
        ctx->sample_fmt = codec->sample_fmts[0];
        ctx->sample_rate = 48000;
        av_channel_layout_default(&ctx->ch_layout, 2);
        ctx->bit_rate = 128000;
        ctx->time_base = (AVRational){ 1, 48000 };
    }
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary *options = NULL;
    av_dict_parse_string(&options, s->options, "=", ":", 0);
    assert_int_equal(avcodec_open2(ctx, codec, &options), 0);
    av_dict_free(&options);
    return ctx;
}

// The next picture or sound; both differ from the one before.
static AVFrame *
make_frame(const AVCodecContext *ctx, int i)
{
    AVFrame *f = av_frame_alloc();
    f->format = is_video(ctx) ? (int)ctx->pix_fmt : (int)ctx->sample_fmt;
    f->width = ctx->width;
    f->height = ctx->height;
    if (!is_video(ctx)) {
        f->nb_samples = ctx->frame_size;
        f->sample_rate = ctx->sample_rate;
        av_channel_layout_copy(&f->ch_layout, &ctx->ch_layout);
    }
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int p = 0; p < AV_NUM_DATA_POINTERS && f->buf[p]; p++) {
        memset(f->buf[p]->data, is_video(ctx) ? 16 + i * 8 : 0, f->buf[p]->size);
    }
    f->pts = is_video(ctx) ? i : (int64_t)i * ctx->frame_size;
    return f;
}

// FFmpeg's own file, fragmented as ours.
static size_t
make_reference(AVCodecContext *ctx, uint8_t **out)
{
    AVFormatContext *file = NULL;
    avformat_alloc_output_context2(&file, NULL, "mp4", NULL);
    AVStream *stream = avformat_new_stream(file, NULL);
    avcodec_parameters_from_context(stream->codecpar, ctx);
    assert_int_equal(avio_open_dyn_buf(&file->pb), 0);
    AVDictionary *options = NULL;
    av_dict_set(&options, "movflags", "delay_moov+frag_custom+default_base_moof", 0);
    av_dict_set(&options, "strict", "experimental", 0);
    assert_true(avformat_write_header(file, &options) >= 0);
    av_dict_free(&options);
    AVPacket *packet = av_packet_alloc();
    int count = is_video(ctx) ? PICTURES : SOUNDS;
    for (int i = 0; i <= count; i++) {
        AVFrame *frame = i < count ? make_frame(ctx, i) : NULL;
        assert_int_equal(avcodec_send_frame(ctx, frame), 0);
        av_frame_free(&frame);
        while (avcodec_receive_packet(ctx, packet) == 0) {
            av_packet_rescale_ts(packet, ctx->time_base, stream->time_base);
            assert_true(av_interleaved_write_frame(file, packet) >= 0);
        }
    }
    av_packet_free(&packet);
    assert_true(av_write_trailer(file) >= 0);
    int len = avio_close_dyn_buf(file->pb, out);
    avformat_free_context(file);
    assert_true(len > 0);
    return (size_t)len;
}

// Bytes in memory as a file.
struct memory {
    const uint8_t *data;
    size_t len;
    size_t at;
};

static int
read_memory(void *user, uint8_t *buf, int len)
{
    struct memory *m = user;
    size_t left = m->len - m->at;
    size_t n = (size_t)len < left ? (size_t)len : left;
    memcpy(buf, m->data + m->at, n);
    m->at += n;
    return n > 0 ? (int)n : AVERROR_EOF;
}

static AVFormatContext *
open_memory(struct memory *m)
{
    AVFormatContext *file = avformat_alloc_context();
    file->pb = avio_alloc_context(av_malloc(4096), 4096, 0, m, read_memory, NULL, NULL);
    file->error_recognition = AV_EF_EXPLODE;
    assert_int_equal(avformat_open_input(&file, NULL, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(file, NULL) >= 0);
    assert_int_equal(file->nb_streams, 1);
    return file;
}

static void
close_memory(AVFormatContext **file)
{
    AVIOContext *io = (*file)->pb;
    avformat_close_input(file);
    av_freep(&io->buffer);
    avio_context_free(&io);
}

struct shown {
    unsigned frames;
    uint32_t sum;
};

static void
take_frames(AVCodecContext *ctx, AVFrame *frame, struct shown *out)
{
    while (avcodec_receive_frame(ctx, frame) == 0) {
        out->frames++;
        for (int x = 0; x < 64; x++) {
            out->sum = out->sum * 31 + frame->data[0][x];
        }
    }
}

// Everything decoded, and nothing that was wrong.
static struct shown
play(const uint8_t *data, size_t len, enum AVCodecID id)
{
    struct memory m = { data, len, 0 };
    AVFormatContext *file = open_memory(&m);
    const AVCodecParameters *par = file->streams[0]->codecpar;
    assert_int_equal(par->codec_id, id);
    const char *name = id == AV_CODEC_ID_AV1 ? "libaom-av1" : NULL; // the native is hardware's
    const AVCodec *codec = name ? avcodec_find_decoder_by_name(name) : NULL;
    codec = codec ? codec : avcodec_find_decoder(id);
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    avcodec_parameters_to_context(ctx, par);
    ctx->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
    ctx->pkt_timebase = file->streams[0]->time_base;
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    struct shown shown = { 0 };
    while (av_read_frame(file, packet) == 0) {
        assert_int_equal(avcodec_send_packet(ctx, packet), 0);
        av_packet_unref(packet);
        take_frames(ctx, frame, &shown);
    }
    assert_int_equal(avcodec_send_packet(ctx, NULL), 0);
    take_frames(ctx, frame, &shown);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&ctx);
    close_memory(&file);
    return shown;
}

// The payload of the first box of this name; NULL when there is none.
static const uint8_t *
find_box(const uint8_t *data, size_t len, const char *name, size_t *out_len)
{
    for (size_t i = 4; name && i + 4 < len; i++) {
        if (memcmp(data + i, name, 4) == 0) {
            *out_len = ((size_t)data[i - 2] << 8 | data[i - 1]) - 8;
            return data + i + 4;
        }
    }
    return NULL;
}

static struct bc_track *
make_track(const struct subject *s, const AVCodecContext *ctx, const uint8_t *reference,
    size_t len)
{
    struct bc_track *t =
        bc_track_create(is_video(ctx) ? BC_KIND_VIDEO : BC_KIND_AUDIO, s->codec);
    size_t config_len = (size_t)ctx->extradata_size;
    const uint8_t *config = ctx->extradata;
    if (s->box && s->codec != BC_CODEC_OPUS) {
        config = find_box(reference, len, s->box, &config_len);
        assert_non_null(config);
    }
    t->config = config ? bc_buf_copy(config, config_len) : NULL;
    t->width = (uint32_t)ctx->width;
    t->height = (uint32_t)ctx->height;
    t->sample_rate = is_video(ctx) ? 0 : 48000;
    t->channels = is_video(ctx) ? 0 : 2;
    return t;
}

// The packets of the reference as one chunk of ours behind our init section.
static uint8_t *
make_ours(struct bc_track *t, const uint8_t *reference, size_t len, size_t *out_len)
{
    struct memory m = { reference, len, 0 };
    AVFormatContext *file = open_memory(&m);
    AVPacket *packets[PACKETS];
    struct bc_cmaf_sample samples[PACKETS];
    AVRational ticks = { 1, (int)bc_cmaf_timescale(t) };
    size_t n = 0;
    for (; n < PACKETS; n++) {
        packets[n] = av_packet_alloc();
        if (av_read_frame(file, packets[n]) < 0) {
            av_packet_free(&packets[n]);
            break;
        }
        av_packet_rescale_ts(packets[n], file->streams[0]->time_base, ticks);
        samples[n] = (struct bc_cmaf_sample){ .data = packets[n]->data,
            .len = (size_t)packets[n]->size, .duration = (uint32_t)packets[n]->duration,
            .sync = packets[n]->flags & AV_PKT_FLAG_KEY };
    }
    struct bc_cmaf_run run = { .track_id = 1, .roll = t->codec == BC_CODEC_OPUS,
        .samples = samples, .count = n };
    struct bc_buf *init = bc_cmaf_init((const struct bc_track *const *)&t, 1);
    struct bc_buf *chunk = bc_cmaf_chunk(1, &run, 1);
    assert_true(init && chunk);
    *out_len = init->len + chunk->len;
    uint8_t *ours = malloc(*out_len);
    memcpy(ours, init->data, init->len);
    memcpy(ours + init->len, chunk->data, chunk->len);
    bc_buf_unref(&init);
    bc_buf_unref(&chunk);
    while (n > 0) {
        av_packet_free(&packets[--n]);
    }
    close_memory(&file);
    return ours;
}

static void
check_subject(const struct subject *s)
{
    AVCodecContext *ctx = open_encoder(s);
    if (!ctx) {
        return;
    }
    uint8_t *reference = NULL;
    size_t len = make_reference(ctx, &reference);
    struct bc_track *t = make_track(s, ctx, reference, len);
    size_t our_len = 0;
    uint8_t *ours = make_ours(t, reference, len, &our_len);
    size_t a_len = 0;
    size_t b_len = 0;
    const uint8_t *a = find_box(reference, len, s->box, &a_len);
    const uint8_t *b = find_box(ours, our_len, s->box, &b_len);
    if (s->box) {
        assert_true(a && b && a_len == b_len);
        assert_memory_equal(a, b, a_len);
    }
    struct shown theirs = play(reference, len, ctx->codec_id);
    struct shown shown = play(ours, our_len, ctx->codec_id);
    assert_true(shown.frames >= (is_video(ctx) ? PICTURES : SOUNDS - 1));
    assert_in_range(shown.frames + 2 - theirs.frames, 1, 3); // what an edit list cuts off
    if (is_video(ctx)) {
        assert_int_equal(shown.sum, theirs.sum);
    }
    free(ours);
    bc_track_unref(&t);
    av_free(reference);
    avcodec_free_context(&ctx);
}

static void
test_ffmpeg_plays_every_codec(void **state)
{
    (void)state;
    av_log_set_level(AV_LOG_QUIET);
    for (size_t i = 0; i < sizeof(SUBJECTS) / sizeof(SUBJECTS[0]); i++) {
        print_message("%s\n", SUBJECTS[i].encoder);
        check_subject(&SUBJECTS[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ffmpeg_plays_every_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
