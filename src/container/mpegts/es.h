// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_MPEGTS_ES_H
#define CONTAINER_MPEGTS_ES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "container/mpegts.h"
#include "media/nal_sets.h"
#include "psi.h"

// Elementary streams: what PES packets hold becomes access units. Their bytes come as the
// TS packets bring them, so each is copied once. Nobody knows better than the bytes
// themselves where a unit begins and ends: PES packets hold parts, one, or several (SRT-8).

#define BC_TS_UNIT_MAX_BYTES (8u << 20)

// Where units go. Inside the demuxer, borrowed by its streams.
struct bc_ts_sink {
    const struct bc_ts_demux_ops *ops; // borrowed
    void *user;
    struct bc_ts_demux_stats stats;
    int64_t now_us;
};

// Unwrapped ticks of 90 kHz.
struct bc_ts_stamp {
    bool has;
    int64_t pts;
    int64_t dts;
};

// AVC or HEVC. Inside the demuxer; the unit under assembly lies in `buf` as packets have
// it (media/packet.h), so a finished one is handed over without a copy.
struct bc_ts_video {
    struct bc_ts_sink *sink; // borrowed
    enum bc_codec codec;
    struct bc_nal_sets sets;
    struct bc_track *track; // owned; of the newest keyframe
    uint32_t sps; // of the track
    bool sets_in_band; // they came with the last keyframe
    bool waiting; // for a keyframe

    struct bc_buf *buf; // owned; NULL between units
    size_t cap;
    size_t len;
    size_t nal_at; // of the open unit's length
    bool nal_open; // a start code was seen
    bool classified; // its header was looked at
    bool has_slice; // of this access unit, also when it is damaged
    bool has_key;
    size_t slice_at; // of the first slice's length
    bool sets_kept; // new parameter sets lie in `buf`
    bool damaged; // some of this access unit is missing
    bool after_hole; // something is missing just before it

    struct bc_ts_stamp next; // of the next unit that begins
    struct bc_ts_stamp stamp; // of this one
    int64_t last_dts;
    int64_t last_cts;
    int64_t step; // between the last two
    bool placed; // last_dts is one
    int64_t arrived_us;
};

void
bc_ts_video_init(struct bc_ts_video *v, struct bc_ts_sink *sink, enum bc_codec codec);

void
bc_ts_video_finish(struct bc_ts_video *v);

// A PES packet begins.
void
bc_ts_video_begin(struct bc_ts_video *v, const struct bc_ts_stamp *stamp);

// At most what a TS packet holds.
void
bc_ts_video_push(struct bc_ts_video *v, const uint8_t *p, size_t len);

// Something is missing here.
void
bc_ts_video_lost(struct bc_ts_video *v);

// No more comes: the unit that is open is whole.
void
bc_ts_video_flush(struct bc_ts_video *v);

// What stands before a frame of sound.
struct bc_ts_frame {
    size_t bytes; // of all
    size_t head; // of what is no part of the packet
    uint32_t samples; // 0: as the track says
    uint64_t key; // the format; another one is another track
    bool skip; // part of another one's unit, which is complete without it
};

struct bc_ts_audio;

// One way in which frames of sound follow each other.
struct bc_ts_framing {
    uint8_t sync; // the first byte
    // > 0 when `frame` is filled, 0 when more bytes are needed, -EINVAL when no frame
    // begins here.
    int (*parse)(const uint8_t *p, size_t len, struct bc_ts_frame *frame);
    // The track of a frame; NULL when it makes none.
    struct bc_track *(*track)(
        const struct bc_ts_audio *a, const uint8_t *p, const struct bc_ts_frame *frame);
    // The packet's bytes, and what the frame says of its format; NULL: as they lie.
    struct bc_buf *(*unpack)(
        struct bc_ts_audio *a, const uint8_t *p, struct bc_ts_frame *frame);
};

extern const struct bc_ts_framing bc_ts_framing_adts;
extern const struct bc_ts_framing bc_ts_framing_loas;
extern const struct bc_ts_framing bc_ts_framing_mpeg;
extern const struct bc_ts_framing bc_ts_framing_ac3;
extern const struct bc_ts_framing bc_ts_framing_opus;

#define BC_TS_ASC_MAX 16

// The newest StreamMuxConfig of a LOAS stream.
struct bc_ts_latm {
    bool known;
    uint8_t asc[BC_TS_ASC_MAX];
    size_t asc_bytes;
};

// One stream of sound. Inside the demuxer.
struct bc_ts_audio {
    struct bc_ts_sink *sink; // borrowed
    const struct bc_ts_framing *framing; // NULL: there is none
    uint8_t channels; // Opus: channel_config_code
    struct bc_track *track; // owned
    uint64_t key; // of the track
    struct bc_ts_latm latm;
    struct bc_writer in; // owned; frames that are not whole yet
    bool locked; // a frame is known to begin where `in` does
    bool marked; // a PES packet with a stamp begins in `in`, at `mark`
    size_t mark;
    int64_t mark_pts;
    bool timed; // base_us is one
    int64_t base_us;
    uint64_t samples; // since base_us
};

void
bc_ts_audio_init(
    struct bc_ts_audio *a, struct bc_ts_sink *sink, const struct bc_ts_stream *stream);

void
bc_ts_audio_finish(struct bc_ts_audio *a);

void
bc_ts_audio_begin(struct bc_ts_audio *a, const struct bc_ts_stamp *stamp);

void
bc_ts_audio_push(struct bc_ts_audio *a, const uint8_t *p, size_t len);

void
bc_ts_audio_lost(struct bc_ts_audio *a);

#endif
