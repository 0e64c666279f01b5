// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_MOVIE_H
#define SLATE_MOVIE_H

#include <stdatomic.h>
#include "ffmpeg.h"
#include "media.h"

#define SLATE_MOVIE_MAX_S 600

// What is made of a video file.
struct slate_movie_job {
    int fd; // of the file, at its beginning; the caller's
    const struct slate_format *format;
    size_t bytes_max;   // the rest of the file is left out
    const atomic_bool *stop;
};

// Pictures, sound and tracks into `out`, which is new. NULL, or why not.
const char *
slate_movie_make(const struct slate_movie_job *job, struct slate_media *out);

// The first picture into `out`, which has the format's size. NULL, or why not.
const char *
slate_movie_first(int fd, const atomic_bool *stop, AVFrame *out);

#endif
