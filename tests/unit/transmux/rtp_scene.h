// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TRANSMUX_RTP_SCENE_H
#define TESTS_TRANSMUX_RTP_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/rtp/rtcp.h"
#include "transmux/rtp_viewer.h"

// A WebRTC viewer alone: windows and time are the test's own, the peer writes down what it
// gets.

#define VIDEO_SSRC 4
#define RTX_SSRC 5
#define RTX_PT 97
#define AUDIO_SSRC 6
#define MS 1000
#define SECOND_US INT64_C(1000000)
#define RING 4096
#define FRAMES_MAX 8000
#define PACKETS_MAX 60000
#define SLICE 1160
#define GOP 30 // pictures, at 30 a second

// Programs: never looked into.
#define MAIN ((struct bc_channel *)0x10)
#define OTHER ((struct bc_channel *)0x20)

extern int64_t g_now_us;

// What was sent.
struct sent_packet {
    int64_t at_us;
    size_t bytes;
    unsigned lane;
    unsigned frame; // which the test made
    uint16_t seq;
    uint16_t osn; // RTX: the number of what is sent again
    uint32_t timestamp;
    bool marker;
    bool key;
    bool again;
};

struct fixture {
    struct bc_rtp_windows windows;
    struct bc_rtp_window window; // of MAIN
    struct bc_rtp_window other;  // of OTHER
    int64_t other_ahead_us;      // its clock
    enum bc_channel_state state;
    struct bc_program_watch *watch; // the viewer's
    struct bc_rtp_viewer *viewer;
    struct bc_rtp_frame *frames[FRAMES_MAX]; // owned
    unsigned frame_count;
    struct sent_packet packets[PACKETS_MAX];
    unsigned count;
    unsigned asked[BC_LANES]; // for keyframes
    unsigned pictures;        // made of each lane
    bool full; // the peer takes nothing
    bool ended;
    char reason[64];
};

// A frame of so many slices, whose bytes tell which it is, as the newest of a lane.
struct bc_rtp_frame *
make_frame_of(struct fixture *f, struct bc_rtp_window *window, unsigned lane,
    unsigned slices, bool key);

// The same of the first window.
void
make_frame(struct fixture *f, unsigned lane, unsigned slices, bool key);

// What a feed's delivery does.
void
walk(struct fixture *f);

// Time goes by: ticks of the pace every 4 ms, and the viewer's timer.
void
pass(struct fixture *f, int64_t us);

// A second of the host: 30 pictures of each rendition, and 50 packets of sound go along
// in the gaps. Sizes in slices.
void
run_second(struct fixture *f, const unsigned *sizes, unsigned renditions);

void
tell_remb(struct fixture *f, uint64_t bps);

void
open_viewer(struct fixture *f, bool transport_cc);

int
setup(void **state);

int
teardown(void **state);

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
