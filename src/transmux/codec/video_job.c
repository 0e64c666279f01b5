// SPDX-License-Identifier: Apache-2.0
// Pictures decoded and encoded again without reordering, for viewers whose decoders show
// what comes (WebRTC). The history before the output begins is decoded only, as the
// newest picture needs all before it. When the processor cannot keep up, pictures are
// left out before the queue runs over (queue.c): first every second one is not encoded,
// then those that nothing refers to are not decoded either.
#include <stdlib.h>

#include "base/list.h"
#include "ffmpeg.h"
#include "job.h"
#include "transmux/codec.h"
#include "video_encoder.h"

#define VIDEO_THREADS 2

#define PLACES 32 // pictures inside the decoder: 16 by the standards, and its threads'
#define SLOW_AT 12 // packets behind
#define FAST_AT 3
#define SKIP_AT 24
#define HISTORY_SKIP_AT 8
#define BAD_PACKETS_MAX 300
#define RATE_WINDOW_US 1000000
#define RATE_ENOUGH_US 300000
#define FPS_MAX 120
#define BITS_PER_PIXEL 2 // a second, until the rate is known

// Owned by its recoder; its codec thread only.
struct video_job {
    struct codec_job base;
    struct video_encoder out;
    struct bc_track *track; // shared; what the decoder was opened for
    AVCodecContext *dec; // owned
    AVFrame *frame; // owned
    AVPacket *packet; // owned
    AVFrame *newest; // owned; of the history, to begin with
    struct video_place
        places[PLACES]; // of what went into the decoder last, by number % PLACES
    unsigned number;
    uint32_t epoch;
    bool begun;
    bool wait_key; // the decoder cannot start with less
    bool want_key; // somebody asked
    bool flag_due; // no picture of epoch flag_epoch has said BC_PACKET_NEW_EPOCH yet
    uint32_t flag_epoch;
    bool slow;
    bool left_out; // the last picture, when slow
    unsigned bad; // packets in a row that gave nothing
    unsigned behind; // of the packet at hand
    // The source's rate and pace.
    int64_t window_us; // where the running window began
    int64_t window_bytes;
    int window_pictures;
    int64_t bps; // mean; 0: unknown
    int fps;
};

static void
fail(struct video_job *j, const char *why)
{
    j->base.failed = why;
}

// --- the source's rate ---

static void
close_window(struct video_job *j, int64_t span_us)
{
    int64_t bps = j->window_bytes * 8 * 1000000 / span_us;
    j->bps = j->bps > 0 ? (3 * j->bps + bps) / 4 : bps;
    j->fps = (int)((j->window_pictures * INT64_C(1000000) + span_us / 2) / span_us);
    video_encoder_set_rate(&j->out, j->bps);
}

static void
measure(struct video_job *j, const struct bc_packet *p)
{
    int64_t span_us = p->dts_us - j->window_us;
    if (j->window_pictures > 0 && span_us >= RATE_WINDOW_US) {
        if (span_us < 2 * RATE_WINDOW_US) { // else there was a hole
            close_window(j, span_us);
        }
        j->window_pictures = 0;
    }
    if (j->window_pictures == 0) {
        j->window_us = p->dts_us;
        j->window_bytes = 0;
    }
    j->window_bytes += (int64_t)p->len;
    j->window_pictures++;
}

// What the encoder is to be opened with.
static void
make_wish(struct video_job *j, const AVFrame *f)
{
    const struct bc_track *t = j->track;
    int64_t span_us = j->places[(j->number - 1) % PLACES].pts_us - j->window_us;
    struct bc_video_wish *wish = &j->out.wish;
    if (j->bps == 0 && span_us >= RATE_ENOUGH_US) {
        close_window(j, span_us);
        j->bps = 0; // it was only a glimpse
    } else if (j->bps == 0) {
        video_encoder_set_rate(&j->out, (int64_t)f->width * f->height * BITS_PER_PIXEL);
    }
    // What the stream says of its pace is often wrong.
    bool said = t->fps_den > 0 && t->fps_num / t->fps_den <= FPS_MAX;
    wish->fps = j->fps > 0 ? j->fps : said ? (int)(t->fps_num / t->fps_den) : 0;
    wish->high = t->codec != BC_CODEC_AVC || j->dec->profile >= FF_PROFILE_H264_HIGH;
}

// --- pictures ---

static const struct video_place *
find_place(const struct video_job *j, int64_t pts_us)
{
    for (unsigned i = 1; i <= PLACES && i <= j->number; i++) {
        const struct video_place *p = &j->places[(j->number - i) % PLACES];
        if (p->pts_us == pts_us) {
            return p;
        }
    }
    return NULL;
}

static void
encode(struct video_job *j, AVFrame *f)
{
    const struct video_place *found = find_place(j, f->pts);
    if (!found) {
        j->base.dropped++;
        return;
    }
    struct video_place place = *found;
    if (j->flag_due && place.epoch == j->flag_epoch) {
        place.flags = BC_PACKET_NEW_EPOCH;
        j->flag_due = false;
    }
    if (!j->out.ctx) {
        make_wish(j, f);
    }
    if (video_encoder_encode(&j->out, f, &place, j->want_key) != 0) {
        fail(j, "the picture encoder cannot be opened");
    }
    j->want_key = false;
}

static bool
leave_out(struct video_job *j)
{
    j->slow = j->behind >= SLOW_AT || (j->slow && j->behind > FAST_AT);
    j->left_out = j->slow && !j->left_out;
    j->base.dropped += j->left_out;
    return j->left_out;
}

static void
take_frame(struct video_job *j)
{
    if (!j->begun) {
        av_frame_unref(j->newest);
        av_frame_move_ref(j->newest, j->frame);
    } else if (!leave_out(j)) {
        encode(j, j->frame);
    }
    av_frame_unref(j->frame);
}

static bool
receive_frames(struct video_job *j)
{
    int err = 0;
    while (!j->base.failed && (err = avcodec_receive_frame(j->dec, j->frame)) == 0) {
        take_frame(j);
    }
    return err == AVERROR(EAGAIN) || err == AVERROR_EOF;
}

// What is still inside the decoder comes out; it then starts anew.
static void
drain(struct video_job *j)
{
    if (j->dec) {
        avcodec_send_packet(j->dec, NULL);
        receive_frames(j);
        avcodec_flush_buffers(j->dec);
    }
}

// --- decoder ---

static void
open_decoder(struct video_job *j, struct bc_track *track)
{
    avcodec_free_context(&j->dec);
    bc_track_unref(&j->track);
    j->track = bc_track_ref(track);
    j->bad = 0;
    j->dec = bc_decoder_open(track, VIDEO_THREADS, &j->base.failed);
}

static void
decode(struct video_job *j, const struct bc_packet *packet)
{
    j->places[j->number++ % PLACES] = (struct video_place){
        .pts_us = packet->pts_us, .arrived_us = packet->arrived_us, .epoch = packet->epoch
    };
    bool good = bc_decoder_send(j->dec, j->packet, packet) == 0 && receive_frames(j);
    j->bad = good ? 0 : j->bad + 1;
    j->base.dropped += !good;
    if (j->bad > BAD_PACKETS_MAX) {
        fail(j, "the picture cannot be decoded");
    }
}

// --- the job ---

static struct video_job *
video_job_of(struct codec_job *job)
{
    return bc_container_of(job, struct video_job, base);
}

// A new decoder, or the old one without what it remembers, as the source asks for.
static void
follow_source(struct video_job *j, const struct bc_packet *p)
{
    if (!j->dec || (p->track != j->track && !bc_track_equal(p->track, j->track))) {
        drain(j);
        j->wait_key = true;
        open_decoder(j, p->track);
    } else if (p->epoch != j->epoch) {
        drain(j);
        j->wait_key = true;
    }
    j->epoch = p->epoch;
}

static bool
is_superfluous(struct video_job *j, const struct codec_input *in)
{
    if (j->wait_key && !(in->packet->flags & BC_PACKET_KEY)) {
        return true;
    }
    j->wait_key = false;
    return (in->packet->flags & BC_PACKET_DISPOSABLE) != 0
        && in->behind > (j->begun ? SKIP_AT : HISTORY_SKIP_AT);
}

static void
push(struct codec_job *job, const struct codec_input *in)
{
    struct video_job *j = video_job_of(job);
    struct bc_packet *p = in->packet;
    if (j->base.failed || !p->track) {
        return;
    }
    j->behind = in->behind;
    follow_source(j, p);
    if (in->flags & BC_PACKET_NEW_EPOCH) {
        j->flag_due = true;
        j->flag_epoch = p->epoch;
    }
    measure(j, p);
    if (j->base.failed) {
        return;
    }
    if (is_superfluous(j, in)) {
        j->base.dropped += j->begun;
        return;
    }
    decode(j, p);
}

static void
begin_output(struct codec_job *job)
{
    struct video_job *j = video_job_of(job);
    j->begun = true;
    if (j->newest->buf[0] && !j->base.failed) {
        encode(j, j->newest);
    }
    av_frame_unref(j->newest);
}

static void
request_key(struct codec_job *job)
{
    video_job_of(job)->want_key = true;
}

static void
destroy(struct codec_job *job)
{
    struct video_job *j = video_job_of(job);
    video_encoder_finish(&j->out);
    avcodec_free_context(&j->dec);
    av_frame_free(&j->frame);
    av_frame_free(&j->newest);
    av_packet_free(&j->packet);
    bc_track_unref(&j->track);
    free(j);
}

static const struct codec_job_ops OPS = { .push = push,
    .begin_output = begin_output,
    .request_key = request_key,
    .destroy = destroy };

struct codec_job *
codec_video_job_create(const struct codec_sink *sink)
{
    struct video_job *j = calloc(1, sizeof(*j));
    if (!j) {
        return NULL;
    }
    j->base.ops = &OPS;
    j->base.sink = *sink;
    j->frame = av_frame_alloc();
    j->newest = av_frame_alloc();
    j->packet = av_packet_alloc();
    if (video_encoder_init(&j->out, sink) != 0 || !j->frame || !j->newest || !j->packet) {
        destroy(&j->base);
        return NULL;
    }
    return &j->base;
}
