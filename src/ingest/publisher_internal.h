// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_PUBLISHER_INTERNAL_H
#define INGEST_PUBLISHER_INTERNAL_H

#include "publisher.h"

// What the files of the publisher share.

// When a message's samples are due.
struct stamp {
    int64_t dts_us;
    int64_t now_us;
};

// One sample of a message, before it is a packet.
struct sample {
    struct bc_track *track; // borrowed
    struct bc_buf *buf;     // taken over
    const uint8_t *data;    // inside buf
    size_t len;
    int64_t cts_us;
    uint32_t flags;
    unsigned lane; // of video
};

// Counts a message that cannot be used and says so, at most once a second.
void
publisher_complain(struct bc_publisher *p, const char *what, int64_t now_us);

// The same for a codec that nobody here knows, by its FourCC or number.
void
publisher_complain_codec(struct bc_publisher *p, const char *kind, uint32_t id,
    bool enhanced, int64_t now_us);

// Makes a packet of the sample and sends it, or holds it while the publisher probes.
void
publisher_emit(struct bc_publisher *p, const struct sample *sample, const struct stamp *t);

// The stamp of a message. Only samples move the clock: what is told about the stream
// often comes with the time 0 (RTMP-81).
struct stamp
publisher_stamp(struct bc_publisher *p, const struct bc_rtmp_media *m, bool is_sample,
    int64_t now_us);

// --- publisher_video.c, publisher_audio.c: one message each ---

void
publisher_video(struct bc_publisher *p, const struct bc_rtmp_media *m, int64_t now_us);

void
publisher_audio(struct bc_publisher *p, const struct bc_rtmp_media *m, int64_t now_us);

// --- publisher_lanes.c: which video track is which rendition ---

// The lane of a track id, a new one when it is unknown. NULL when there are too many.
struct bc_publisher_lane *
publisher_lane(struct bc_publisher *p, uint8_t id);

// Whether there is, or is announced, any picture.
bool
publisher_has_video(const struct bc_publisher *p);

// Gives renditions to all lanes that have a picture; the largest is 0.
void
publisher_rank(struct bc_publisher *p);

// Gives them anew when something changed, as soon as a keyframe of `lane` makes that
// possible: whoever gets another rendition begins there with a keyframe.
void
publisher_rank_at_key(struct bc_publisher *p, struct bc_publisher_lane *lane);

// The lane's picture ended or is seen no more; it comes back with its next keyframe.
void
publisher_retire(struct bc_publisher *p, struct bc_publisher_lane *lane);

void
publisher_lanes_finish(struct bc_publisher *p);

#endif
