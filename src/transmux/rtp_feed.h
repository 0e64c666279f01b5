// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_RTP_FEED_H
#define TRANSMUX_RTP_FEED_H

#include "config/config.h"
#include "net/timer.h"
#include "protocol/rtp/payload.h"
#include "stream/channel.h"
#include "transmux/recoder.h"
#include "transmux/rtp.h"

struct bc_rtp_window;

// Lane 0 is sound, lane 1 + n the video's rendition n.
#define BC_LANE_AUDIO 0
#define BC_LANE_VIDEO 1
#define BC_LANES (1 + BC_RENDITION_MAX)

// With its header, extensions, RTX and SRTP a packet is at most 1230 bytes long, so that
// it passes wherever IPv6 does (1280).
#define BC_RTP_PAYLOAD_MAX 1188
#define BC_RTP_FEED_BATCH 256
#define BC_RTP_FEED_WINDOWS 64 // one per worker

// How the video becomes what browsers can show.
enum bc_rtp_video {
    BC_RTP_VIDEO_NATIVE,
    BC_RTP_VIDEO_WITHOUT_B, // non-reference frames are left out
    BC_RTP_VIDEO_RECODED,
    BC_RTP_VIDEO_REFUSED,
};

// What a feed tells its windows beside frames.
enum bc_rtp_note {
    BC_RTP_NOTE_NONE,
    BC_RTP_NOTE_PRIMED, // the cached GOP is through
    BC_RTP_NOTE_TRACKS, // the description changed
    BC_RTP_NOTE_OVER,   // the broadcast ended
};

// The frames of one lane since its last keyframe, for windows that come later.
struct bc_rtp_lane {
    struct bc_rtp_packetiser packetiser;
    uint64_t next; // number of the next frame
    struct bc_rtp_frame **frames; // owned references
    unsigned count;
    unsigned cap;
    int64_t max_pts_us; // of this epoch: what is below was reordered
    int64_t asked_us;   // when the source was asked for a keyframe
    struct bc_track *track; // owned reference; NULL: there is no such rendition
};

// One channel's RTP. Part of its outputs; home worker only. Works only while a window
// subscribes (and a moment longer); otherwise it just knows the tracks.
struct bc_rtp_feed {
    struct bc_packet_sink sink;
    struct bc_channel *channel;      // borrowed; we are part of it
    struct bc_codec_threads *threads; // borrowed
    struct bc_rtp_lane lanes[BC_LANES];
    struct bc_rtp_window *windows[BC_RTP_FEED_WINDOWS];
    unsigned window_count;
    bool active;
    bool ended;
    enum bc_rtp_video mode;
    enum bc_b_frames policy;
    int64_t gop_max_us;
    int64_t wall_offset_us; // wall clock of broadcast time 0, of this epoch
    int64_t base_us; // broadcast time at time 0 of the monotonic clock, smoothed
    int64_t last_base_us; // the last packet's
    uint32_t epoch;       // the last packet's; 0: there was none
    unsigned generation;
    struct bc_recoder *audio_recoder;
    struct bc_recoder *video_recoder;
    struct bc_rtp_frame *batch[BC_RTP_FEED_BATCH]; // owned references
    unsigned batch_count;
    unsigned riding;       // of the batch: encoded sound that waits for a picture
    int64_t pictured_us;   // bc_clock_us() of the last picture
    struct bc_timer linger;
};

void
bc_rtp_feed_init(struct bc_rtp_feed *feed, struct bc_channel *channel,
    struct bc_codec_threads *threads);

void
bc_rtp_feed_finish(struct bc_rtp_feed *feed);

// Called by windows: messages to the channel's home. The window stays alive until
// bc_rtp_window_detached() was called on its worker.
void
bc_rtp_feed_attach(struct bc_rtp_window *window);

void
bc_rtp_feed_detach(struct bc_rtp_window *window);

// On home.
void
bc_rtp_feed_key_wanted(struct bc_rtp_feed *feed, unsigned lane);

// --- rtp_batch.c ---

// Tells all windows of the description as it is now.
void
bc_rtp_feed_tell(struct bc_rtp_feed *feed, enum bc_rtp_note note);

// Makes a frame of the packet, as the next one of its lane, and adds it to the batch.
void
bc_rtp_feed_emit(
    struct bc_rtp_feed *feed, unsigned lane, const struct bc_packet *packet);

// Hands the batch to all windows.
void
bc_rtp_feed_flush(struct bc_rtp_feed *feed);

// The same, unless there is nothing in the batch but sound that may wait.
void
bc_rtp_feed_flush_unless_riding(struct bc_rtp_feed *feed);

// --- rtp_describe.c ---

void
bc_rtp_feed_describe(const struct bc_rtp_feed *feed, struct bc_rtp_description *out);

// --- rtp_lane.c ---

void
bc_rtp_lane_clear(struct bc_rtp_lane *lane);

// Keeps video from the last keyframe on, at most `gop_max_us` of it; of sound nothing, as
// it starts anywhere.
void
bc_rtp_lane_keep(
    struct bc_rtp_lane *lane, struct bc_rtp_frame *frame, int64_t gop_max_us);

#endif
