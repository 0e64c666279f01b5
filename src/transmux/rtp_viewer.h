// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_RTP_VIEWER_H
#define TRANSMUX_RTP_VIEWER_H

#include "net/timer.h"
#include "protocol/rtp/twcc.h"
#include "stream/program.h"
#include "rtp_window.h"

#define BC_RTP_SENT 256  // a power of two: over 2 s of frames
#define BC_RTP_RESENT 128 // a power of two

// Where a sent frame's packets are in the viewer's own sequence.
struct bc_rtp_sent {
    uint64_t number;    // of the frame
    uint32_t timestamp; // as sent
    uint16_t first_seq;
    uint16_t count;
    uint8_t lane;
};

// When a packet was last sent again.
struct bc_rtp_resent {
    uint16_t seq;
    uint32_t at_ms;
};

// One outgoing RTP stream of a viewer.
struct bc_rtp_stream {
    bool active;
    uint8_t pt;
    uint8_t rtx_pt;
    uint8_t twcc_id;
    uint8_t playout_delay_id;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    uint16_t seq; // next
    uint16_t rtx_seq;
    unsigned lane;
    uint64_t next;  // number of the frame to send
    uint32_t slice; // of it
    bool stamped;   // it has its place in `sent` and its timestamp
    uint32_t frame_ts;      // of the frame that is being sent
    uint32_t last_ts;
    bool joined;    // the program's clock, which is:
    uint32_t clock;
    uint32_t shift; // what its timestamp is moved by, on that clock
    uint32_t packets;
    uint32_t bytes;         // of payload
};

// A window that a viewer has left, and how far it got there.
struct bc_rtp_been {
    const struct bc_rtp_window *window; // compared only
    unsigned lane;
    uint64_t next;
};

// A viewer by WebRTC: cursors into a window. Owned by the egress that made it; one
// worker.
struct bc_rtp_viewer {
    struct bc_list node;        // in window->viewers
    struct bc_list pacing_node; // in window->pacing
    struct bc_rtp_window *window; // borrowed; it has us in its list
    struct bc_channel *channel; // owned reference: whose program it follows
    struct bc_program_watch watch;
    bool arriving; // what the window has from before is not through yet
    // The window that it left last: packets of before may be asked for again.
    struct bc_rtp_window *former; // held; NULL: none, or long ago
    unsigned former_from; // `sent_count` when it had come there
    unsigned sent_from;   // the same of `window`
    int64_t moved_us;
    struct bc_rtp_been been[2]; // the newest first
    // All programs, and takes, one behind the other as they arrive.
    bool joined; // the program's clock, which is:
    uint32_t clock;
    bool based;
    int64_t base_us; // of the newest frame on that clock
    int64_t shift_us; // what its times are moved by
    struct bc_peer *peer;       // borrowed
    const struct bc_rtp_viewer_ops *ops;
    void *user;
    char cname[40];
    enum bc_codec video_codec;  // as agreed
    bool misses_video; // see the params
    struct bc_rtp_stream video;
    struct bc_rtp_stream audio;
    bool started;
    bool ended;
    bool waiting_key;  // the video goes on at the next keyframe
    uint64_t key_from; // which must be at least this frame
    // While it catches up from a cached keyframe, timestamps run together, so that the
    // player shows the frames as fast as they come.
    unsigned burst_left;
    uint32_t burst_ts;
    uint32_t burst_step;
    int64_t burst_since_us;
    // Token bucket of the pace.
    int64_t tokens; // bytes
    int64_t tokens_at_us;
    int64_t rate_bps;
    bool constrained; // the path carries less than the stream
    unsigned largest; // rendition that it wants
    unsigned want_lane; // rendition to change to at its next keyframe; 0: none
    uint64_t want_from;
    int64_t want_since_us;
    int64_t calm_since_us; // no trouble since
    int64_t up_wait_us;    // how long it must be calm before more is tried
    int64_t key_asked_us;
    int64_t restarted_us;
    uint64_t restarted_at; // the ring's next number then
    struct bc_timer timer; // reports, once a second
    struct bc_twcc_sender *twcc; // owned; NULL when not agreed on
    int64_t remb_bps;
    int64_t rtt_us;
    double loss;
    struct bc_rtp_sent sent[BC_RTP_SENT];
    unsigned sent_count; // ever
    struct bc_rtp_resent resent[BC_RTP_RESENT];
    struct bc_rtp_viewer_stats stats;
};

// --- rtp_viewer_packet.c ---

// Sends slice `index` of a frame. Returns the bytes on the wire, -EAGAIN when there is no
// room.
int
bc_rtp_send_slice(struct bc_rtp_viewer *v, struct bc_rtp_stream *s,
    const struct bc_rtp_frame *frame, uint32_t index, uint32_t timestamp, int64_t now_us);

// Sends a packet of a frame in this window again, by RTX where agreed on.
int
bc_rtp_send_again(struct bc_rtp_viewer *v, const struct bc_rtp_window *window,
    const struct bc_rtp_sent *sent, uint16_t seq, int64_t now_us);

// --- rtp_viewer_send.c ---

// What the pace lets through at once, at least; and where nobody tells us about the path a
// whole keyframe: served one after the other, viewers get it in half the time on average.
#define BC_RTP_BUCKET_MIN 24000
#define BC_RTP_BUCKET_FREE 262144

static inline const struct bc_rtp_ring *
bc_rtp_viewer_ring(const struct bc_rtp_viewer *v)
{
    return &v->window->rings[v->video.lane];
}

// Goes on at the newest keyframe and catches up from there. False when there is none.
bool
bc_rtp_viewer_begin_at_key(struct bc_rtp_viewer *v, int64_t now_us);

// Sends no picture before the next keyframe, and asks for one.
void
bc_rtp_viewer_wait_for_key(struct bc_rtp_viewer *v);

// Asks for a keyframe because this viewer skipped; shared with others that did.
void
bc_rtp_viewer_ask_patiently(struct bc_rtp_viewer *v, int64_t now_us);

// Sends what may be sent now.
void
bc_rtp_viewer_pump(struct bc_rtp_viewer *v, int64_t now_us);

// --- rtp_viewer_path.c ---

// What the path carries; 0: not known.
int64_t
bc_rtp_viewer_estimate(const struct bc_rtp_viewer *v);

// The estimate changed.
void
bc_rtp_viewer_adapt(struct bc_rtp_viewer *v, int64_t now_us);

// Once a second: a smaller picture for a path that is too small, a larger one after a
// calm.
void
bc_rtp_viewer_choose_rendition(struct bc_rtp_viewer *v, int64_t now_us);

// --- rtp_viewer_move.c ---

// Joins the channel's program, and moves with it. False without memory.
bool
bc_rtp_viewer_follow(struct bc_rtp_viewer *v, const struct bc_rtp_viewer_params *params);

void
bc_rtp_viewer_unfollow(struct bc_rtp_viewer *v);

// Begins or goes on with what the window has.
void
bc_rtp_viewer_arrive(struct bc_rtp_viewer *v, int64_t now_us);

// Lets go of the window that was left, after a while.
void
bc_rtp_viewer_age_former(struct bc_rtp_viewer *v, int64_t now_us);

// The frame's timestamp in the viewer's stream, which goes on as frames arrive, whatever
// clocks programs and takes have.
uint32_t
bc_rtp_viewer_timestamp(
    struct bc_rtp_viewer *v, struct bc_rtp_stream *s, const struct bc_rtp_frame *frame);

// --- rtp_viewer_rtcp.c ---

// The sender reports of both streams.
void
bc_rtp_send_reports(struct bc_rtp_viewer *v);

// --- rtp_viewer.c ---

// The picture is broken at the peer: begins again with a keyframe.
void
bc_rtp_viewer_key_wanted(struct bc_rtp_viewer *v, int64_t now_us);

#endif
