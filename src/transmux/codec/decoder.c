// SPDX-License-Identifier: Apache-2.0
#include "transmux/codec.h"

#include <stdlib.h>
#include <string.h>

#include "ffmpeg.h"

#define RATE_MAX 192000
#define CHANNELS_MAX 8
#define PIXELS_MAX (4096 * 2304)
#define PIXELS_THREADS (1280 * 720) // from here on more than one thread
#define OPUS_HEAD_BYTES 19
#define OPUS_PRE_SKIP 10
#define FLAC_HEAD_BYTES 8 // of dfLa: version and flags, the STREAMINFO block's header

static const AVCodec *
find_codec(enum bc_codec codec)
{
    static const char *const NAMES[] = {
        [BC_CODEC_AVC] = "h264",
        [BC_CODEC_HEVC] = "hevc",
        [BC_CODEC_AAC] = "aac",
        [BC_CODEC_OPUS] = "libopus",
        [BC_CODEC_MP3] = "mp3float",
        [BC_CODEC_FLAC] = "flac",
        [BC_CODEC_AC3] = "ac3",
        [BC_CODEC_EAC3] = "eac3",
        [BC_CODEC_PCMA] = "pcm_alaw",
        [BC_CODEC_PCMU] = "pcm_mulaw",
    };
    bool known = (size_t)codec < sizeof(NAMES) / sizeof(NAMES[0]) && NAMES[codec];
    return known ? avcodec_find_decoder_by_name(NAMES[codec]) : NULL;
}

static int
set_config(AVCodecContext *ctx, const struct bc_track *track)
{
    // dac3 and dec3 tell no more than the frames do.
    if (!track->config || track->codec == BC_CODEC_AC3 || track->codec == BC_CODEC_EAC3) {
        return 0;
    }
    size_t skip = track->codec == BC_CODEC_FLAC ? FLAC_HEAD_BYTES : 0;
    if (track->config->len < skip) {
        return 0;
    }
    size_t len = track->config->len - skip;
    ctx->extradata = av_mallocz(len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!ctx->extradata) {
        return -1;
    }
    memcpy(ctx->extradata, track->config->data + skip, len);
    ctx->extradata_size = (int)len;
    if (track->codec == BC_CODEC_OPUS && len >= OPUS_HEAD_BYTES) {
        // libavcodec would leave out the pre-skip now; on a live stream it is long past.
        memset(ctx->extradata + OPUS_PRE_SKIP, 0, 2);
    }
    return 0;
}

static void
set_options(AVCodecContext *ctx, const struct bc_track *track, int threads)
{
    ctx->pkt_timebase = (AVRational){ 1, 1000000 };
    ctx->thread_count = 1;
    if (track->kind == BC_KIND_AUDIO) {
        ctx->flags2 |= AV_CODEC_FLAG2_SKIP_MANUAL; // a packet's samples are all wanted
        ctx->sample_rate = track->sample_rate <= RATE_MAX ? (int)track->sample_rate : 0;
        if (track->channels > 0 && track->channels <= CHANNELS_MAX) {
            av_channel_layout_default(&ctx->ch_layout, (int)track->channels);
        }
        return;
    }
    ctx->max_pixels = PIXELS_MAX;
    // Threads by frame would hold back a picture each.
    ctx->thread_type = FF_THREAD_SLICE;
    if ((int64_t)track->width * track->height >= PIXELS_THREADS) {
        ctx->thread_count = threads;
    }
}

AVCodecContext *
bc_decoder_open(const struct bc_track *track, int threads, const char **why)
{
    const AVCodec *codec = find_codec(track->codec);
    if (!codec) {
        *why = "its codec cannot be decoded";
        return NULL;
    }
    if ((int64_t)track->width * track->height > PIXELS_MAX) {
        *why = "the picture is too large";
        return NULL;
    }
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    if (!ctx || set_config(ctx, track) != 0) {
        avcodec_free_context(&ctx);
        *why = "no memory for a decoder";
        return NULL;
    }
    set_options(ctx, track, threads);
    if (avcodec_open2(ctx, codec, NULL) < 0) {
        avcodec_free_context(&ctx);
        *why = "the decoder refuses the configuration";
    }
    return ctx;
}

int
bc_decoder_send(AVCodecContext *decoder, AVPacket *shell, const struct bc_packet *packet)
{
    if (packet->len == 0 || packet->len > INT32_MAX / 2) {
        return AVERROR_INVALIDDATA;
    }
    shell->data = (uint8_t *)packet->data;
    shell->size = (int)packet->len;
    shell->pts = packet->pts_us;
    shell->dts = packet->dts_us;
    int err = avcodec_send_packet(decoder, shell);
    av_packet_unref(shell);
    return err;
}
