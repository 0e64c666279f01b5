// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_RESTORE_H
#define STREAM_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/hub.h"

// What of a channel outlives the process: a plain copy.
struct bc_channel_saved {
    char name[BC_CHANNEL_NAME_MAX + 1];
    bool open;                   // a broadcast runs, with or without a host
    uint64_t broadcast;          // see bc_channel_info
    uint64_t takes;
    int64_t began_wall_us;
    int64_t waits_until_wall_us; // when the grace period ends; 0: a host is there
    uint64_t next_msn;           // above all that its playlists had; 0: they had none
    uint64_t next_dseq;
};

// What outlives it of all, borrowed.
struct bc_hub_saved {
    int64_t wall_us;  // when it was saved
    int64_t clock_us; // the media clock then; 0: it stood
    const struct bc_channel_saved *rows;
    size_t count;
};

// Any thread.
void
bc_channel_save(const struct bc_channel *channel, struct bc_channel_saved *out);

// How far the channel's playlists have come: media sequence and discontinuity numbers from
// here on were never used. Any thread; only ever goes up.
void
bc_channel_note_numbers(struct bc_channel *channel, uint64_t next_msn, uint64_t next_dseq);

void
bc_channel_numbers(
    const struct bc_channel *channel, uint64_t *next_msn, uint64_t *next_dseq);

// Before the workers run: open broadcasts wait for their hosts again, and playlists go on
// above what was noted. What was saved by a process that was killed perhaps is over when
// the grace period is. The rows are copied; `home` says who gets a channel. Returns how
// many broadcasts go on.
size_t
bc_hub_restore(struct bc_hub *hub, struct bc_worker *(*home)(void *user, size_t index),
    void *user, const struct bc_hub_saved *saved);

#endif
