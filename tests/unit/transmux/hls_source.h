// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TRANSMUX_HLS_SOURCE_H
#define TESTS_TRANSMUX_HLS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/packet.h"
#include "transmux/hls.h"

#define WALL_START_US 1700000000000000

// A host made of numbers: packets with the times asked for and a few bytes that tell them
// apart. Lives on a test's stack.
struct hls_source {
    struct bc_hls_muxer *m; // borrowed
    struct bc_track *video; // owned
    struct bc_track *audio;
    struct bc_track *small[3]; // owned; made with their first packet
    // What hls_source_run() makes of them: a bit for each, how much later they come, and
    // their GOP in frames of the main picture.
    unsigned small_bits;
    int64_t small_late_us;
    int64_t small_gop;
    uint32_t epoch;
    uint32_t flags; // of the next packet, once
    int64_t wall_offset_us; // wall clock = media time + this
    uint32_t count; // of packets made
};

// How hls_source_run() lays out its packets. 0 leaves a track out.
struct hls_layout {
    int64_t fps_num;
    int64_t fps_den;
    int64_t gop;       // frames
    int64_t rate;      // of the sound, Hz
    int64_t b_us;      // pts - dts of keyframes; the others get 0 or twice as much
    int64_t jitter_us; // stamps stray by up to this much, forward
    bool whole_ms;     // as RTMP carries them
    int64_t lag_us;    // how much later than the picture of its time the sound comes
};

void
hls_source_init(struct hls_source *s, struct bc_hls_muxer *m);

void
hls_source_finish(struct hls_source *s);

// Replaces the track by one of other parameters.
void
hls_source_set_video(struct hls_source *s, uint32_t fps_num, uint32_t fps_den,
    uint8_t level);

void
hls_source_set_audio(struct hls_source *s, uint32_t rate);

void
hls_source_video(struct hls_source *s, int64_t dts_us, int64_t cts_us, bool key);

// The same picture in a smaller version: rendition 1 to 3, each with a track of its own.
void
hls_source_small(struct hls_source *s, uint8_t rendition, int64_t dts_us, bool key);

void
hls_source_audio(struct hls_source *s, int64_t dts_us);

// Frames with dts in [from, to), in order of time; the first of the video is a keyframe.
void
hls_source_run(struct hls_source *s, const struct hls_layout *l, int64_t from_us,
    int64_t to_us);

#endif
