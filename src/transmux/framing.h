// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_FRAMING_H
#define TRANSMUX_FRAMING_H

#include <stdbool.h>

#include "base/writer.h"
#include "media/packet.h"
#include "transmux/feed_key.h"

// The tracks whose headers a viewer needs; NULL where there is none or the feed leaves it
// out.
struct bc_feed_tracks {
    struct bc_track *video;
    struct bc_track *audio;
};

// Appends one packet as viewers of the feed get it. False when the format cannot carry
// it.
bool
bc_framing_packet(struct bc_writer *w, const struct bc_feed_key *key,
    const struct bc_packet *packet);

// Appends what comes before the first packet: with `join` the file's header, then
// onMetaData and the codec headers, stamped `dts_us`.
void
bc_framing_headers(struct bc_writer *w, const struct bc_feed_key *key,
    const struct bc_feed_tracks *tracks, int64_t dts_us, bool join);

#endif
