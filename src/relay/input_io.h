// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_IO_H
#define RELAY_INPUT_IO_H

#include "ffmpeg.h"
#include "input_demux.h"

// FFmpeg's reading and opening, done by us. A demuxer's context has `opaque` pointing to
// this; one thread.
struct input_io {
    struct input_net *net;
    bool may_open;      // what a playlist names
    unsigned opens;     // before the first packet
    bool got_packet;
};

// A context that reads the bytes, which are copied but for their user. NULL without
// memory.
AVIOContext *
input_io_wrap(const struct input_bytes *bytes);

// The same for RTP packets, one a read.
AVIOContext *
input_io_wrap_packets(const struct input_bytes *bytes);

void
input_io_unwrap(AVIOContext **pb);

// Has the context open nothing but by us.
void
input_io_attach(struct input_io *io, AVFormatContext *context);

#endif
