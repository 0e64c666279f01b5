// SPDX-License-Identifier: Apache-2.0
// From an input's packets to pictures and samples.
#include <string.h>

#include "base/clock.h"
#include "input_internal.h"
#include "protocol/rtmp/cue_point.h"
#include "transmux/codec.h"

#define SAMPLES 4096 // that are converted at once

bool
compose_decode_init(struct compose_input *input)
{
    input->packet = av_packet_alloc();
    input->frame = av_frame_alloc();
    input->sound_like = av_frame_alloc();
    return input->packet && input->frame && input->sound_like;
}

static void
close_decoder(struct compose_decoder *d)
{
    avcodec_free_context(&d->ctx);
    bc_track_unref(&d->track);
}

static void
drop_first(struct compose_input *input)
{
    av_frame_free(&input->queue[0].frame);
    input->queued--;
    memmove(input->queue, input->queue + 1, input->queued * sizeof(input->queue[0]));
}

// What waits with stamps that mean nothing any more. Locked.
static void
forget_waiting(struct compose_input *input)
{
    while (input->queued > 0) {
        drop_first(input);
    }
    while (input->script_count > 0) {
        bc_buf_unref(&input->scripts[--input->script_count].buf);
    }
    input->ring.begin = input->ring.end;
}

void
compose_decode_restart(struct compose_input *input)
{
    close_decoder(&input->video);
    close_decoder(&input->audio);
    input->began = false;
    pthread_mutex_lock(&input->lock);
    forget_waiting(input);
    pthread_mutex_unlock(&input->lock);
}

void
compose_decode_finish(struct compose_input *input)
{
    compose_decode_restart(input);
    av_packet_free(&input->packet);
    av_frame_free(&input->frame);
    av_frame_free(&input->sound_like);
    swr_free(&input->swr);
    compose_upright_finish(&input->upright);
}

static void
open_decoder(
    struct compose_input *input, struct compose_decoder *d, struct bc_track *track)
{
    const char *why = NULL;
    if (d->track && bc_track_equal(d->track, track)) {
        return;
    }
    close_decoder(d);
    d->track = bc_track_ref(track);
    d->ctx = bc_decoder_open(track, 1, &why);
    if (!d->ctx) {
        bc_warn(&input->log, "%s is not used: %s", bc_codec_name(track->codec), why);
        return;
    }
    if (track->kind == BC_KIND_VIDEO) {
        bc_info(&input->log, "picture %s %ux%u", bc_codec_name(track->codec),
            track->width, track->height);
        if (track->reorder_frames == 0) {
            d->ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
        }
    }
}

// --- pictures ---

static void
queue_picture(struct compose_input *input, AVFrame *f, int64_t pts_us)
{
    pthread_mutex_lock(&input->lock);
    bool back = input->queued > 0 && input->queue[input->queued - 1].pts_us >= pts_us;
    if (back) {
        while (input->queued > 0 && input->queue[input->queued - 1].pts_us >= pts_us) {
            av_frame_free(&input->queue[--input->queued].frame);
        }
    }
    if (input->queued == COMPOSE_QUEUE) {
        drop_first(input);
    }
    input->queue[input->queued].frame = f;
    input->queue[input->queued++].pts_us = pts_us;
    pthread_mutex_unlock(&input->lock);
    atomic_store(&input->newest_us, bc_clock_us());
}

static void
take_pictures(struct compose_input *input)
{
    while (avcodec_receive_frame(input->video.ctx, input->frame) == 0) {
        AVFrame *f = compose_upright_make(&input->upright, input->frame);
        if (f && input->frame->pts != AV_NOPTS_VALUE) {
            queue_picture(input, f, input->frame->pts);
        } else {
            av_frame_free(&f);
        }
        av_frame_unref(input->frame);
    }
}

// --- sound ---

static bool
open_conversion(struct compose_input *input, const AVFrame *f)
{
    AVFrame *like = input->sound_like;
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    if (input->swr && like->format == f->format && like->sample_rate == f->sample_rate
        && av_channel_layout_compare(&like->ch_layout, &f->ch_layout) == 0) {
        return true;
    }
    swr_free(&input->swr);
    av_frame_unref(like);
    like->format = f->format;
    like->sample_rate = f->sample_rate;
    return av_channel_layout_copy(&like->ch_layout, &f->ch_layout) == 0
        && swr_alloc_set_opts2(&input->swr, &stereo, AV_SAMPLE_FMT_FLT, COMPOSE_RATE,
               &like->ch_layout, f->format, f->sample_rate, 0, NULL)
        == 0
        && swr_init(input->swr) == 0;
}

static void
queue_sound(struct compose_input *input, const AVFrame *f)
{
    float samples[SAMPLES * 2];
    uint8_t *out[1] = { (uint8_t *)samples };
    if (f->pts == AV_NOPTS_VALUE || f->sample_rate <= 0 || !open_conversion(input, f)) {
        return;
    }
    // A resampler holds some samples back; what comes out is from before this frame.
    int64_t held = swr_get_delay(input->swr, COMPOSE_RATE);
    int64_t place = f->pts * (COMPOSE_RATE / 1000) / 1000 - held;
    const uint8_t **in = (const uint8_t **)f->extended_data;
    int n = swr_convert(input->swr, out, SAMPLES, in, f->nb_samples);
    while (n > 0) {
        pthread_mutex_lock(&input->lock);
        compose_ring_write(&input->ring, place, samples, n);
        pthread_mutex_unlock(&input->lock);
        place += n;
        n = n == SAMPLES ? swr_convert(input->swr, out, SAMPLES, NULL, 0) : 0;
    }
}

static void
take_sound(struct compose_input *input)
{
    while (avcodec_receive_frame(input->audio.ctx, input->frame) == 0) {
        queue_sound(input, input->frame);
        av_frame_unref(input->frame);
    }
}

// --- packets ---

static void
queue_script(struct compose_input *input, const struct bc_packet *p)
{
    if (!bc_cue_point_is(p->data, p->len)) {
        return;
    }
    pthread_mutex_lock(&input->lock);
    struct bc_buf *buf =
        input->script_count < COMPOSE_SCRIPTS ? bc_buf_copy(p->data, p->len) : NULL;
    if (buf) {
        // Its time becomes that since the message, until it is sent on another timeline.
        bc_cue_point_move(buf->data, buf->len, -(double)p->pts_us / 1e6);
        input->scripts[input->script_count].buf = buf;
        input->scripts[input->script_count++].pts_us = p->pts_us;
    }
    pthread_mutex_unlock(&input->lock);
}

void
compose_decode_packet(struct compose_input *input, struct bc_packet *packet)
{
    struct compose_decoder *d =
        packet->kind == BC_KIND_VIDEO ? &input->video : &input->audio;
    if (packet->kind == BC_KIND_SCRIPT) {
        queue_script(input, packet);
    }
    if (!packet->track
        || (packet->kind != BC_KIND_VIDEO && packet->kind != BC_KIND_AUDIO)) {
        bc_packet_unref(&packet);
        return;
    }
    pthread_mutex_lock(&input->lock);
    if (compose_pace_arrive(&input->pace, packet->kind, packet->dts_us, bc_clock_us())) {
        forget_waiting(input);
    }
    pthread_mutex_unlock(&input->lock);
    input->began = true;
    open_decoder(input, d, packet->track);
    if (d->ctx && bc_decoder_send(d->ctx, input->packet, packet) == 0) {
        if (packet->kind == BC_KIND_VIDEO) {
            take_pictures(input);
        } else {
            take_sound(input);
        }
    }
    bc_packet_unref(&packet);
}
