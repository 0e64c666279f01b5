// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_FEED_TS_H
#define TRANSMUX_FEED_TS_H

#include "base/writer.h"
#include "container/mpegts.h"
#include "framing.h"

// What a feed of transport streams keeps between its items: who watches reads on in one
// stream, whose continuity counters go on from item to item. Part of the feed, home only.
struct bc_feed_ts {
    struct bc_ts_mux *mux; // owned; NULL in other formats
    // Each PID's newest counter, so that a replay can end with it.
    struct bc_ts_counter {
        uint16_t pid;
        uint8_t newest;
    } counters[4];
    unsigned count;
};

// Without memory nothing is written later on.
void
bc_feed_ts_open(struct bc_feed_ts *ts, const struct bc_feed_tracks *tracks);

void
bc_feed_ts_close(struct bc_feed_ts *ts);

void
bc_feed_ts_set_tracks(struct bc_feed_ts *ts, const struct bc_feed_tracks *tracks);

// One packet as viewers get it; with `start` the tables come first, so that one can begin
// here. False when there is nothing to send.
bool
bc_feed_ts_write(struct bc_feed_ts *ts, struct bc_writer *w,
    const struct bc_packet *packet, int64_t base_us, bool start);

// The tables, for who is watching.
void
bc_feed_ts_write_tables(struct bc_feed_ts *ts, struct bc_writer *w);

// What stands before the next packet, which is a start of this kind, for who comes from
// another feed: its counters.
void
bc_feed_ts_write_break(
    const struct bc_feed_ts *ts, struct bc_writer *w, enum bc_kind kind);

// Adds to the counters of each PID in `data`, whole packets, what lets the stream that
// ended with the counters `from` end with those of `to`.
void
bc_feed_ts_shift(uint8_t *data, size_t len, const struct bc_feed_ts *from,
    const struct bc_feed_ts *to);

#endif
