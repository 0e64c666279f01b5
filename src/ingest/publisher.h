// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_PUBLISHER_H
#define INGEST_PUBLISHER_H

#include <stdbool.h>

#include "base/log.h"
#include "media/timeline.h"
#include "protocol/rtmp/session.h"
#include "stream/take.h"

#define BC_PUBLISHER_HELD 256

// One video track of a push. Most pushes have one.
struct bc_publisher_lane {
    uint8_t id;             // trackId; 0 also of what is no multitrack message
    struct bc_track *track; // owned; of the frames that come now
    struct bc_track *next;  // owned; counts from the next keyframe (RTMP-64)
    struct bc_colour colour; // as the host told it last
    bool ranked;            // has a rendition
    uint8_t rendition;
    bool wants_key;         // nothing is let through before a keyframe
    int64_t last_us;        // arrival of the newest frame
};

// Turns a host's FLV bodies into packets of a take. Embedded in the connection; worker's
// thread.
struct bc_publisher {
    struct bc_take *take; // owned; NULL once closed
    const struct bc_logger *log;
    // All message types share one clock, so they share its unwrapping.
    struct bc_unwrap clock;
    struct bc_publisher_lane lanes[BC_RENDITION_MAX];
    unsigned lane_count;
    bool rank_due; // a picture came, went or changed its size
    struct bc_track *audio; // owned
    bool has_audio_id;
    uint8_t audio_id; // of the one audio track that is taken: the first that came
    bool told_more_video;
    bool told_more_audio;
    // Until both tracks are known or enough was seen, packets wait here, so that the
    // broadcast begins with all its tracks (RTMP-53).
    bool probing;
    bool expects_video; // by onMetaData; both true until it is known better
    bool expects_audio;
    int64_t probe_since_us;
    // Owned references. Until the probe ends, their rendition is the index of their lane.
    struct bc_packet *held[BC_PUBLISHER_HELD];
    unsigned held_count;
    uint64_t bad_messages;
    struct bc_log_limit bad_log;
};

// Takes over the take.
void
bc_publisher_init(
    struct bc_publisher *p, struct bc_take *take, const struct bc_logger *log);

// Ends the take.
void
bc_publisher_finish(struct bc_publisher *p, bool clean, const char *reason);

// One message of the host. Nonsense is counted, logged at most once a second, and passed
// over.
void
bc_publisher_media(
    struct bc_publisher *p, const struct bc_rtmp_media *media, int64_t now_us);

// At the end of each read.
void
bc_publisher_flush(struct bc_publisher *p, int64_t now_us);

#endif
