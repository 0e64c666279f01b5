// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_DATES_H
#define TRANSMUX_HLS_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transmux/hls.h"

// The cues of one channel name as EXT-X-DATERANGE lines of its playlists. A cue is listed from
// the moment on in which its first picture is in the playlist, until its last one has left it;
// what was told of it once stays. A revision ends the range of the one before and begins one of
// its own (container/daterange.h). Not for several threads at once; it reads no clock.
struct bc_hls_dates;

// NULL without memory.
struct bc_hls_dates *
bc_hls_dates_create(void);

// NULL is fine.
void
bc_hls_dates_destroy(struct bc_hls_dates *d);

// A cue that is new, was changed, or ended. Texts are borrowed.
struct bc_hls_cue {
    const char *id;
    unsigned revision;
    const char *kind;
    const char *channel;
    const void *data;
    size_t data_len;
    int64_t at_us;       // media time of its begin
    int64_t duration_us; // 0: until it is ended; of one that has ended how long it lasted
    bool ended;
};

// `now_us`: the media time up to which the channel is shown; there the change is.
void
bc_hls_dates_change(struct bc_hls_dates *d, const struct bc_hls_cue *cue, int64_t now_us);

// A range's begin or end that media has come to, for who keeps it. Texts are borrowed.
struct bc_hls_passed {
    struct bc_hls_cue cue; // `at_us` is where the range begins
    unsigned repeat;       // above 0: it comes back
    int64_t planned_us;    // how long it is meant to last from there; 0: until it is ended
    int64_t at_us;         // media time of this begin or end
    bool end;
};

// Instead of lines: calls `each` once for each begin and each end before `end_us`.
void
bc_hls_dates_pass(struct bc_hls_dates *d, int64_t end_us,
    void (*each)(void *user, const struct bc_hls_passed *passed), void *user);

// The lines for a snapshot's playlists, a new reference; NULL: none. The same buf as long as
// they do not change.
struct bc_buf *
bc_hls_dates_text(struct bc_hls_dates *d, const struct bc_hls_snapshot *s);

#endif
