// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_FEED_H
#define TRANSMUX_FEED_H

#include "base/list.h"
#include "feed_ts.h"
#include "framing.h"
#include "item.h"
#include "net/timer.h"

struct bc_fanout;
struct bc_window;

#define BC_FEED_BATCH 128
#define BC_FEED_SUBSCRIBERS 64 // one per worker

// One byte form of a channel (one key), made while somebody watches it. Owned by its
// fanout, home worker only.
struct bc_feed {
    struct bc_list node;
    struct bc_fanout *fanout; // borrowed
    struct bc_feed_key key;
    struct bc_window *subscribers[BC_FEED_SUBSCRIBERS]; // borrowed until detached
    unsigned subscriber_count;
    struct bc_writer scratch;
    struct bc_feed_ts ts;
    // Of a replay: how it would end, and how it shall end. NULL: as it comes.
    const struct bc_feed_ts *end;
    const struct bc_feed_ts *wanted_end;
    // Made and not yet handed out: sound waits for the next picture, so that viewers are
    // written to once per frame and not once per message.
    struct bc_item *batch[BC_FEED_BATCH]; // owned references
    unsigned batch_count;
    int64_t batch_since_us;
    bool batch_has_video;
    int64_t last_dts_us;    // of the newest item
    struct bc_timer flush_timer;
    unsigned shown;         // the rendition that the key's choice comes to now
    unsigned generation;    // of the tracks that the last headers told
    bool has_video;         // what viewers were told at their start
    bool has_audio;
    int64_t last_start_us;  // dts of the last item that a viewer can start from
    bool started;
    bool starts_once;       // a replay of sound alone: who joins gets all of it
};

struct bc_feed *
bc_feed_create(struct bc_fanout *fanout, const struct bc_feed_key *key,
    struct bc_worker *worker);

void
bc_feed_destroy(struct bc_feed *feed);

// What the feed shows of the channel's tracks.
struct bc_feed_tracks
bc_feed_tracks(const struct bc_feed *feed);

// False when the video is in a codec that the feed's viewers cannot read: without it they
// would wait, or take it for a broadcast of sound alone.
bool
bc_feed_is_readable(const struct bc_feed *feed);

// Builds the packet's item into the batch.
void
bc_feed_push(struct bc_feed *feed, const struct bc_packet *packet);

// Adds an item without bytes: BC_ITEM_END, BC_ITEM_PRIMED.
void
bc_feed_push_note(struct bc_feed *feed, uint32_t flags);

// The tracks changed: who watches gets new headers, or has to open anew.
void
bc_feed_tracks_changed(struct bc_feed *feed);

// Hands the batch to all subscribers now.
void
bc_feed_flush(struct bc_feed *feed);

// Hands the batch out when a picture is in it; otherwise at the latest a moment later.
void
bc_feed_batch_end(struct bc_feed *feed);

#endif
