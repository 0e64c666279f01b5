// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_STILL_H
#define SLATE_STILL_H

#include "ffmpeg.h"
#include "media.h"

// A slate of one picture of the format's size, with silence: a keyframe and repetitions of
// it. `out` is new. NULL, or why not.
const char *
slate_still_make(AVFrame *picture, struct slate_media *out);

// The packet that is played where there is no sound, and the track if it has none yet.
const char *
slate_silence_make(struct slate_media *out);

#endif
