// SPDX-License-Identifier: Apache-2.0
#include "kit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/track_build.h"
#include "transmux/codec/ffmpeg.h"

#define PI 3.14159265358979323846

void
kit_quiet(void)
{
    av_log_set_level(AV_LOG_QUIET);
}

void
kit_keep(void *user, struct bc_packet *packet)
{
    struct kit_packets *kept = user;
    assert_true(kept->count < KIT_PACKETS);
    kept->items[kept->count++] = packet;
}

void
kit_free(struct kit_packets *packets)
{
    for (unsigned i = 0; i < packets->count; i++) {
        bc_packet_unref(&packets->items[i]);
    }
    packets->count = 0;
}

void
kit_assert_rising(const struct kit_packets *packets)
{
    for (unsigned i = 0; i < packets->count; i++) {
        const struct bc_packet *p = packets->items[i];
        assert_true(p->dts_us >= 0 && p->dts_us == p->pts_us);
        assert_true(i == 0 || p->dts_us > packets->items[i - 1]->dts_us);
    }
}

// --- sound ---

static double
sample_at(const struct kit_sound *s, double t)
{
    if (s->click_at > 0) {
        bool in_click = t >= s->click_at && t < s->click_at + 0.002;
        return in_click ? 0.8 * sin(2 * PI * 2000 * t) : 0;
    }
    return s->hz > 0 ? 0.5 * sin(2 * PI * s->hz * t) : 0;
}

static struct bc_track *
sound_track(const struct kit_sound *s, const AVCodecContext *ctx)
{
    if (s->codec == BC_CODEC_AAC) {
        return bc_aac_track(ctx->extradata, (size_t)ctx->extradata_size);
    }
    if (s->codec == BC_CODEC_FLAC) {
        return bc_flac_track(ctx->extradata, (size_t)ctx->extradata_size);
    }
    struct bc_track *t = bc_track_create(BC_KIND_AUDIO, s->codec);
    assert_non_null(t);
    t->sample_rate = (uint32_t)s->rate;
    t->channels = (uint32_t)s->channels;
    if (s->codec == BC_CODEC_OPUS) {
        t->config = bc_buf_copy(ctx->extradata, (size_t)ctx->extradata_size);
    }
    return t;
}

static void
keep_sound(struct kit_packets *out, const struct kit_sound *s, const AVPacket *pkt,
    struct bc_track *track)
{
    struct bc_buf *buf = bc_buf_copy(pkt->data, (size_t)pkt->size);
    struct bc_packet *p =
        bc_packet_create(BC_KIND_AUDIO, track, buf, buf->data, buf->len);
    p->pts_us = s->start_us + av_rescale(pkt->pts, 1000000, s->rate);
    p->dts_us = p->pts_us;
    p->epoch = s->epoch;
    kit_keep(out, p);
}

static AVCodecContext *
open_sound(const struct kit_sound *s)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(s->encoder);
    assert_non_null(codec);
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    ctx->sample_rate = s->rate;
    ctx->time_base = (AVRational){ 1, s->rate };
    ctx->bit_rate = s->channels > 2 ? 384000 : 128000;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    ctx->sample_fmt = codec->sample_fmts[0];
    if (s->codec == BC_CODEC_OPUS) {
        ctx->sample_fmt = AV_SAMPLE_FMT_FLT;
    }
    av_channel_layout_default(&ctx->ch_layout, s->channels);
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    return ctx;
}

static void
fill_sound(AVFrame *f, const struct kit_sound *s)
{
    for (int i = 0; i < f->nb_samples; i++) {
        float v = (float)sample_at(s, (double)(f->pts + i) / s->rate);
        for (int c = 0; c < s->channels; c++) {
            if (f->format == AV_SAMPLE_FMT_FLT) {
                ((float *)f->data[0])[i * s->channels + c] = v;
            } else if (f->format == AV_SAMPLE_FMT_FLTP) {
                ((float *)f->extended_data[c])[i] = v;
            } else if (f->format == AV_SAMPLE_FMT_S16) { // flac, G.711
                ((int16_t *)f->data[0])[i * s->channels + c] = (int16_t)(v * 32767.0f);
            } else {
                assert_int_equal(f->format, AV_SAMPLE_FMT_S32P); // libmp3lame
                ((int32_t *)f->extended_data[c])[i] = (int32_t)(v * 2147483000.0f);
            }
        }
    }
}

void
kit_make_sound(struct kit_packets *out, const struct kit_sound *s)
{
    AVCodecContext *ctx = open_sound(s);
    struct bc_track *track = sound_track(s, ctx);
    AVFrame *f = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    int64_t total = (int64_t)(s->seconds * s->rate);
    f->nb_samples = ctx->frame_size > 0 ? ctx->frame_size : s->rate / 50;
    f->format = ctx->sample_fmt;
    f->sample_rate = s->rate;
    av_channel_layout_copy(&f->ch_layout, &ctx->ch_layout);
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (f->pts = 0; f->pts < total; f->pts += f->nb_samples) {
        av_frame_make_writable(f);
        fill_sound(f, s);
        assert_int_equal(avcodec_send_frame(ctx, f), 0);
        while (avcodec_receive_packet(ctx, pkt) == 0) {
            keep_sound(out, s, pkt, track);
            av_packet_unref(pkt);
        }
    }
    av_packet_free(&pkt);
    av_frame_free(&f);
    bc_track_unref(&track);
    avcodec_free_context(&ctx);
}

static AVCodecContext *
open_player(const struct bc_track *track)
{
    const char *name = track->codec == BC_CODEC_OPUS ? "libopus"
        : track->codec == BC_CODEC_AAC               ? "aac"
                                                     : "h264";
    const AVCodec *codec = avcodec_find_decoder_by_name(name);
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    assert_non_null(track->config);
    ctx->extradata = av_mallocz(track->config->len + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(ctx->extradata, track->config->data, track->config->len);
    ctx->extradata_size = (int)track->config->len;
    if (track->codec == BC_CODEC_OPUS) {
        memset(ctx->extradata + 10, 0, 2); // pre-skip: nothing is cut in the stream
    }
    ctx->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL;
    ctx->pkt_timebase = (AVRational){ 1, 1000000 };
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    return ctx;
}

static void
place_samples(float *pcm, const AVFrame *f, unsigned channel)
{
    int64_t at = av_rescale(f->pts, KIT_RATE, 1000000);
    assert_int_equal(f->sample_rate, KIT_RATE);
    for (int i = 0; i < f->nb_samples; i++) {
        float v = f->format == AV_SAMPLE_FMT_FLTP
            ? ((float *)f->extended_data[channel])[i]
            : f->format == AV_SAMPLE_FMT_FLT
            ? ((float *)f->data[0])[i * f->ch_layout.nb_channels + (int)channel]
            : (float)((int16_t *)f->data[0])[i * f->ch_layout.nb_channels + (int)channel]
                / 32768.0f;
        if (at + i >= 0 && at + i < KIT_SECONDS * KIT_RATE) {
            pcm[at + i] = v;
        }
    }
}

float *
kit_play_sound(const struct kit_packets *packets, unsigned channel)
{
    float *pcm = calloc(KIT_SECONDS * KIT_RATE, sizeof(*pcm));
    const struct bc_track *track = NULL;
    AVCodecContext *ctx = NULL;
    AVFrame *f = av_frame_alloc();
    AVPacket *pkt = av_packet_alloc();
    for (unsigned i = 0; i < packets->count; i++) {
        struct bc_packet *p = packets->items[i];
        if (p->track != track) {
            avcodec_free_context(&ctx);
            track = p->track;
            ctx = open_player(track);
        }
        pkt->data = (uint8_t *)p->data;
        pkt->size = (int)p->len;
        pkt->pts = p->pts_us;
        assert_int_equal(avcodec_send_packet(ctx, pkt), 0);
        while (avcodec_receive_frame(ctx, f) == 0) {
            place_samples(pcm, f, channel);
        }
    }
    av_packet_free(&pkt);
    av_frame_free(&f);
    avcodec_free_context(&ctx);
    return pcm;
}

double
kit_level(const float *pcm, double hz, int64_t from_us, int64_t to_us)
{
    int64_t from = from_us * 6 / 125;
    int64_t n = to_us * 6 / 125 - from;
    double w = 2 * PI * hz / KIT_RATE;
    double a = 0;
    double b = 0;
    for (int64_t i = 0; i < n; i++) {
        double s = pcm[from + i] + 2 * cos(w) * a - b;
        b = a;
        a = s;
    }
    return 2 * sqrt(a * a + b * b - 2 * cos(w) * a * b) / (double)n;
}

int64_t
kit_loudest(const float *pcm, int64_t from_us, int64_t to_us)
{
    int64_t best = from_us * 6 / 125;
    for (int64_t i = best; i < to_us * 6 / 125; i++) {
        if (fabsf(pcm[i]) > fabsf(pcm[best])) {
            best = i;
        }
    }
    return best * 125 / 6;
}
