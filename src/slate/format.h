// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_FORMAT_H
#define SLATE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "media/track.h"

#define SLATE_SOUND_SAMPLES 1024 // in a packet of AAC-LC
#define SLATE_CHANNELS_MAX 8

// What a slate is made in: always H.264 and AAC-LC, for the rest as like to a stream as
// these allow. A plain value; comparable by slate_format_equal().
struct slate_format {
    int width; // even
    int height;
    int fps_num;
    int fps_den;
    int gop; // pictures from one keyframe to the next: those of about a second
    int profile; // 66, 77 or 100
    int level;   // ten times
    bool has_sound;
    int sample_rate;
    int channels;
};

// Like these tracks; either may be NULL. A stream without sound gets a slate without, as
// players that began without cannot be told of it; of one that is not known nothing is
// assumed. Never larger than 1080p.
void
slate_format_like(struct slate_format *f, const struct bc_track *video,
    const struct bc_track *audio);

bool
slate_format_equal(const struct slate_format *a, const struct slate_format *b);

// The time of the n-th picture and of the n-th packet of sound.
int64_t
slate_picture_us(const struct slate_format *f, uint64_t n);

int64_t
slate_sound_us(const struct slate_format *f, uint64_t n);

#endif
