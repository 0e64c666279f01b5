// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FLOW_FLOW_SOURCE_H
#define TESTS_FLOW_FLOW_SOURCE_H

#include "flow.h"
#include "stream/take.h"

#define FLOW_SOURCE_BATCH 512
#define FLOW_TAP_MAX 4096

// The beginning of a slice's header (H.264 7.3.3): first_mb_in_slice 0, slice_type 7,
// pic_parameter_set_id 0. Behind it stands the picture's number.
static const uint8_t FLOW_SLICE[] = { 0x88, 0x84 };

// A host without a connection: packets go straight into a take of live/hq, so that a test
// decides about codecs, renditions and times. Embedded in a fixture; its calls come from
// the test's thread and are carried out by a worker.
struct flow_source {
    struct flow *flow;
    const char *channel;
    unsigned worker;
    bool can_ask;
    bool silent; // sends no sound
    struct bc_take *take;
    atomic_bool accepted;
    atomic_bool refused;
    atomic_bool kicked;
    atomic_uint keys_wanted[BC_RENDITION_MAX];
    struct bc_track *video[BC_RENDITION_MAX]; // owned
    struct bc_track *audio;
    uint32_t numbers[BC_RENDITION_MAX]; // of the next picture; stands in its bytes
    struct bc_packet *batch[FLOW_SOURCE_BATCH];
    unsigned batch_count;
    int64_t ms; // of flow_source_run()
    bool clean;
};

// H.264 and Opus; waits until it may send.
void
flow_source_open(struct flow *f, struct flow_source *s, unsigned worker, bool can_ask);

// The same of another channel than live/hq.
void
flow_source_open_at(
    struct flow *f, struct flow_source *s, const char *channel, unsigned worker);

// The same without sound, until `silent` is made false.
void
flow_source_open_silent(struct flow *f, struct flow_source *s, unsigned worker);

// Other parameters (a track of the caller's, which is taken over).
void
flow_source_set_track(struct flow_source *s, unsigned rendition, struct bc_track *track);

// A track of this codec with a plausible configuration.
struct bc_track *
flow_source_track(enum bc_codec codec);

// One picture, to be sent with the next flush.
void
flow_source_picture(struct flow_source *s, int64_t dts_ms, int64_t pts_ms, uint32_t flags,
    unsigned rendition, size_t len);

void
flow_source_sound(struct flow_source *s, int64_t ms);

// A packet made elsewhere; copied.
void
flow_source_push(struct flow_source *s, const struct bc_packet *packet);

void
flow_source_flush(struct flow_source *s);

// Pictures of 40 ms with two sounds each, for so long, in one batch; a keyframe each
// second.
void
flow_source_run(struct flow_source *s, int64_t ms);

void
flow_source_close(struct flow_source *s, bool clean);

// --- what a channel's packets are ---

struct flow_tapped {
    enum bc_kind kind;
    enum bc_codec codec;
    uint32_t flags;
    uint8_t rendition;
    int64_t number; // of a picture behind its slice's head, of a sound behind its first
                    // byte; else -1
    int64_t dts_us;
    int64_t pts_us;
    size_t len;
};

// A sink of live/hq that remembers. Embedded in a fixture; what it holds is looked at
// with flow_tap_count() and, once that is reached, directly.
struct flow_tap {
    struct bc_packet_sink sink;
    struct flow *flow;
    struct bc_channel *channel; // owned reference
    struct flow_tapped packets[FLOW_TAP_MAX];
    atomic_uint count;
    atomic_uint tracks;
    atomic_uint ends;
};

void
flow_tap_open(struct flow *f, struct flow_tap *t);

void
flow_tap_close(struct flow_tap *t);

unsigned
flow_tap_count(struct flow_tap *t);

// Pictures of rendition 0.
unsigned
flow_tap_pictures(struct flow_tap *t);

#endif
