// SPDX-License-Identifier: Apache-2.0
#include "audio_encoder.h"

#include <errno.h>
#include <string.h>

#include "media/track_build.h"

#define OPUS_STEREO_BPS 128000
#define OPUS_MONO_BPS 64000
#define AAC_STEREO_BPS 128000
#define AAC_MONO_BPS 96000
// RFC 7587 lets receivers expect up to 120 ms, but there are some, aiortc for one, that have
// room for this only.
#define OPUS_FRAME_MS "20"
#define FADE 0.98f // per sample; gone after some 5 ms

int64_t
audio_samples(int64_t us)
{
    return av_rescale(us, CODEC_RATE, 1000000);
}

int64_t
audio_us(int64_t samples)
{
    return av_rescale(samples, 1000000, CODEC_RATE);
}

void
audio_encoder_init(
    struct audio_encoder *e, enum bc_codec codec, const struct codec_sink *sink)
{
    memset(e, 0, sizeof(*e));
    e->codec = codec;
    e->sink = *sink;
    e->last_pts_us = -1;
}

static void
close_codec(struct audio_encoder *e)
{
    avcodec_free_context(&e->ctx);
    av_frame_free(&e->frame);
    av_packet_free(&e->packet);
    bc_track_unref(&e->track);
    e->filled = 0;
}

void
audio_encoder_finish(struct audio_encoder *e)
{
    close_codec(e);
}

// --- opening ---

static int
open_codec(struct audio_encoder *e, unsigned channels)
{
    bool opus = e->codec == BC_CODEC_OPUS;
    const AVCodec *codec = avcodec_find_encoder_by_name(opus ? "libopus" : "aac");
    e->ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!e->ctx) {
        return codec ? -ENOMEM : -ENOENT;
    }
    e->ctx->sample_rate = CODEC_RATE;
    e->ctx->time_base = (AVRational){ 1, CODEC_RATE };
    e->ctx->sample_fmt = opus ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
    e->ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&e->ctx->ch_layout, (int)channels);
    if (opus) {
        e->ctx->bit_rate = channels == 1 ? OPUS_MONO_BPS : OPUS_STEREO_BPS;
        av_opt_set(e->ctx->priv_data, "application", "audio", 0);
        av_opt_set(e->ctx->priv_data, "frame_duration", OPUS_FRAME_MS, 0);
        // Packets of one size leave in one segmented send.
        av_opt_set(e->ctx->priv_data, "vbr", "off", 0);
        // At these rates more effort cannot be heard, but costs a third more.
        e->ctx->compression_level = 3;
    } else {
        e->ctx->bit_rate = channels == 1 ? AAC_MONO_BPS : AAC_STEREO_BPS;
        av_opt_set(e->ctx->priv_data, "aac_coder", "fast", 0);
    }
    if (e->bits_per_second > 0) {
        e->ctx->bit_rate = e->bits_per_second;
    }
    return avcodec_open2(e->ctx, codec, NULL) < 0 ? -EINVAL : 0;
}

static int
alloc_frame(struct audio_encoder *e)
{
    e->frame = av_frame_alloc();
    e->packet = av_packet_alloc();
    if (!e->frame || !e->packet) {
        return -ENOMEM;
    }
    e->frame->nb_samples = e->ctx->frame_size;
    e->frame->format = e->ctx->sample_fmt;
    e->frame->sample_rate = CODEC_RATE;
    av_channel_layout_default(&e->frame->ch_layout, (int)e->channels);
    return av_frame_get_buffer(e->frame, 0) < 0 ? -ENOMEM : 0;
}

static void
receive_packets(struct audio_encoder *e);

int
audio_encoder_open(struct audio_encoder *e, unsigned channels)
{
    if (e->ctx) {
        int rest = e->filled > 0 ? e->ctx->frame_size - e->filled : 0;
        if (audio_encoder_silence(e, rest) == 0
            && avcodec_send_frame(e->ctx, NULL) == 0) {
            receive_packets(e);
        }
        close_codec(e);
    }
    e->channels = channels;
    memset(e->tail, 0, sizeof(e->tail));
    int err = open_codec(e, channels);
    if (err == 0) {
        err = alloc_frame(e);
    }
    if (err == 0) {
        e->track = e->codec == BC_CODEC_OPUS
            ? bc_opus_track_simple(channels)
            : bc_aac_track(e->ctx->extradata, (size_t)e->ctx->extradata_size);
        err = e->track ? 0 : -ENOMEM;
    }
    if (err == 0) {
        e->track->frame_samples = (uint32_t)e->ctx->frame_size;
    }
    if (err != 0) {
        close_codec(e);
    }
    return err;
}

// --- epochs ---

void
audio_encoder_begin_epoch(struct audio_encoder *e, uint32_t epoch, bool flagged)
{
    if (e->epoch_count == CODEC_EPOCH_MARKS) {
        e->epoch_count--;
        memmove(e->epochs, e->epochs + 1, e->epoch_count * sizeof(e->epochs[0]));
    }
    e->epochs[e->epoch_count++] = (struct audio_epoch){ e->position, epoch, flagged };
}

// The epoch of the sound at `at`. A packet across the border is of the older one.
static struct audio_epoch *
epoch_of(struct audio_encoder *e, int64_t at)
{
    while (e->epoch_count > 1 && e->epochs[1].at <= at) {
        e->epoch_count--;
        memmove(e->epochs, e->epochs + 1, e->epoch_count * sizeof(e->epochs[0]));
    }
    return &e->epochs[0];
}

// --- encoding ---

// The encoder's own delay is in the packet's time already: it is its input's less
// initial_padding, so what a decoder plays at that time is what was there.
static void
give_packet(struct audio_encoder *e)
{
    int64_t pts_us = audio_us(e->packet->pts);
    // The very first ones of a broadcast hold what was before it, i.e. nothing.
    if (pts_us < 0 || pts_us <= e->last_pts_us) {
        return;
    }
    struct bc_buf *buf = bc_buf_copy(e->packet->data, (size_t)e->packet->size);
    struct bc_packet *p =
        buf ? bc_packet_create(BC_KIND_AUDIO, e->track, buf, buf->data, buf->len) : NULL;
    if (!p) {
        bc_buf_unref(&buf);
        return; // one packet lost; the clock goes on
    }
    struct audio_epoch *epoch = epoch_of(e, e->packet->pts);
    p->epoch = epoch->epoch;
    p->flags = epoch->flagged ? BC_PACKET_NEW_EPOCH : 0;
    epoch->flagged = false;
    p->dts_us = pts_us;
    p->pts_us = pts_us;
    p->arrived_us = e->arrived_us;
    e->last_pts_us = pts_us;
    e->sink.on_packet(e->sink.user, p);
}

static void
receive_packets(struct audio_encoder *e)
{
    while (avcodec_receive_packet(e->ctx, e->packet) == 0) {
        give_packet(e);
        av_packet_unref(e->packet);
    }
}

static int
encode_frame(struct audio_encoder *e)
{
    e->filled = 0;
    e->frame->pts = e->position - e->frame->nb_samples;
    if (avcodec_send_frame(e->ctx, e->frame) < 0) {
        return -EINVAL;
    }
    receive_packets(e);
    // The encoder may still hold the frame.
    return av_frame_make_writable(e->frame) < 0 ? -ENOMEM : 0;
}

// Decoders of broken streams give anything, also NaN, which encoders refuse.
static float
sane(float sample)
{
    if (!(sample >= -1.0f)) {
        return sample < -1.0f ? -1.0f : 0.0f;
    }
    return sample > 1.0f ? 1.0f : sample;
}

static void
put(struct audio_encoder *e, unsigned channel, float sample)
{
    e->tail[channel] = sample;
    if (e->codec == BC_CODEC_OPUS) {
        float *all = (float *)e->frame->data[0];
        all[(unsigned)e->filled * e->channels + channel] = sample;
    } else {
        ((float *)e->frame->extended_data[channel])[e->filled] = sample;
    }
}

static int
advance(struct audio_encoder *e)
{
    e->filled++;
    e->position++;
    return e->filled == e->frame->nb_samples ? encode_frame(e) : 0;
}

// Into the frame, which has room for them.
static void
fill_frame(struct audio_encoder *e, const float *samples, int count)
{
    unsigned channels = e->channels;
    if (e->codec == BC_CODEC_OPUS) {
        float *all = (float *)e->frame->data[0] + (unsigned)e->filled * channels;
        for (unsigned i = 0; i < (unsigned)count * channels; i++) {
            all[i] = sane(samples[i]);
        }
        return;
    }
    for (unsigned c = 0; c < channels; c++) {
        float *plane = (float *)e->frame->extended_data[c] + e->filled;
        for (unsigned i = 0; i < (unsigned)count; i++) {
            plane[i] = sane(samples[i * channels + c]);
        }
    }
}

int
audio_encoder_write(struct audio_encoder *e, const float *samples, int64_t count)
{
    int err = 0;
    while (count > 0 && err == 0) {
        int room = e->frame->nb_samples - e->filled;
        int n = count < room ? (int)count : room;
        fill_frame(e, samples, n);
        samples += (unsigned)n * e->channels;
        for (unsigned c = 0; c < e->channels; c++) {
            e->tail[c] = sane(samples[(int)c - (int)e->channels]);
        }
        e->filled += n;
        e->position += n;
        count -= n;
        err = e->filled == e->frame->nb_samples ? encode_frame(e) : 0;
    }
    return err;
}

int
audio_encoder_silence(struct audio_encoder *e, int64_t count)
{
    int err = 0;
    for (int64_t i = 0; i < count && err == 0; i++) {
        for (unsigned c = 0; c < e->channels; c++) {
            float sample = e->tail[c] * FADE;
            put(e, c, sample > 1e-6f || sample < -1e-6f ? sample : 0.0f);
        }
        err = advance(e);
    }
    return err;
}

int
audio_encoder_jump(struct audio_encoder *e, int64_t position)
{
    int err =
        e->filled > 0 ? audio_encoder_silence(e, e->frame->nb_samples - e->filled) : 0;
    if (position > e->position) {
        e->position = position;
    }
    return err;
}
