// SPDX-License-Identifier: Apache-2.0
#ifndef SLATE_LOOP_H
#define SLATE_LOOP_H

#include "media.h"
#include "media/packet.h"

// How many keyframes of a countdown are held: the one that is shown and those to come.
#define SLATE_KEYS 4

// Plays prepared media round and round, as packets with rising times from 0. No clock and no
// thread inside. Embedded in a player.
struct slate_loop {
    struct slate_media *media; // owned reference
    struct slate_media *next;  // owned reference; from the next picture on; NULL: none
    uint64_t pictures; // given out or skipped: the next one's place in time
    uint64_t sounds;
    size_t at;       // of the next picture in the media
    size_t sound_at; // of the next sound
    bool sound_again; // the pictures begin anew: so does the sound
    // A countdown: seconds that are left are told by the wall clock.
    int64_t to_wall_us;   // 0: none
    int64_t wall_base_us; // wall clock at time 0
    int64_t shown;        // seconds in the picture; -1: none
    struct {
        int64_t seconds;
        struct bc_buf *buf; // owned reference; NULL: free
    } keys[SLATE_KEYS];
};

// Takes a reference of the media.
void
slate_loop_init(struct slate_loop *loop, struct slate_media *media);

void
slate_loop_finish(struct slate_loop *loop);

// Plays this from the next picture on; its format is the same. Takes a reference.
void
slate_loop_change(struct slate_loop *loop, struct slate_media *media);

// The keyframe for so many seconds. Takes a reference.
void
slate_loop_add_key(struct slate_loop *loop, int64_t seconds, struct bc_buf *buf);

// The seconds left at that time, rounded up; 0: none, or no countdown.
int64_t
slate_loop_left(const struct slate_loop *loop, int64_t at_us);

// The next packet that is due at `now_us`, a new one of the caller's; NULL: none, or no
// memory. What is more than two seconds late is left out.
struct bc_packet *
slate_loop_next(struct slate_loop *loop, int64_t now_us);

// When the next picture is due.
int64_t
slate_loop_due_us(const struct slate_loop *loop);

#endif
