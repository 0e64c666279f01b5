// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_RTP_H
#define TRANSMUX_RTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "protocol/webrtc/peer.h"
#include "stream/channel.h"

// A channel as RTP. Each access unit is packetised once (on the channel's home) and goes
// once to each worker with viewers, into a window; a viewer is a few cursors into it. What
// one viewer costs is a copy of the payload behind a header of its own, SRTP, and its
// share of a segmented send.

struct bc_codec_threads;
struct bc_rtp_viewer;
struct bc_rtp_windows;
struct bc_worker;

// --- the windows of one worker ---

// Owned by the server, one per worker; dies after the worker's viewers.
struct bc_rtp_windows *
bc_rtp_windows_create(struct bc_worker *worker);

// Frees what lingers. The worker has stopped.
void
bc_rtp_windows_destroy(struct bc_rtp_windows *windows);

struct bc_rtp_windows_stats {
    uint64_t packets;    // sent, retransmissions included
    uint64_t bytes;
    uint64_t nacked;     // packets that viewers asked for again
    uint64_t resent;
    uint64_t key_requests; // PLI and FIR of viewers
    uint64_t skips;      // to a keyframe, by viewers whose path is too small
    uint64_t switches;   // between renditions
};

// Any thread.
void
bc_rtp_windows_stats(const struct bc_rtp_windows *windows,
    struct bc_rtp_windows_stats *out);

// --- what a channel has for WebRTC ---

struct bc_rtp_description {
    bool live;                 // false: there is nothing to describe (yet)
    enum bc_codec video;       // as sent: AVC also where B-frames are encoded away
    uint8_t avc_profile[3];
    bool recoded;
    bool b_frames_refused;     // by webrtc.b_frames
    enum bc_codec audio;       // OPUS or NONE
    unsigned audio_channels;
    unsigned renditions;       // of the video
    bool can_ask;              // the source makes keyframes when asked
    unsigned generation;       // changes with the tracks
};

// Waits for a channel's description. Embedded in its owner; one worker.
struct bc_rtp_waiter {
    struct bc_list node;
    void (*ready)(struct bc_rtp_waiter *waiter, const struct bc_rtp_description *d);
};

// Describes the channel's program, which is not live when there is none. Calls `ready` once,
// at the end of the turn at the earliest. False without memory.
bool
bc_rtp_describe(struct bc_rtp_windows *windows, struct bc_channel *channel,
    struct bc_rtp_waiter *waiter);

// Gives up waiting; harmless when it does not wait.
void
bc_rtp_describe_cancel(struct bc_rtp_waiter *waiter);

// --- one viewer ---

struct bc_rtp_viewer_ops {
    // The broadcast ended, or what is shown now has a codec that was not agreed on. The
    // viewer sends no more; the owner says goodbye and destroys it.
    void (*on_end)(void *user, const char *reason);
};

struct bc_rtp_viewer_params {
    struct bc_rtp_windows *windows;
    struct bc_channel *channel; // which it watches: it follows that one's program
    struct bc_peer *peer; // borrowed; outlives the viewer
    const struct bc_sdp_session *session; // what was agreed; copied
    // It would have taken video, which the channel had not: when some comes, the viewer ends,
    // so that it asks again.
    bool misses_video;
    uint8_t rendition; // the largest that it wants; 0: the best
    uint32_t video_ssrc;
    uint32_t video_rtx_ssrc;
    uint32_t audio_ssrc;
    const char *cname; // copied
    const struct bc_rtp_viewer_ops *ops;
    void *user;
};

// Joins the channel. Sends nothing before bc_rtp_viewer_start(). NULL without memory.
struct bc_rtp_viewer *
bc_rtp_viewer_create(const struct bc_rtp_viewer_params *params);

// The peer is connected: begins with the newest keyframe, if there is one, and catches up
// to the live edge.
void
bc_rtp_viewer_start(struct bc_rtp_viewer *v);

// NULL is fine.
void
bc_rtp_viewer_destroy(struct bc_rtp_viewer *v);

// Whether video was agreed on.
bool
bc_rtp_viewer_has_video(const struct bc_rtp_viewer *v);

// What a picture of this moment of the program (on the media clock) has as its RTP timestamp
// in this viewer's video. False: nothing of the program was sent yet, so that is not known.
bool
bc_rtp_viewer_time_of(const struct bc_rtp_viewer *v, int64_t at_us, uint32_t *rtp_time);

// The peer's RTCP: NACK, PLI, FIR, reports, feedback.
void
bc_rtp_viewer_on_rtcp(
    struct bc_rtp_viewer *v, const uint8_t *data, size_t len, int64_t now_us);

// The peer's transport has room again.
void
bc_rtp_viewer_writable(struct bc_rtp_viewer *v);

struct bc_rtp_viewer_stats {
    uint64_t packets;
    uint64_t bytes;
    uint64_t resent;
    unsigned skips;
    unsigned rendition;
    int64_t rtt_us;       // 0 unknown
    int64_t estimate_bps; // of the path; 0 unknown
    double loss;          // as the peer last reported, 0..1
};

void
bc_rtp_viewer_stats(const struct bc_rtp_viewer *v, struct bc_rtp_viewer_stats *out);

#endif
