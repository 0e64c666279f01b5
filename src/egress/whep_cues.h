// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_WHEP_CUES_H
#define EGRESS_WHEP_CUES_H

#include <stdint.h>

#include "cue/cue.h"
#include "net/timer.h"

struct bc_channel;
struct bc_peer;
struct bc_rtp_viewer;
struct bc_worker;

#define WHEP_CUES_MAX (4 * BC_CUES_RUNNING_MAX)

// The cues of one viewer by WebRTC, over its data channel. Part of its session; the same
// worker. Zero-initialised: not open.
struct whep_cues {
    struct bc_channel *channel; // borrowed, as the next two
    struct bc_peer *peer;
    struct bc_rtp_viewer *viewer;
    uint16_t stream;          // of the data channel
    struct bc_cue_lane *lane; // owned; NULL: not open
    struct bc_cue_watch watch;
    struct bc_timer timer;
    unsigned count;
    struct bc_cue *due[WHEP_CUES_MAX]; // owned references: still to be sent
};

// The data channel is open: sends those that run, and all that come. Each has the RTP time
// of the picture that it belongs to, in this viewer's video, so those that begin later are
// sent a moment before that.
void
whep_cues_open(struct whep_cues *cues, struct bc_worker *worker);

// Fine when it is not open.
void
whep_cues_close(struct whep_cues *cues);

#endif
