// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_MUXER_H
#define TRANSMUX_HLS_MUXER_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"
#include "rendition.h"
#include "snapshot.h"
#include "transmux/hls.h"

// A track as the muxer sees it.
struct hls_input {
    struct bc_track *track; // owned reference; NULL when the running format has none
    bool seen;              // in this epoch, whether or not it could be used
    int64_t last_us;        // dts of its newest packet
};

// A smaller version of the picture: its playlist, which follows the main one as the sound
// does. Owned by its muxer, made with its first keyframe, and kept until the muxer goes.
struct hls_variant {
    struct hls_rendition r;
    // Of a running one, what the main picture has not come to; of another, what came
    // since its last keyframe, with which it may begin. The sound of that time, too.
    struct hls_queue held;
    bool running;      // it is part of the running format
    bool cut_pending;  // the main playlist was cut, and no keyframe came since
    int64_t cut_us;    // pts
    int64_t start_us;  // pts of its first frame
    int64_t last_us;   // dts of its newest packet
};

#define HLS_VARIANTS (BC_RENDITION_MAX - 1)

// See transmux/hls.h.
struct bc_hls_muxer {
    bc_hls_on_update *on_update;
    void *user;
    uint64_t serial; // see hls_serial()
    struct hls_format format;
    struct hls_rendition main;
    struct hls_rendition audio;
    struct hls_variant *variants[HLS_VARIANTS]; // owned; NULL where none ever came
    struct hls_input video_in;
    struct hls_input audio_in;
    enum bc_codec passed_over; // the main picture's codec, while it has no place here
    bool has_epoch;
    bool running;    // a format is set; otherwise packets are collected to choose one
    bool sound_waits; // of another format: the next keyframe begins a format with it
    bool ended;
    uint32_t epoch;
    struct hls_queue collected;
    // Sound that waits for the picture of its time, so that both playlists are cut at the
    // same place.
    struct hls_queue held;
    bool cut_pending;  // the main playlist was cut and the sound has not come so far
    int64_t cut_us;
    struct bc_hls_snapshot *latest; // owned reference
};

// format.c: which tracks there are, and when that changes.

// Takes a packet while no format is set, and sets one when that can be decided.
void
hls_muxer_collect(struct bc_hls_muxer *m, struct bc_packet *packet, int64_t wall_us);

// Whether a packet of the same kind was collected, of another format.
bool
hls_muxer_contradicts(const struct bc_hls_muxer *m, const struct bc_packet *packet);

// Sets the format that the collected packets allow, if any.
void
hls_muxer_settle(struct bc_hls_muxer *m);

// Publishes what is held back, closes the segments and unsets the format.
void
hls_muxer_flush(struct bc_hls_muxer *m);

// variants.c: the smaller pictures.

// A packet of one of them.
void
hls_variants_push(struct bc_hls_muxer *m, struct bc_packet *packet);

// A packet of the sound, which they have inside.
void
hls_variants_sound(struct bc_hls_muxer *m, struct bc_packet *packet);

// The main picture went on.
void
hls_variants_release(struct bc_hls_muxer *m);

// The main playlist went on to a new segment, whose picture is shown from `at_us`.
void
hls_variants_cut(struct bc_hls_muxer *m, int64_t at_us);

// The running format ends.
void
hls_variants_close(struct bc_hls_muxer *m);

// Another epoch began: what is held of others is of no use.
void
hls_variants_forget(struct bc_hls_muxer *m);

void
hls_variants_finish(struct bc_hls_muxer *m);

// sync.c: packets of the running format go to the playlists.

void
hls_muxer_feed(struct bc_hls_muxer *m, struct bc_packet *packet);

// All playlists are closed with the same number.
void
hls_muxer_close(struct bc_hls_muxer *m);

// How far the picture has come, on the clock that it shares with the sound.
int64_t
hls_muxer_shown_until(const struct bc_hls_muxer *m);

// Fills a playlist up with gaps until its next segment is `msn`.
void
hls_muxer_catch_up(struct bc_hls_muxer *m, struct hls_rendition *r, uint64_t msn);

#endif
