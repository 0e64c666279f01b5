// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_CHANNEL_H
#define STREAM_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "media/packet.h"
#include "stream/info.h"

struct bc_channel;
struct bc_hub;
struct bc_outputs;
struct bc_worker;

// --- what a channel's packets go to ---

struct bc_packet_sink;

// All calls come on the channel's home worker and must not block. Entries may be NULL,
// except on_packet.
struct bc_packet_sink_ops {
    // Wants the smaller renditions of the video too, not only the best one.
    bool all_renditions;
    // The next packet on the channel's timeline; the sink takes a reference of what it
    // keeps. `wall_us` is the wall clock of its pts.
    void (*on_packet)(
        struct bc_packet_sink *sink, struct bc_packet *packet, int64_t wall_us);
    // What arrived together is through: the time to pass it on.
    void (*on_batch_end)(struct bc_packet_sink *sink);
    // A new take or format: the tracks of the epoch that begins with the next packet.
    // Either may be NULL. Borrowed for the call.
    void (*on_tracks)(struct bc_packet_sink *sink, struct bc_track *video,
        struct bc_track *audio);
    // The take dropped; another one may come within the grace period.
    void (*on_waiting)(struct bc_packet_sink *sink);
    // The broadcast is over.
    void (*on_end)(struct bc_packet_sink *sink);
};

// Embedded in whoever consumes a channel: a muxer, a recorder. Owned by that; it must be
// removed before it dies.
struct bc_packet_sink {
    struct bc_list node;
    const struct bc_packet_sink_ops *ops;
};

// Home worker only.
void
bc_channel_add_sink(struct bc_channel *channel, struct bc_packet_sink *sink);

void
bc_channel_remove_sink(struct bc_packet_sink *sink);

// --- references and what any thread may ask ---

struct bc_channel *
bc_channel_ref(struct bc_channel *channel);

void
bc_channel_unref(struct bc_channel **holder);

// Channels that only others show; nobody can write their names, lists leave them out.
#define BC_CHANNEL_SLATE "~slate/"
#define BC_CHANNEL_DELAY "~delay/"
#define BC_CHANNEL_SCENE "~scene/"

// Whether it is one of that kind.
bool
bc_channel_is_hidden(const struct bc_channel *channel, const char *kind);

// "live/hq"
const char *
bc_channel_name(const struct bc_channel *channel);

struct bc_worker *
bc_channel_home(const struct bc_channel *channel);

struct bc_hub *
bc_channel_hub(const struct bc_channel *channel);

// What the transmuxers hang on the channel (see bc_hub_ops); lives as long as the
// channel. NULL while it never had a take of its own: it shows others at most.
struct bc_outputs *
bc_channel_outputs(const struct bc_channel *channel);

// What another folder hangs on a channel besides its outputs: one, which lives as long as
// the channel. Embedded in what it is; `destroy` is called where the channel's last
// reference goes, on its home worker or when that has stopped.
struct bc_channel_part {
    void (*destroy)(struct bc_channel_part *part);
};

// NULL: none was added. Any thread.
struct bc_channel_part *
bc_channel_part(const struct bc_channel *channel);

// Adds one, unless there is one already. Returns the one that is there. Any thread.
struct bc_channel_part *
bc_channel_add_part(struct bc_channel *channel, struct bc_channel_part *part);

const struct bc_logger *
bc_channel_logger(const struct bc_channel *channel);

enum bc_channel_state
bc_channel_state(const struct bc_channel *channel);

// A copy of what is known about the channel now.
void
bc_channel_info(const struct bc_channel *channel, struct bc_channel_info *out);

// Whether somebody with another credential publishes now (see bc_take_params).
bool
bc_channel_is_taken_by_other(const struct bc_channel *channel, uint64_t credential);

// Adds what was counted on a viewer's line.
void
bc_channel_count_line(struct bc_channel *channel, const struct bc_line_stats *more);

// Whether one more viewer may come (channels.*.viewers_max). Any thread.
bool
bc_channel_has_room(const struct bc_channel *channel);

// Counts a viewer in (+1) or out (-1).
void
bc_channel_count_viewer(struct bc_channel *channel, enum bc_protocol protocol, int delta);

unsigned
bc_channel_viewers(const struct bc_channel *channel, enum bc_protocol protocol);

// --- home worker only ---

// Calls `each` for the packets since the last keyframe (or about the last second of an
// audio-only broadcast), oldest first: what a viewer needs to start at once.
void
bc_channel_replay_gop(const struct bc_channel *channel,
    void (*each)(void *user, struct bc_packet *packet), void *user);

// The same one by one, oldest first: NULL behind the last. Of a rendition above 0 the video
// alone.
struct bc_packet *
bc_channel_gop_packet(const struct bc_channel *channel, unsigned rendition, size_t index);

// Whether the running take's source makes keyframes when asked.
bool
bc_channel_can_ask_key(const struct bc_channel *channel);

// Asks it for one, for the video's rendition.
void
bc_channel_ask_key(struct bc_channel *channel, unsigned rendition);

// Ends the running take, as an operator's kick or at shutdown.
void
bc_channel_kick(struct bc_channel *channel, const char *reason);

#endif
