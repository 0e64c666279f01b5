// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_VIEWER_H
#define BENCH_VIEWER_H

#include "stamp.h"
#include "url.h"
#include "util.h"

enum bc_viewer_state {
    BC_VIEWER_NEW,
    BC_VIEWER_JOINING,
    BC_VIEWER_PLAYING,
    BC_VIEWER_FAILED,  // never got media
    BC_VIEWER_DROPPED, // lost it later
};

// One viewer: what every protocol has in common. Owned by play.c, lives until the end.
struct bc_viewer {
    int id;
    bool probe; // its delay is measured, and its sockets wake the loop at once
    enum bc_viewer_state state;
    const char *stage; // what a viewer that never got media was waiting for
    struct bc_url url;
    int64_t start_ns;
    int64_t first_media_ns;
    int64_t first_key_ns;
    int64_t last_video_ns;
    int64_t last_video_ts_ms; // -1: none
    uint64_t bytes;
    uint64_t frames;
    uint64_t bytes_before; // the window opened
    uint64_t frames_before;
    uint64_t lost; // frames (by their timestamps) or parts left out in the window
    uint64_t packets; // RTP
    uint64_t packets_before;
    uint64_t packets_expected; // in the window, by their sequence numbers
    uint64_t packets_lost;     // of them, not by us
    uint64_t loader_drops;     // in the window, by our own socket
    uint32_t gaps; // in the window, longer than the threshold
    int64_t max_gap_ns;
    int64_t wake_ns; // when the kind's on_timer is due; 0: never
    struct bc_stamp_scan scan;
    int64_t newest_sent_ns; // of the frame or part that is arriving; 0: no stamp yet
    int64_t oldest_sent_ns;
    void *impl; // owned by the kind, until the program ends
};

// What a protocol does for a viewer.
struct bc_viewer_kind {
    const char *name;
    bool in_segments; // delays are told per part, and frames are not seen one by one
    bool rtp;
    void (*start)(struct bc_viewer *v);
    void (*on_timer)(struct bc_viewer *v, int64_t now_ns); // or NULL
    void (*move_to_bulk)(struct bc_viewer *v); // joined: the loop may see it less often
    void (*on_window)(struct bc_viewer *v, bool opens); // measuring begins, ends; or NULL
    void (*stop)(struct bc_viewer *v);                  // close; called once
};

extern const struct bc_viewer_kind bc_viewer_rtmp;
extern const struct bc_viewer_kind bc_viewer_flv;
extern const struct bc_viewer_kind bc_viewer_ws_flv;
extern const struct bc_viewer_kind bc_viewer_llhls;
extern const struct bc_viewer_kind bc_viewer_whep;
extern const struct bc_viewer_kind bc_viewer_janus;

// Called by the kinds, implemented by play.c.
struct bc_viewer_media {
    bool video;
    bool key;
    int64_t ts_ms; // -1: not known
};
void bc_viewer_on_media(struct bc_viewer *v, int64_t now_ns, struct bc_viewer_media m);
// WebRTC: the other side's description came; DTLS is through.
void bc_viewer_on_answered(struct bc_viewer *v, int64_t now_ns);
void bc_viewer_on_connected(struct bc_viewer *v, int64_t now_ns);
void bc_viewer_on_failed(struct bc_viewer *v, const char *what);
// Frames or parts that the server left out.
void bc_viewer_on_lost(struct bc_viewer *v, uint64_t count);
// Payload in which a probe's stamps are looked for.
void bc_viewer_scan(struct bc_viewer *v, const uint8_t *p, size_t n);
// The frame or part is complete: the stamps found in it become delays.
void bc_viewer_scan_done(struct bc_viewer *v, int64_t now_ns);
// Segment formats raise the threshold above which missing video is a gap.
void bc_viewer_raise_gap_threshold(int64_t ns);

#endif
