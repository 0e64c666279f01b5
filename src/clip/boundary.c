// SPDX-License-Identifier: Apache-2.0
// Decodes a GOP and encodes some of its frames anew, as like to the source as can be: size,
// pixel format, profile, level, colours. The encoder counts frames; their times are the
// source's, so a seam moves nothing.
#include "boundary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ffmpeg.h"
#include "plan.h"
#include "sets.h"

#define PIXELS_MAX (4096 * 2304)
#define PIXELS_FAST (960 * 540)  // larger ones are encoded with less effort
#define QUALITY "18"             // x264's; near to what the eye can tell apart
#define RATE_FACTOR 2            // of the source's rate, at most
#define RATE_MIN_BPS 1000000
#define RATE_MAX_BPS 100000000
#define FPS_MAX 240
#define AVCC_PROFILE 1
#define AVCC_LEVEL 3
#define PROFILE_BASELINE 66
#define PROFILE_MAIN 77
#define PROFILE_HIGH 100
#define BYTES_MAX (INT32_MAX / 2)

// One boundary at work. On the stack of its thread.
struct work {
    const struct clip_recode *job;
    AVCodecContext *decoder;
    AVCodecContext *encoder; // once the first frame is there
    AVPacket *packet;
    AVFrame *frame;
    int64_t *pts; // owned; of the frames given to the encoder
    size_t given;
    struct clip_coded *out;
};

bool
clip_recode_can(const struct bc_track *track)
{
    unsigned ids[2];
    return track->codec == BC_CODEC_AVC && track->config
        && track->config->len > AVCC_LEVEL
        && (int64_t)track->width * track->height <= PIXELS_MAX
        && clip_sets_free_ids(track, ids);
}

void
clip_coded_finish(struct clip_coded *coded)
{
    for (size_t i = 0; i < coded->count; i++) {
        bc_buf_unref(&coded->frames[i].data);
    }
    free(coded->frames);
    bc_buf_unref(&coded->sets);
    *coded = (struct clip_coded){ 0 };
}

static bool
is_cancelled(const struct work *w)
{
    return w->job->cancel && atomic_load(w->job->cancel);
}

// --- the encoder ---

static int64_t
source_rate_bps(const struct clip_recode *job)
{
    uint64_t bytes = 0;
    uint64_t ticks = 0;
    for (size_t i = 0; i < job->count; i++) {
        bytes += job->samples[i].len;
        ticks += job->samples[i].duration;
    }
    return ticks > 0 ? (int64_t)(bytes * 8 * job->timescale / ticks) : RATE_MIN_BPS;
}

static AVRational
frame_rate(const struct clip_recode *job)
{
    uint64_t ticks = 0;
    for (size_t i = 0; i < job->count; i++) {
        ticks += job->samples[i].duration;
    }
    AVRational rate = { 30, 1 };
    if (ticks > 0 && ticks <= INT32_MAX) {
        (void)av_reduce(&rate.num, &rate.den, (int64_t)job->timescale * (int64_t)job->count,
            (int64_t)ticks, 60000);
    }
    bool sane = rate.num > 0 && rate.den > 0 && rate.num / rate.den <= FPS_MAX
        && rate.den / rate.num <= 1;
    return sane ? rate : (AVRational){ 30, 1 };
}

static const char *
profile_of(const struct bc_track *track, int format)
{
    if (format != AV_PIX_FMT_YUV420P && format != AV_PIX_FMT_YUVJ420P) {
        return NULL; // as the pixel format demands
    }
    switch (track->config->data[AVCC_PROFILE]) {
    case PROFILE_BASELINE:
        return "baseline";
    case PROFILE_MAIN:
        return "main";
    default:
        return "high";
    }
}

static bool
can_encode(const AVCodec *codec, const AVFrame *f, const struct bc_track *track)
{
    bool listed = false;
    for (const enum AVPixelFormat *p = codec->pix_fmts; p && *p != AV_PIX_FMT_NONE; p++) {
        listed = listed || (int)*p == f->format;
    }
    return listed && f->width == (int)track->width && f->height == (int)track->height
        && f->width % 2 == 0 && f->height % 2 == 0;
}

static void
set_like_source(AVCodecContext *ctx, const AVFrame *f, const struct clip_recode *job)
{
    AVRational rate = frame_rate(job);
    ctx->width = f->width;
    ctx->height = f->height;
    ctx->pix_fmt = f->format;
    ctx->sample_aspect_ratio = f->sample_aspect_ratio;
    ctx->color_range = f->color_range;
    ctx->color_primaries = f->color_primaries;
    ctx->color_trc = f->color_trc;
    ctx->colorspace = f->colorspace;
    ctx->chroma_sample_location = f->chroma_location;
    ctx->framerate = rate;
    ctx->time_base = av_inv_q(rate);
    ctx->level = job->track->config->data[AVCC_LEVEL];
    if (f->interlaced_frame) {
        ctx->flags |= AV_CODEC_FLAG_INTERLACED_DCT;
    }
}

static int64_t
limit_rate(int64_t bps)
{
    return bps < RATE_MIN_BPS ? RATE_MIN_BPS : bps > RATE_MAX_BPS ? RATE_MAX_BPS : bps;
}

static int
open_encoder(struct work *w, const AVFrame *f)
{
    const struct clip_recode *job = w->job;
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec || !can_encode(codec, f, job->track)) {
        return -ENOTSUP;
    }
    AVCodecContext *ctx = w->encoder = avcodec_alloc_context3(codec);
    if (!ctx) {
        return -ENOMEM;
    }
    set_like_source(ctx, f, job);
    ctx->gop_size = CLIP_RECODE_FRAMES + 1;
    ctx->max_b_frames = 0; // no frame may wait for one that is copied
    ctx->thread_count = (int)job->threads;
    ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    ctx->rc_max_rate = limit_rate(RATE_FACTOR * source_rate_bps(job));
    ctx->rc_buffer_size = (int)ctx->rc_max_rate;
    bool large = f->width * f->height > PIXELS_FAST;
    const char *profile = profile_of(job->track, f->format);
    char params[128];
    (void)snprintf(params, sizeof(params),
        "sps-id=%u:stitchable=1:force-cfr=1:scenecut=0:open-gop=0", job->set_id);
    av_opt_set(ctx->priv_data, "preset", large ? "superfast" : "veryfast", 0);
    av_opt_set(ctx->priv_data, "crf", QUALITY, 0);
    av_opt_set(ctx->priv_data, "x264-params", params, 0);
    if (profile) {
        av_opt_set(ctx->priv_data, "profile", profile, 0);
    }
    if (avcodec_open2(ctx, codec, NULL) < 0 || ctx->extradata_size <= 0) {
        return -ENOTSUP;
    }
    w->out->sets = bc_buf_copy(ctx->extradata, (size_t)ctx->extradata_size);
    return w->out->sets ? 0 : -ENOMEM;
}

// --- frames through ---

static int
take_coded(struct work *w)
{
    while (avcodec_receive_packet(w->encoder, w->packet) == 0) {
        int64_t n = w->packet->pts;
        struct bc_buf *data =
            clip_sets_sample(w->packet->data, (size_t)w->packet->size);
        bool sync = w->packet->flags & AV_PKT_FLAG_KEY;
        av_packet_unref(w->packet);
        if (!data || n < 0 || (size_t)n >= w->given || w->out->count == w->job->count) {
            bc_buf_unref(&data);
            return -ENOMEM;
        }
        w->out->frames[w->out->count++] =
            (struct clip_coded_frame){ .pts = w->pts[n], .sync = sync, .data = data };
    }
    return 0;
}

// Without memory an encoder is what fails; its other errors there is no cure for either.
static int
encode(struct work *w, AVFrame *f)
{
    int64_t pts = f->pts;
    if (w->given == w->job->count || (w->given > 0 && pts <= w->pts[w->given - 1])) {
        return 0;
    }
    int err = w->encoder ? 0 : open_encoder(w, f);
    if (err != 0) {
        return err;
    }
    if (f->width != w->encoder->width || f->height != w->encoder->height
        || f->format != w->encoder->pix_fmt) {
        return -ENOTSUP;
    }
    f->pts = (int64_t)w->given;
    f->pict_type = w->given == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    w->pts[w->given++] = pts;
    return avcodec_send_frame(w->encoder, f) == 0 ? take_coded(w) : -ENOTSUP;
}

static int
take_decoded(struct work *w)
{
    while (avcodec_receive_frame(w->decoder, w->frame) == 0) {
        int64_t pts = w->frame->pts;
        bool wanted = pts != AV_NOPTS_VALUE && pts >= w->job->first && pts < w->job->end;
        int err = wanted ? encode(w, w->frame) : 0;
        av_frame_unref(w->frame);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static int
decode(struct work *w, const struct clip_sample *s)
{
    if (s->len == 0 || s->len > BYTES_MAX) {
        return 0;
    }
    int64_t pts = s->dts + s->cts;
    // What is not wanted is decoded only where others may refer to it.
    bool wanted = pts >= w->job->first && pts < w->job->end;
    w->decoder->skip_frame = wanted ? AVDISCARD_DEFAULT : AVDISCARD_NONREF;
    if (av_new_packet(w->packet, (int)s->len) < 0) { // padded, as decoders over-read
        return -ENOMEM;
    }
    memcpy(w->packet->data, s->data, s->len);
    w->packet->pts = pts;
    w->packet->dts = s->dts;
    w->packet->flags = s->sync ? AV_PKT_FLAG_KEY : 0;
    // A damaged frame is left out; those shown with it last longer.
    (void)avcodec_send_packet(w->decoder, w->packet);
    av_packet_unref(w->packet);
    return take_decoded(w);
}

// The last sample in decoding order that something wanted may need.
static size_t
samples_needed(const struct clip_recode *job)
{
    size_t n = job->count;
    while (n > 0 && job->samples[n - 1].dts >= job->end) {
        n--;
    }
    return n;
}

static int
run(struct work *w)
{
    int err = 0;
    size_t count = samples_needed(w->job);
    for (size_t i = 0; i < count && err == 0; i++) {
        err = is_cancelled(w) ? -ECANCELED : decode(w, &w->job->samples[i]);
    }
    if (err == 0 && avcodec_send_packet(w->decoder, NULL) == 0) {
        err = take_decoded(w);
    }
    if (err == 0 && w->encoder && avcodec_send_frame(w->encoder, NULL) == 0) {
        err = take_coded(w);
    }
    bool whole = w->out->count > 0 && w->out->count == w->given;
    return err != 0 || whole ? err : -EINVAL;
}

// --- around ---

static int
open_decoder(struct work *w)
{
    const struct bc_buf *config = w->job->track->config;
    const AVCodec *codec = avcodec_find_decoder_by_name("h264");
    AVCodecContext *ctx = w->decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!ctx) {
        return codec ? -ENOMEM : -ENOTSUP;
    }
    ctx->extradata = av_mallocz(config->len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!ctx->extradata) {
        return -ENOMEM;
    }
    memcpy(ctx->extradata, config->data, config->len);
    ctx->extradata_size = (int)config->len;
    ctx->pkt_timebase = (AVRational){ 1, (int)w->job->timescale };
    ctx->max_pixels = PIXELS_MAX;
    ctx->thread_count = (int)w->job->threads;
    return avcodec_open2(ctx, codec, NULL) < 0 ? -ENOTSUP : 0;
}

static int
prepare(struct work *w)
{
    size_t count = w->job->count > 0 ? w->job->count : 1;
    w->packet = av_packet_alloc();
    w->frame = av_frame_alloc();
    w->pts = calloc(count, sizeof(w->pts[0]));
    w->out->frames = calloc(count, sizeof(w->out->frames[0]));
    return w->packet && w->frame && w->pts && w->out->frames ? 0 : -ENOMEM;
}

int
clip_recode_run(const struct clip_recode *job, struct clip_coded *out)
{
    *out = (struct clip_coded){ 0 };
    struct work w = { .job = job, .out = out };
    int err = prepare(&w);
    if (err == 0) {
        err = open_decoder(&w);
    }
    if (err == 0) {
        err = run(&w);
    }
    avcodec_free_context(&w.decoder);
    avcodec_free_context(&w.encoder);
    av_packet_free(&w.packet);
    av_frame_free(&w.frame);
    free(w.pts);
    if (err != 0) {
        clip_coded_finish(out);
    }
    return err;
}
