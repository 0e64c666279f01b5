// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_SPLICE_H
#define TRANSMUX_HLS_SPLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "transmux/hls.h"

// The LL-HLS of a channel that shows one stream after another: playlists with numbers of
// their own over the media of whatever was shown. The bytes are shared with the streams'
// own playlists; only what the playlists say of them is kept again. It reads no clock, and
// who owns it keeps other threads out; the snapshots are as any other.
struct bc_hls_splice;

// `params` as for a muxer. NULL without memory.
struct bc_hls_splice *
bc_hls_splice_create(const struct bc_hls_params *params);

// The same, going on from what was shown until now without a splice: its numbers, its
// names and its media.
struct bc_hls_splice *
bc_hls_splice_adopt(struct bc_hls_snapshot *snapshot);

// NULL is fine. Snapshots that others hold stay valid.
void
bc_hls_splice_destroy(struct bc_hls_splice *sp);

// All times are of one media clock.
struct bc_hls_splice_input {
    // The newest of the stream that is shown now. NULL: none is.
    struct bc_hls_snapshot *now;
    // The newest of the one before, of which is taken what begins before `from_us`; NULL:
    // what was taken of it is all.
    struct bc_hls_snapshot *before;
    // Since when `now` is shown: it begins with its first part from there on that begins
    // with a sync sample. INT64_MIN: with all that it has.
    int64_t from_us;
    bool over; // nothing more will come: ENDLIST
};

// Goes on with what is new; the newest snapshot, borrowed until the next call, NULL before
// the first part. The same one as before when nothing changed.
struct bc_hls_snapshot *
bc_hls_splice_apply(struct bc_hls_splice *sp, const struct bc_hls_splice_input *in);

// The newest snapshot, borrowed as above.
struct bc_hls_snapshot *
bc_hls_splice_latest(struct bc_hls_splice *sp);

// Whether `now` goes on: its first part was there.
bool
bc_hls_splice_shows(
    const struct bc_hls_splice *sp, const struct bc_hls_snapshot *now);

// Above all numbers that it gave out: with this one the next playlists may begin.
uint64_t
bc_hls_splice_next_msn(const struct bc_hls_splice *sp);

#endif
