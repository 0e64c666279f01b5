// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_AUDIO_ENCODER_H
#define TRANSMUX_CODEC_AUDIO_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ffmpeg.h"
#include "job.h"

#define CODEC_RATE 48000
#define CODEC_CHANNELS_MAX 2
#define CODEC_EPOCH_MARKS 4

// Where an epoch begins among the samples.
struct audio_epoch {
    int64_t at;
    uint32_t epoch;
    bool flagged; // its first packet said BC_PACKET_NEW_EPOCH, and none of ours yet
};

// Samples with a place become packets. Places are samples of 48 kHz on the broadcast's
// clock, so what lies in the encoder keeps its time whatever happens to later samples.
// Part of an audio job; its thread only.
struct audio_encoder {
    enum bc_codec codec;
    struct codec_sink sink;
    unsigned channels;
    int64_t bits_per_second; // 0: the usual ones
    AVCodecContext *ctx; // owned; NULL until opened
    AVFrame *frame; // owned; the one that fills up
    AVPacket *packet; // owned
    struct bc_track *track; // shared, by every packet made
    int filled; // samples of the frame
    int64_t position; // of the next sample
    float tail[CODEC_CHANNELS_MAX]; // the last sample: silence fades from it
    struct audio_epoch epochs[CODEC_EPOCH_MARKS];
    unsigned epoch_count;
    int64_t last_pts_us;
    int64_t arrived_us; // of the newest input
};

void
audio_encoder_init(
    struct audio_encoder *e, enum bc_codec codec, const struct codec_sink *sink);

void
audio_encoder_finish(struct audio_encoder *e);

// Opens it, or opens it anew after what is inside has come out. 0 or negative errno.
int
audio_encoder_open(struct audio_encoder *e, unsigned channels);

// The samples from here on belong to another epoch.
void
audio_encoder_begin_epoch(struct audio_encoder *e, uint32_t epoch, bool flagged);

// Interleaved samples.
int
audio_encoder_write(struct audio_encoder *e, const float *samples, int64_t count);

int
audio_encoder_silence(struct audio_encoder *e, int64_t count);

// Goes on at `position`, which is more than a frame ahead of where it was.
int
audio_encoder_jump(struct audio_encoder *e, int64_t position);

int64_t
audio_samples(int64_t us);

int64_t
audio_us(int64_t samples);

#endif
