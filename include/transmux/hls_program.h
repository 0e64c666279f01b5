// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_PROGRAM_H
#define TRANSMUX_HLS_PROGRAM_H

#include <stdbool.h>

#include "stream/program.h"
#include "transmux/outputs.h"

// The LL-HLS of a channel as its viewers see it, whatever its program is. A channel with
// hosts of its own alone has the playlists of its outputs; one whose only source is another
// channel has that one's, with the same texts; all others have playlists of their own over
// the media of whatever is shown (transmux/hls_splice.h), made while somebody asks.

// The newest snapshot as a new reference; NULL before the first part. Any thread. `*stale`
// (may be NULL) tells that it is of the last broadcast, and nothing of this one is there.
struct bc_hls_snapshot *
bc_channel_hls(struct bc_channel *channel, bool *stale);

// The lines of EXT-X-DATERANGE that the name's cues make in playlists of this snapshot, for
// bc_hls_playlist_dated(); a new reference, NULL: none. Any thread.
struct bc_buf *
bc_channel_hls_dates(struct bc_channel *channel, const struct bc_hls_snapshot *snapshot);

struct bc_cue;
struct bc_hls_cue;

// A cue as transmux/hls_dates.h takes it; borrowed from it.
void
bc_hls_cue_of(const struct bc_cue *cue, struct bc_hls_cue *out);

// Up to which media time the channel is shown. Any thread.
int64_t
bc_channel_shown_us(struct bc_channel *channel);

// A request that waits for the next snapshot, also over changes of the program. Embedded in
// its owner, zeroed before its first use; belongs to one worker.
struct bc_channel_hls_waiter {
    struct bc_hls_waiter waiter;
    struct bc_program_watch watch;
    struct bc_channel *channel; // borrowed; NULL: it never waited
    struct bc_channel *source;  // owned reference; on whose outputs it waits
    // Something changed: look again. Once; it may wait again.
    void (*wake)(struct bc_channel_hls_waiter *waiter);
};

// Waits for a snapshot newer than `seen`. False when there may be one already: look again.
// The caller holds a reference to the channel until it is woken or gives up.
bool
bc_channel_hls_wait(struct bc_channel *channel, struct bc_worker *worker,
    struct bc_channel_hls_waiter *waiter, const struct bc_hls_snapshot *seen);

// Gives up waiting, for good: needed after each use.
void
bc_channel_hls_wait_cancel(struct bc_channel_hls_waiter *waiter);

// As bc_outputs_set_tap(), for what the channel's viewers see. It hears of snapshots while a
// broadcast of the channel runs, and of its end: what is shown before or after one is not
// for a recorder. Home worker only; taken away before the channel goes.
void
bc_channel_set_hls_tap(struct bc_channel *channel, struct bc_hls_tap *tap);

#endif
