// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_CODEC_H
#define TRANSMUX_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

struct AVCodecContext;
struct AVFrame;
struct AVPacket;

// What the recoder has of use for others who decode and encode.

// Opens a decoder for the track, with so many threads at most (none of them holds
// pictures back). NULL, and then `*why` is a static text.
struct AVCodecContext *
bc_decoder_open(const struct bc_track *track, int threads, const char **why);

// 0 or FFmpeg's error. `shell` is an empty packet; the bytes are copied if the decoder
// keeps them.
int
bc_decoder_send(struct AVCodecContext *decoder, struct AVPacket *shell,
    const struct bc_packet *packet);

// What x264 writes (H.264 annex B: a start code before each NAL unit), as packets and
// tracks have it. An access unit's slices with 4-byte lengths; parameter sets are in the
// track, and nobody needs x264's own messages. NULL without memory or without a slice.
struct bc_buf *
bc_annexb_slices(const uint8_t *data, size_t len);

// The track of the parameter sets. NULL without memory or without sets.
struct bc_track *
bc_annexb_track(const uint8_t *data, size_t len);

// --- encoders; one thread each ---

// What gets an encoder's packets, whose references it owns. A packet carries its track; a
// new track is a new format.
struct bc_encoder_sink {
    void (*on_packet)(void *user, struct bc_packet *packet);
    void *user;
};

// How pictures are to be encoded.
struct bc_video_wish {
    int64_t bits_per_second; // the limit; quality is even below it
    int fps;
    bool high; // profile High instead of Main
    const char *preset; // x264's; NULL: one by the size
    int threads; // 0: by the size
};

// Pictures become AVC packets without reordering, one in, one out, with a keyframe every
// two seconds and at every new size. NULL without memory.
struct bc_video_encoder;

struct bc_video_encoder *
bc_video_encoder_create(
    const struct bc_video_wish *wish, const struct bc_encoder_sink *sink);

// NULL is fine.
void
bc_video_encoder_destroy(struct bc_video_encoder *e);

// Encodes the picture, whose fields may be changed. One whose time does not rise is left
// out. 0 or negative errno: the encoder cannot be opened.
int
bc_video_encoder_encode(
    struct bc_video_encoder *e, struct AVFrame *picture, int64_t pts_us, bool key);

// Stereo at 48 kHz becomes AAC-LC. NULL without memory, or when there is no encoder.
struct bc_audio_encoder;

struct bc_audio_encoder *
bc_audio_encoder_create(int64_t bits_per_second, const struct bc_encoder_sink *sink);

// NULL is fine.
void
bc_audio_encoder_destroy(struct bc_audio_encoder *e);

// Interleaved samples, which follow those before. 0 or negative errno.
int
bc_audio_encoder_write(struct bc_audio_encoder *e, const float *samples, int64_t count);

// Those that follow are at this time, which is later than where it was.
int
bc_audio_encoder_jump(struct bc_audio_encoder *e, int64_t pts_us);

#endif
