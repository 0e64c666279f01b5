// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_COUNTDOWN_H
#define SLATE_COUNTDOWN_H

#include "digits.h"
#include "encoder.h"

#define SLATE_COUNTDOWN_TEXT 24
#define SLATE_COUNTDOWN_MAX_S (9999 * INT64_C(86400))

// A picture with the time that is left drawn into it, as keyframes. One thread's.
struct slate_countdown {
    AVFrame *base; // with the panel on which the digits stand
    AVFrame *work;
    struct slate_digits digits;
    struct slate_encoder encoder;
    int x; // the panel's place
    int y;
    int width;
    int height;
};

// "2:03:04:05": days, hours, minutes, seconds; without days "03:04:05".
void
slate_countdown_text(int64_t seconds, char out[SLATE_COUNTDOWN_TEXT]);

// On this picture of the format's size, which is copied; `seconds` is the longest time that
// will be shown. NULL, or why not.
const char *
slate_countdown_init(struct slate_countdown *c, const AVFrame *picture,
    const struct slate_format *format, int64_t seconds);

void
slate_countdown_finish(struct slate_countdown *c);

// The keyframe of one second; NULL without memory.
struct bc_buf *
slate_countdown_make(struct slate_countdown *c, int64_t seconds);

#endif
