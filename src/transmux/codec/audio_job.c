// SPDX-License-Identifier: Apache-2.0
// Sound from one codec into another. Three clocks meet here: the stamps of the packets
// (broadcast time), the samples that the decoder really made, and the samples that the
// encoder got. Encoders want an unbroken count, so samples are counted from a first stamp
// on and the stamps only correct the count:
//
//   off by        | then
//   --------------|-----------------------------------------------------------------
//   a little      | the resampler makes the sound longer or shorter by at most 0.5 %
//   a gap         | Opus leaves packets out for silence and loses others: silence is
//                 | filled in. Otherwise the count goes on at the stamp.
//   an overlap    | samples are left out, as time never goes back
//   a new epoch   | all of this at once, to the sample
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audio_encoder.h"
#include "base/list.h"
#include "ffmpeg.h"
#include "job.h"
#include "transmux/codec.h"

#define GAP_SAMPLES (CODEC_RATE * 40 / 1000)
#define OPUS_GAP_SAMPLES (CODEC_RATE * 15 / 1000) // its stamps are exact
#define FILL_SAMPLES (CODEC_RATE * 2) // a longer silence is a gap
#define DRIFT_SAMPLES (CODEC_RATE * 2 / 1000) // smaller is left as it is
#define BEND_SAMPLES (CODEC_RATE / 200) // at most 0.5 % ...
#define BEND_SPAN CODEC_RATE // ... in a second
#define DRIFT_WEIGHT 16 // frames that a mean is taken of
#define BAD_PACKETS_MAX 250
#define RATE_MAX 192000
#define IDLE_BEHIND_US 200000 // what may still come late

// Owned by its recoder; its codec thread only.
struct audio_job {
    struct codec_job base;
    struct audio_encoder out;
    unsigned channels; // asked for; 0: as the source
    struct bc_track *track; // shared; what the decoder was opened for
    AVCodecContext *dec; // owned
    AVFrame *frame; // owned
    AVPacket *packet; // owned
    SwrContext *swr; // owned; for the format below
    int format;
    int rate;
    AVChannelLayout layout;
    float *samples; // owned; what the resampler made
    int capacity; // of them, per channel
    uint32_t epoch;
    bool started; // an epoch is known
    bool flagged; // its first packet said BC_PACKET_NEW_EPOCH, not passed on yet
    bool fresh; // the next frame is the first of an epoch or decoder
    bool fed; // the resampler holds samples
    int64_t skip; // samples still to be left out
    int64_t drift; // mean of the deviation, in samples * DRIFT_WEIGHT
    int64_t bend_end; // place where the running correction is through
    int64_t next_us; // end of the last frame, for one without a stamp
    unsigned bad; // packets in a row that gave nothing
};

static void
fail(struct audio_job *j, const char *why)
{
    j->base.failed = why;
}

static int
open_decoder(struct audio_job *j, struct bc_track *track)
{
    avcodec_free_context(&j->dec);
    bc_track_unref(&j->track);
    j->track = bc_track_ref(track);
    j->fresh = true;
    j->bad = 0;
    j->dec = bc_decoder_open(track, 1, &j->base.failed);
    return j->dec ? 0 : -EINVAL;
}

// --- resampler ---

static int
open_resampler(struct audio_job *j)
{
    const AVFrame *f = j->frame;
    AVChannelLayout from = { 0 };
    AVChannelLayout to = { 0 };
    av_channel_layout_default(&to, (int)j->out.channels);
    if (f->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&from, f->ch_layout.nb_channels);
    } else if (av_channel_layout_copy(&from, &f->ch_layout) < 0) {
        return -ENOMEM;
    }
    swr_free(&j->swr);
    int err = swr_alloc_set_opts2(&j->swr, &to, AV_SAMPLE_FMT_FLT, CODEC_RATE, &from,
        f->format, f->sample_rate, 0, NULL);
    av_channel_layout_uninit(&from);
    if (err < 0) {
        return -ENOMEM;
    }
    // A mix of many channels is not louder than they were. Between equal rates it only
    // converts, until the first correction of drift makes it resample from there on.
    av_opt_set_double(j->swr, "rematrix_maxval", 1.0, 0);
    return swr_init(j->swr) < 0 ? -EINVAL : 0;
}

static bool
format_changed(const struct audio_job *j)
{
    const AVFrame *f = j->frame;
    return !j->swr || f->format != j->format || f->sample_rate != j->rate
        || av_channel_layout_compare(&f->ch_layout, &j->layout) != 0;
}

// Encoder and resampler that fit the frame.
static int
prepare(struct audio_job *j)
{
    const AVFrame *f = j->frame;
    if (f->sample_rate <= 0 || f->sample_rate > RATE_MAX
        || f->ch_layout.nb_channels <= 0) {
        return -EINVAL;
    }
    unsigned source = f->ch_layout.nb_channels == 1 ? 1 : 2;
    unsigned channels = j->channels > 0 ? j->channels : source;
    if (!j->out.ctx || j->out.channels != channels) {
        if (audio_encoder_open(&j->out, channels) != 0) {
            fail(j, "the sound encoder cannot be opened");
            return -EINVAL;
        }
        swr_free(&j->swr);
        j->fresh = true;
    }
    if (!format_changed(j)) {
        return 0;
    }
    if (open_resampler(j) != 0) {
        swr_free(&j->swr);
        return -EINVAL;
    }
    j->format = f->format;
    j->rate = f->sample_rate;
    av_channel_layout_uninit(&j->layout);
    j->fed = false;
    j->bend_end = 0;
    return av_channel_layout_copy(&j->layout, &f->ch_layout) < 0 ? -ENOMEM : 0;
}

// --- places ---

static void
reset_resampler(struct audio_job *j)
{
    if (j->fed) {
        swr_init(j->swr); // forgets what it holds, a third of a millisecond
    }
    j->fed = false;
    j->skip = 0;
    j->drift = 0;
    j->bend_end = 0;
}

// Stretches or shortens what comes, slowly enough not to be heard. `off` is how many
// samples too few there were.
static void
bend(struct audio_job *j, int64_t off)
{
    j->drift += off - j->drift / DRIFT_WEIGHT;
    int64_t mean = j->drift / DRIFT_WEIGHT;
    if (j->out.position < j->bend_end
        || (mean < DRIFT_SAMPLES && mean > -DRIFT_SAMPLES)) {
        return;
    }
    int64_t by = mean > BEND_SAMPLES ? BEND_SAMPLES : mean;
    by = by < -BEND_SAMPLES ? -BEND_SAMPLES : by;
    swr_set_compensation(j->swr, (int)by, BEND_SPAN);
    j->bend_end = j->out.position + BEND_SPAN;
}

// Lets the encoder's count go on at `place`, whatever is between.
static int
move_to(struct audio_job *j, int64_t place, int64_t fill_max)
{
    reset_resampler(j);
    int64_t off = place - j->out.position;
    if (off < 0) {
        j->skip = -off;
        return 0;
    }
    return off <= fill_max ? audio_encoder_silence(&j->out, off)
                           : audio_encoder_jump(&j->out, place);
}

static int
begin_epoch(struct audio_job *j, int64_t place)
{
    int err = 0;
    if (j->out.epoch_count == 0) {
        reset_resampler(j);
        j->out.position = place;
    } else {
        bool opus = j->track->codec == BC_CODEC_OPUS;
        err = move_to(j, place, opus ? FILL_SAMPLES : GAP_SAMPLES);
    }
    audio_encoder_begin_epoch(&j->out, j->epoch, j->flagged);
    j->flagged = false;
    j->fresh = false;
    return err;
}

// Brings the encoder's count to where the frame belongs.
static int
place_frame(struct audio_job *j, int64_t pts_us)
{
    int64_t place = audio_samples(pts_us);
    if (j->fresh) {
        return begin_epoch(j, place);
    }
    bool opus = j->track->codec == BC_CODEC_OPUS;
    int64_t limit = opus ? OPUS_GAP_SAMPLES : GAP_SAMPLES;
    int64_t held = j->fed ? swr_get_delay(j->swr, CODEC_RATE) : 0;
    int64_t off = place - held + j->skip - j->out.position;
    if (off > limit) {
        return move_to(j, place, opus ? FILL_SAMPLES : 0);
    }
    if (off < -limit) {
        j->skip -= off;
    } else {
        bend(j, off);
    }
    return 0;
}

// --- frames ---

static int
reserve(struct audio_job *j, int samples)
{
    if (samples <= j->capacity) {
        return 0;
    }
    float *grown =
        realloc(j->samples, (size_t)samples * CODEC_CHANNELS_MAX * sizeof(float));
    if (!grown) {
        return -ENOMEM;
    }
    j->samples = grown;
    j->capacity = samples;
    return 0;
}

static int
encode_samples(struct audio_job *j)
{
    int room = swr_get_out_samples(j->swr, j->frame->nb_samples);
    if (room < 0 || reserve(j, room) != 0) {
        return -ENOMEM;
    }
    uint8_t *out = (uint8_t *)j->samples;
    int64_t made = swr_convert(j->swr, &out, room,
        (const uint8_t **)j->frame->extended_data, j->frame->nb_samples);
    if (made < 0) {
        return -EINVAL;
    }
    j->fed = true;
    int64_t skip = j->skip < made ? j->skip : made;
    j->skip -= skip;
    return audio_encoder_write(&j->out, j->samples + skip * j->out.channels, made - skip);
}

static int
take_frame(struct audio_job *j)
{
    const AVFrame *f = j->frame;
    int64_t pts_us = f->pts == AV_NOPTS_VALUE ? j->next_us : f->pts;
    int err = prepare(j);
    if (err != 0) {
        return err;
    }
    j->next_us = pts_us + av_rescale(f->nb_samples, 1000000, f->sample_rate);
    err = place_frame(j, pts_us);
    return err == 0 ? encode_samples(j) : err;
}

static void
decode(struct audio_job *j, const struct bc_packet *packet)
{
    bool useful = false;
    if (bc_decoder_send(j->dec, j->packet, packet) == 0) {
        while (!j->base.failed && avcodec_receive_frame(j->dec, j->frame) == 0) {
            useful = take_frame(j) == 0 || useful;
        }
    }
    j->bad = useful ? 0 : j->bad + 1;
    j->base.dropped += !useful;
    if (j->bad > BAD_PACKETS_MAX) {
        fail(j, "the sound cannot be decoded");
    }
}

// --- the job ---

static struct audio_job *
audio_job_of(struct codec_job *job)
{
    return bc_container_of(job, struct audio_job, base);
}

static void
push(struct codec_job *job, const struct codec_input *in)
{
    struct audio_job *j = audio_job_of(job);
    struct bc_packet *packet = in->packet;
    if (j->base.failed || !packet->track) {
        return;
    }
    if (!j->dec
        || (packet->track != j->track && !bc_track_equal(packet->track, j->track))) {
        if (open_decoder(j, packet->track) != 0) {
            return;
        }
    }
    if (!j->started || packet->epoch != j->epoch) {
        avcodec_flush_buffers(j->dec);
        j->fresh = true;
        j->flagged = false;
    }
    j->started = true;
    j->epoch = packet->epoch;
    j->flagged = j->flagged || (in->flags & BC_PACKET_NEW_EPOCH) != 0;
    j->out.arrived_us = packet->arrived_us;
    decode(j, packet);
}

// Opus says nothing while there is silence, but for a packet now and then. Who plays
// sound by its count would wait for the next one.
static void
idle(struct codec_job *job, int64_t idle_us)
{
    struct audio_job *j = audio_job_of(job);
    if (j->base.failed || !j->out.ctx || j->fresh || j->track->codec != BC_CODEC_OPUS) {
        return;
    }
    int64_t until = audio_samples(j->next_us + idle_us - IDLE_BEHIND_US);
    if (until > j->out.position
        && audio_encoder_silence(&j->out, until - j->out.position)) {
        fail(j, "the sound encoder stopped");
    }
}

static void
destroy(struct codec_job *job)
{
    struct audio_job *j = audio_job_of(job);
    audio_encoder_finish(&j->out);
    avcodec_free_context(&j->dec);
    av_frame_free(&j->frame);
    av_packet_free(&j->packet);
    swr_free(&j->swr);
    av_channel_layout_uninit(&j->layout);
    bc_track_unref(&j->track);
    free(j->samples);
    free(j);
}

static const struct codec_job_ops OPS = {
    .push = push, .idle = idle, .destroy = destroy
};

struct codec_job *
codec_audio_job_create(
    enum bc_codec to, unsigned channels, const struct codec_sink *sink)
{
    struct audio_job *j = calloc(1, sizeof(*j));
    if (!j) {
        return NULL;
    }
    j->base.ops = &OPS;
    j->base.sink = *sink;
    j->channels = channels;
    audio_encoder_init(&j->out, to, sink);
    j->frame = av_frame_alloc();
    j->packet = av_packet_alloc();
    if (!j->frame || !j->packet) {
        destroy(&j->base);
        return NULL;
    }
    return &j->base;
}
