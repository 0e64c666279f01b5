// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_FLV_H
#define RELAY_INPUT_FLV_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/writer.h"
#include "input_sink.h"
#include "media/timeline.h"
#include "media/track.h"

// Cues that run already are told of before the first picture.
#define INPUT_FLV_SCRIPTS 64

// FLV's bodies, legacy and enhanced, from RTMP's messages or from a file over HTTP, become
// packets. Our own reader and not FFmpeg's, since that of 5.1 knows no enhanced ones.
// Embedded in who reads; one thread.
struct input_flv {
    const struct input_sink *sink; // borrowed
    struct bc_unwrap clock;
    struct bc_track *video; // owned
    struct bc_track *audio; // owned
    unsigned length_size;   // of the video's NAL units
    bool has_media;         // something was given out
    struct bc_packet *scripts[INPUT_FLV_SCRIPTS]; // owned; wait for that
    unsigned script_count;
    // Of a file: what arrived of a tag and is not complete.
    struct bc_writer pending;
    size_t wanted; // bytes of `pending` that make the next step
    bool began;    // the file's header was read
};

void
input_flv_init(struct input_flv *f, const struct input_sink *sink);

void
input_flv_finish(struct input_flv *f);

// One body. False: stop reading.
bool
input_flv_body(struct input_flv *f, enum bc_kind kind, uint32_t timestamp,
    struct bc_buf *buf, const uint8_t *data, size_t len);

// The next bytes of a file. 0; -EINVAL: this is no FLV; -ENOMEM; -ECANCELED: stop reading.
int
input_flv_bytes(struct input_flv *f, const uint8_t *data, size_t len);

#endif
