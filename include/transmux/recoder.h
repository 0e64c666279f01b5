// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_RECODER_H
#define TRANSMUX_RECODER_H

#include <stdint.h>

#include "base/log.h"
#include "media/packet.h"

struct bc_worker;

// Threads for codecs: decoding and encoding take long, so they never run on a worker. They
// are workers without listeners (net/worker.h), so jobs talk to them by messages: one for
// sound, and one per core for pictures. Owned by the server.
struct bc_codec_threads;

struct bc_codec_threads *
bc_codec_threads_create(unsigned video_threads);

// Ends the threads and waits for what they are at. Nothing comes from them afterwards, so
// the workers' own leftovers can be run without a lock; recoders may still be destroyed.
// After the workers have ended. NULL is fine.
void
bc_codec_threads_stop(struct bc_codec_threads *threads);

// All recoders must be destroyed and the workers have ended. Stops them if that was not
// done. NULL is fine.
void
bc_codec_threads_destroy(struct bc_codec_threads *threads);

struct bc_recoder_params {
    struct bc_codec_threads *threads;
    struct bc_worker *home; // where packets come from and go to
    enum bc_codec to;       // BC_CODEC_OPUS, BC_CODEC_AAC, BC_CODEC_AVC (no B-frames)
    unsigned channels; // sound: 1 or 2; 0: as the source, many become two
    const struct bc_logger *log; // outlives the recoder
    // A finished packet with its track, a reference for the callee. Times are broadcast
    // time, strictly rising; epoch and flags as the source's. Home's thread.
    void (*on_packet)(void *user, struct bc_packet *packet);
    // The codec cannot be opened or the input cannot be decoded: nothing will come. Home's
    // thread.
    void (*on_failed)(void *user, const char *reason);
    void *user;
};

// One channel's sound or picture in another codec, by FFmpeg's libraries. Owned by the
// channel's outputs; home worker's thread. Its queue is bounded: when the codec cannot
// keep up, whole GOPs (or sound) are dropped and counted, and it goes on at the newest.
struct bc_recoder;

struct bc_recoder *
bc_recoder_create(const struct bc_recoder_params *params);

// Does not wait; no callback follows. NULL is fine.
void
bc_recoder_destroy(struct bc_recoder *r);

// The next packet of the source, in decoding order, starting with a keyframe for video. A
// packet whose track differs re-opens the decoder.
void
bc_recoder_push(struct bc_recoder *r, struct bc_packet *packet);

// Video: packets pushed until now are only decoded, as they are history; the first encoded
// picture is the newest of them. Nothing is encoded before. Sound has no history.
void
bc_recoder_begin_output(struct bc_recoder *r);

// Video: make the next picture a keyframe.
void
bc_recoder_request_key(struct bc_recoder *r);

struct bc_recoder_stats {
    uint64_t packets_in;
    uint64_t packets_out;
    uint64_t dropped;
    int64_t busy_us; // of codec time
};

// Any thread.
void
bc_recoder_stats(const struct bc_recoder *r, struct bc_recoder_stats *out);

#endif
