// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TRANSMUX_STAGE_H
#define TESTS_TRANSMUX_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/worker.h"
#include "stream/hub.h"
#include "stream/take.h"
#include "transmux/viewer.h"

#define STAGE_FRAME_MS 40
#define STAGE_AUDIO_MS 20
#define STAGE_SLATE "~slate/test" // shown as slate while a test publishes it

// One worker turned by hand, a hub with real outputs, and a host whose packets a test
// makes one by one. Lives on a test's stack; stage_close() must find no leak.
struct stage {
    struct bc_worker *worker;
    struct bc_config *config;
    struct bc_hub *hub;
    struct bc_windows *windows;
    bool guest;           // the four above are another stage's
    const char *name;     // of the channel
    struct bc_channel *channel; // owned reference, from the first accepted take
    struct bc_take *take;       // owned; NULL while nobody publishes
    bool accepted;
    bool refused;
    char kicked[96];
    char text[128]; // of the refusal
    struct bc_track *video; // owned
    struct bc_track *audio;
    int64_t clock0_us; // arrival of the packet with time 0
    uint32_t count;    // of packets made: the number stands in each payload
    unsigned frame_bytes; // of a video packet that is no keyframe
};

// `overrides` as for bc_config_load(), NULL-ended; NULL for none.
void
stage_open(struct stage *s, const char *const *overrides);

// Another host's on the same server, which is closed first.
void
stage_open_guest(struct stage *s, const struct stage *owner, const char *name);

void
stage_close(struct stage *s);

// Runs what is due now: messages, timers.
void
stage_turn(struct stage *s);

// A take of the channel by this credential, from this address; turns until it is answered.
void
stage_take(struct stage *s, uint64_t credential, const char *ip);

// The same, and announces the tracks.
void
stage_publish(struct stage *s, uint64_t credential, const char *ip);

void
stage_unpublish(struct stage *s, bool clean);

// Other parameters of the picture: a new codec configuration.
void
stage_set_video(struct stage *s, uint8_t level);

void
stage_video(struct stage *s, int64_t ms, bool key);

void
stage_audio(struct stage *s, int64_t ms);

// Passes on what was pushed, and turns.
void
stage_flush(struct stage *s);

// Frames of 40 ms with two audio packets each, in [from, to); a keyframe every `gop`
// frames, counted from time 0. One flush per frame.
void
stage_run(struct stage *s, int64_t from_ms, int64_t to_ms, int gop);

#endif
