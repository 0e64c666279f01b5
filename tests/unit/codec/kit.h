// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_UNIT_CODEC_KIT_H
#define TESTS_UNIT_CODEC_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/packet.h"

// Media made by FFmpeg's encoders, and what came out of a job decoded by its decoders.

#define KIT_PACKETS 1024
#define KIT_SECONDS 12
#define KIT_RATE 48000

struct kit_packets {
    struct bc_packet *items[KIT_PACKETS];
    unsigned count;
};

struct kit_sound {
    const char *encoder; // FFmpeg's name
    enum bc_codec codec;
    int rate;
    int channels;
    double seconds;
    double hz; // of the tone in all channels; 0: none
    double click_at; // a burst of 2 ms, in seconds after the start; 0: none
    int64_t start_us; // broadcast time of the first sample
    uint32_t epoch;
};

// FFmpeg is not to fill the test's output.
void
kit_quiet(void);

// Adds the sound's packets; their stamps are such that a decoder plays each sample at
// its time.
void
kit_make_sound(struct kit_packets *out, const struct kit_sound *sound);

struct kit_picture {
    int width;
    int height;
    int frames;
    int fps;
    int b_frames;
    int gop;
    bool noise; // hard to compress
    bool hevc; // and 10 bits
    int64_t start_us;
    uint32_t epoch;
};

void
kit_make_picture(struct kit_packets *out, const struct kit_picture *picture);

void
kit_free(struct kit_packets *packets);

// A sink's on_packet: keeps the packet in the struct kit_packets `user`.
void
kit_keep(void *user, struct bc_packet *packet);

// What a player would play: one channel at 48 kHz, by broadcast time from 0. The caller
// frees it; KIT_SECONDS long.
float *
kit_play_sound(const struct kit_packets *packets, unsigned channel);

// Amplitude of the frequency in [from_us, to_us) (Goertzel).
double
kit_level(const float *pcm, double hz, int64_t from_us, int64_t to_us);

// Time of the loudest sample, in microseconds.
int64_t
kit_loudest(const float *pcm, int64_t from_us, int64_t to_us);

// The brightness in the middle of the picture of this number.
int
kit_luma(int number);

// One decoded picture.
struct kit_shown {
    int64_t pts_us;
    int width;
    int height;
    int luma; // in the middle
    bool is_b;
    bool is_709;
};

struct kit_pictures {
    struct kit_shown items[KIT_PACKETS];
    unsigned count;
};

void
kit_play_picture(const struct kit_packets *packets, struct kit_pictures *out);

void
kit_assert_rising(const struct kit_packets *packets);

#endif
