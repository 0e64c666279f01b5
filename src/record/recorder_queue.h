// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RECORDER_QUEUE_H
#define RECORD_RECORDER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "record/cues.h"
#include "transmux/hls.h"
#include "transmux/hls_dates.h"

// A part up to so long is written together with the next one, or at the next tick: waking up
// is half of what it costs. A kill may take it, as it may take one that is being written.
#define RECORDER_SHORT_US 300000

// What a disk that stalls may leave waiting of one channel. Beyond that parts are left
// out, up to the next one that a player could begin with.
#define RECORDER_QUEUE_US 10000000
#define RECORDER_QUEUE_BYTES ((size_t)64 * 1024 * 1024)

// A begin or an end of a cue that its part has come to. Owned by the item.
struct recorder_cue {
    struct recorder_cue *next;
    int64_t at_us; // media time
    bool end;
    struct bc_recording_cue cue; // texts owned; times are not used
};

void
recorder_cues_free(struct recorder_cue **list);

// Behind the last.
void
recorder_cues_add(struct recorder_cue **list, struct recorder_cue *cue);

// One part on its way to the disk. Owned by the queue it is in.
struct recorder_item {
    struct bc_list node;
    struct bc_buf *data; // owned references
    struct bc_buf *init;
    struct recorder_cue *cues; // owned list
    int64_t start_us;
    int64_t duration_us;
    int64_t wall_us;
    uint64_t msn;
    bool independent;
    bool segment;
    bool discontinuity;
    bool first; // of a broadcast: the recording before it has ended
};

// Parts between a channel's home and the recorder's thread, bounded in time and bytes.
// Part of a channel's recording, whose lock guards it.
struct recorder_queue {
    struct bc_list items; // oldest first
    size_t bytes;
    int64_t duration_us;
    bool skipping;    // until the next part that a player could begin with
    bool ended;       // the broadcast of the newest part is over
    int64_t ended_us; // when it was
    uint64_t lost;      // parts left out of this broadcast
    uint64_t lost_ever; // of all
};

// Gives it to the part that has its moment, or the one after it: one of those that wait, of
// which there is one. Without memory it is lost.
void
recorder_queue_cue(struct recorder_queue *q, const struct bc_hls_passed *passed);

// What the home worker remembers of the parts it has seen. Home only.
struct recorder_intake {
    bool begun;          // parts of this broadcast are taken
    bool started;        // there was a part that a player could begin with
    uint64_t muxer;
    uint64_t next;       // number of the part that comes next
    uint64_t dseq;       // of the last part taken
    bool breaks;         // the next part does not follow the last one taken
};

void
recorder_queue_init(struct recorder_queue *q);

// Whether what waits is to be written now. `fresh`: nothing of this recording is yet.
bool
recorder_queue_is_due(const struct recorder_queue *q, bool fresh);

void
recorder_queue_finish(struct recorder_queue *q);

// The oldest item, borrowed; NULL when there is none.
struct recorder_item *
recorder_queue_head(const struct recorder_queue *q);

// Takes the oldest item out; the caller frees it.
struct recorder_item *
recorder_queue_take(struct recorder_queue *q);

void
recorder_item_free(struct recorder_item *item);

void
recorder_queue_count_lost(struct recorder_queue *q, uint64_t parts);

// Leaves out, and counts, what waits of the broadcast that is being written.
void
recorder_queue_drop(struct recorder_queue *q);

// The first snapshot of a broadcast, or the first since it is recorded: begins with the
// newest segment there is.
void
recorder_intake_begin(struct recorder_intake *in, struct recorder_queue *q,
    const struct bc_hls_snapshot *snapshot, uint64_t muxer);

// The next part. False: it was left out, and counted, as were those that are missing
// before it.
bool
recorder_intake_part(struct recorder_intake *in, struct recorder_queue *q,
    const struct bc_hls_part *part);

// The broadcast is over, or is not recorded any more.
void
recorder_intake_end(struct recorder_intake *in, struct recorder_queue *q, int64_t now_us);

#endif
