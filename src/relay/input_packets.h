// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_PACKETS_H
#define RELAY_INPUT_PACKETS_H

#include "ffmpeg.h"
#include "input_sink.h"

#define INPUT_STREAMS_MAX 64

// One of FFmpeg's streams that is passed on.
struct input_stream {
    enum bc_codec codec;    // NONE: not passed on
    struct bc_track *track; // owned; NULL until it is known
    unsigned length_size;   // of NAL units; 0: start codes
    bool in_band;           // frames bring their parameters, there is no record
    int64_t last_dts_us;
};

// FFmpeg's packets become ours. Embedded in who demuxes; one thread.
struct input_packets {
    const struct input_sink *sink; // borrowed
    struct input_stream streams[INPUT_STREAMS_MAX];
    int video; // index of the stream that is passed on; -1: none yet
    int audio;
    bool told_kinds;
};

void
input_packets_init(struct input_packets *p, const struct input_sink *sink);

void
input_packets_finish(struct input_packets *p);

// Chooses one stream for pictures and one for sound, and has the demuxer discard the
// others. Again whenever there may be new ones.
void
input_packets_choose(struct input_packets *p, AVFormatContext *context);

// False: stop reading.
bool
input_packets_push(struct input_packets *p, const AVFormatContext *context,
    const AVPacket *packet);

#endif
