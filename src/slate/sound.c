// SPDX-License-Identifier: Apache-2.0
#include "sound.h"

#include <string.h>

#define STEREO_BPS 128000
#define MONO_BPS 80000
#define EACH_MORE_BPS 48000
// Stamps tell the time of a frame less exactly than its samples do.
#define TOLERANCE_MS 100
#define CHUNK 4096 // samples that are converted at once

static int
bit_rate(int channels)
{
    return channels == 1 ? MONO_BPS : STEREO_BPS + (channels - 2) * EACH_MORE_BPS;
}

static const char *
open_codec(struct slate_sound *s, const struct slate_format *f)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("aac");
    s->ctx = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!s->ctx) {
        return "there is no encoder for AAC";
    }
    s->ctx->sample_rate = f->sample_rate;
    s->ctx->time_base = (AVRational){ 1, f->sample_rate };
    s->ctx->sample_fmt = AV_SAMPLE_FMT_FLTP;
    s->ctx->bit_rate = bit_rate(f->channels);
    s->ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&s->ctx->ch_layout, f->channels);
    av_opt_set(s->ctx->priv_data, "aac_coder", "fast", 0);
    bool ok = avcodec_open2(s->ctx, codec, NULL) == 0
        && s->ctx->frame_size == SLATE_SOUND_SAMPLES;
    return ok ? NULL : "the encoder for AAC does not take it";
}

const char *
slate_sound_init(struct slate_sound *s, const struct slate_format *format,
    struct slate_units *out)
{
    memset(s, 0, sizeof(*s));
    s->out = out;
    const char *why = open_codec(s, format);
    if (why) {
        return why;
    }
    s->packet = av_packet_alloc();
    s->frame = av_frame_alloc();
    s->like = av_frame_alloc();
    if (!s->packet || !s->frame || !s->like) {
        return "no memory";
    }
    s->frame->nb_samples = SLATE_SOUND_SAMPLES;
    s->frame->format = AV_SAMPLE_FMT_FLTP;
    s->frame->sample_rate = format->sample_rate;
    bool ok = av_channel_layout_copy(&s->frame->ch_layout, &s->ctx->ch_layout) == 0
        && av_frame_get_buffer(s->frame, 0) == 0;
    return ok ? NULL : "no memory";
}

void
slate_sound_finish(struct slate_sound *s)
{
    avcodec_free_context(&s->ctx);
    av_packet_free(&s->packet);
    av_frame_free(&s->frame);
    av_frame_free(&s->like);
    swr_free(&s->swr);
}

struct bc_track *
slate_sound_track(const struct slate_sound *s)
{
    return bc_aac_track(s->ctx->extradata, (size_t)s->ctx->extradata_size);
}

// --- frames of the encoder's size ---

static bool
encode(struct slate_sound *s)
{
    s->frame->pts = s->samples - SLATE_SOUND_SAMPLES;
    s->filled = 0;
    if (avcodec_send_frame(s->ctx, s->frame) < 0) {
        return false;
    }
    bool ok = true;
    while (ok && avcodec_receive_packet(s->ctx, s->packet) == 0) {
        // What the encoder makes of the time before the beginning is left out.
        struct bc_buf *buf = s->packet->pts < 0
            ? NULL
            : bc_buf_copy(s->packet->data, (size_t)s->packet->size);
        ok = s->packet->pts < 0 || slate_units_add(s->out, buf, true);
        av_packet_unref(s->packet);
    }
    return ok && av_frame_make_writable(s->frame) == 0;
}

// `planes` NULL: silence.
static bool
put(struct slate_sound *s, float *const *planes, int count)
{
    for (int done = 0; done < count;) {
        int room = SLATE_SOUND_SAMPLES - s->filled;
        int n = count - done < room ? count - done : room;
        for (int c = 0; c < s->ctx->ch_layout.nb_channels; c++) {
            float *to = (float *)s->frame->extended_data[c] + s->filled;
            if (planes) {
                memcpy(to, planes[c] + done, (size_t)n * sizeof(*to));
            } else {
                memset(to, 0, (size_t)n * sizeof(*to));
            }
        }
        done += n;
        s->filled += n;
        s->samples += n;
        if (s->filled == SLATE_SOUND_SAMPLES && !encode(s)) {
            return false;
        }
    }
    return true;
}

bool
slate_sound_fill(struct slate_sound *s, int64_t to)
{
    bool ok = true;
    while (ok && (s->samples < to || s->filled > 0)) {
        ok = put(s, NULL, SLATE_SOUND_SAMPLES - s->filled);
    }
    return ok;
}

// --- conversion ---

static bool
is_alike(const AVFrame *a, const AVFrame *b)
{
    return a->format == b->format && a->sample_rate == b->sample_rate
        && av_channel_layout_compare(&a->ch_layout, &b->ch_layout) == 0;
}

static bool
open_conversion(struct slate_sound *s, const AVFrame *f)
{
    if (s->swr && is_alike(s->like, f)) {
        return true;
    }
    swr_free(&s->swr);
    av_frame_unref(s->like);
    s->like->format = f->format;
    s->like->sample_rate = f->sample_rate;
    return av_channel_layout_copy(&s->like->ch_layout, &f->ch_layout) == 0
        && swr_alloc_set_opts2(&s->swr, &s->ctx->ch_layout, s->ctx->sample_fmt,
               s->ctx->sample_rate, &s->like->ch_layout, f->format, f->sample_rate, 0, NULL)
            == 0
        && swr_init(s->swr) == 0;
}

// Brings the next frame to its time: by silence, or (negative) by what is to be dropped.
static int64_t
gap(const struct slate_sound *s, int64_t at)
{
    int64_t off = at - s->samples;
    int64_t tolerance = (int64_t)s->ctx->sample_rate * TOLERANCE_MS / 1000;
    return s->samples > 0 && off < tolerance && off > -tolerance ? 0 : off;
}

bool
slate_sound_push(struct slate_sound *s, const AVFrame *frame, int64_t at)
{
    static const int MORE = 2; // rounds that a resampler may have left over
    if (!open_conversion(s, frame)) {
        return false;
    }
    int64_t off = gap(s, at);
    if (off > 0 && !put(s, NULL, off > INT32_MAX ? INT32_MAX : (int)off)) {
        return false;
    }
    int64_t drop = off < 0 ? -off : 0;
    float samples[SLATE_CHANNELS_MAX][CHUNK];
    float *planes[SLATE_CHANNELS_MAX];
    const uint8_t **in = (const uint8_t **)frame->extended_data;
    int in_count = frame->nb_samples;
    for (int64_t round = 0; round < frame->nb_samples + MORE; round++) {
        for (int c = 0; c < SLATE_CHANNELS_MAX; c++) {
            planes[c] = samples[c];
        }
        int n = swr_convert(s->swr, (uint8_t **)planes, CHUNK, in, in_count);
        in = NULL;
        in_count = 0;
        if (n <= 0) {
            return n == 0;
        }
        int skipped = drop < n ? (int)drop : n;
        drop -= skipped;
        for (int c = 0; c < SLATE_CHANNELS_MAX; c++) {
            planes[c] = samples[c] + skipped;
        }
        if (!put(s, planes, n - skipped)) {
            return false;
        }
    }
    return true;
}
