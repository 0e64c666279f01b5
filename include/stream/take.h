// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_TAKE_H
#define STREAM_TAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/packet.h"
#include "stream/info.h"

struct bc_hub;
struct bc_take;
struct bc_worker;

enum bc_take_refusal {
    BC_TAKE_OK,
    BC_TAKE_BUSY,     // another host publishes here
    BC_TAKE_LIMIT,    // too many channels, no memory
    BC_TAKE_DRAINING, // the server is going down
    BC_TAKE_CLOSED,   // the channel is closed, or has no such source
};

// Calls to the publisher's connection, on its own worker, never from inside its own
// calls.
struct bc_take_ops {
    void (*on_accepted)(void *user);
    void (*on_refused)(void *user, enum bc_take_refusal why, const char *text);
    // Somebody with the same credential took over, an operator ended it, or the server
    // drains. The take is over; bc_take_close() is still due.
    void (*on_kicked)(void *user, const char *reason);
    // A viewer needs a keyframe of this rendition. NULL: the source cannot be asked.
    void (*on_key_wanted)(void *user, unsigned rendition);
};

// Who wants to publish. All strings are copied.
struct bc_take_params {
    struct bc_hub *hub;
    struct bc_worker *worker; // of the connection
    const char *channel;      // valid by bc_channel_name_is_valid()
    uint64_t credential;      // bc_keys_publish_id(): same id, same owner
    const char *protocol;     // "rtmp"
    const char *peer;
    const char *peer_ip;
    const char *encoder; // as it calls itself; ""
    const char *role; // a publisher's, as in channels.*.sources; NULL or "": the main one
    // What is pulled: its URL, or "file:PATH", as configured. Has its place in the order of
    // the channel's sources; what is not listed comes after all hosts. NULL: a publisher.
    const char *input;
    // The servers that it comes by, as these tell (stream/via.h); NULL or "": none is known.
    const char *upstream;
    const struct bc_take_ops *ops;
    void *user;
};

// Asks to publish. The caller has checked the key. The answer comes later by ops. NULL
// without memory.
struct bc_take *
bc_take_open(const struct bc_take_params *params);

// The rest is for an accepted take.

// Makes a track known before its first packet, so that an epoch begins with all its
// tracks. The take keeps its own reference.
void
bc_take_set_track(struct bc_take *take, struct bc_track *track);

// Adds a packet; takes over the reference, which must be the only one. dts_us and pts_us
// are the source's clock, unwrapped; the channel places them on its timeline.
void
bc_take_push(struct bc_take *take, struct bc_packet *packet);

// Passes what was pushed on to the channel. Called at the end of each read.
void
bc_take_flush(struct bc_take *take);

// What the line to the host counts, for the API.
void
bc_take_set_line(struct bc_take *take, const struct bc_line_stats *line);

// Ends the take and frees it; no callback follows. `clean`: the host said goodbye, the
// broadcast ends at once; otherwise the channel waits for the next take.
void
bc_take_close(struct bc_take *take, bool clean, const char *reason);

#endif
