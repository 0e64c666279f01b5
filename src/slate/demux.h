// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_DEMUX_H
#define SLATE_DEMUX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ffmpeg.h"

// A file's first video and sound, with their decoders. One thread's.
struct slate_demux {
    int fd; // the caller's
    const atomic_bool *stop;
    AVIOContext *pb;
    AVFormatContext *context;
    AVPacket *packet;
    AVFrame *frame;
    AVCodecContext *video;
    AVCodecContext *audio; // NULL: none that is wanted
    int video_index;
    int audio_index;
    int64_t begin_us; // of the first picture; AV_NOPTS_VALUE before it
};

// Frames in the order of the file; `at_us` counts from the first picture. The frame is the
// caller's. False: enough.
struct slate_demux_sink {
    bool (*on_picture)(void *user, AVFrame *frame, int64_t at_us);
    bool (*on_sound)(void *user, AVFrame *frame, int64_t at_us);
    void *user;
};

// NULL, or why not; slate_demux_finish() is due in both cases.
const char *
slate_demux_init(struct slate_demux *d, int fd, bool with_sound, const atomic_bool *stop);

// Decodes until the end or until the sink has enough. What is broken is passed over.
void
slate_demux_run(struct slate_demux *d, const struct slate_demux_sink *sink);

void
slate_demux_finish(struct slate_demux *d);

#endif
