// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_VIEWER_H
#define TRANSMUX_VIEWER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/sink.h"
#include "stream/channel.h"
#include "transmux/feed_key.h"

struct bc_viewer;
struct bc_windows;

// --- the windows of one worker: what all its viewers share ---

// Owned by the server, one per worker; dies after the worker's viewers.
struct bc_windows *
bc_windows_create(struct bc_worker *worker);

// Frees what lingers. The worker has stopped.
void
bc_windows_destroy(struct bc_windows *windows);

// Ends all viewers of this worker (on_end), as when their broadcasts were over. Worker's
// thread.
void
bc_windows_drain(struct bc_windows *windows);

// Counters of one worker; any thread.
struct bc_windows_stats {
    uint64_t bytes;   // handed to sockets
    uint64_t skips;   // how often a slow viewer skipped to a keyframe
    uint64_t walks;   // rounds over viewers
    uint64_t items;   // delivered into windows
};

void
bc_windows_stats(const struct bc_windows *windows, struct bc_windows_stats *out);

// --- one viewer ---

struct bc_viewer_ops {
    // The channel's broadcast ended (not only its program's), or other kinds of media come,
    // so that this player must open anew. The
    // viewer writes no more; the owner says goodbye and destroys it.
    void (*on_end)(void *user);
    // The peer is gone; the sink is dead. The owner destroys the viewer.
    void (*on_closed)(void *user, const char *reason);
};

struct bc_viewer_params {
    struct bc_windows *windows;
    // Whose viewer it is; referenced. It gets what that channel shows (stream/program.h),
    // and moves with it.
    struct bc_channel *channel;
    struct bc_feed_key key;     // base_ms is filled in
    struct bc_sink *sink;       // its callbacks become the viewer's
    bool from_gop;              // start with the cached GOP, else at the next keyframe
    const struct bc_viewer_ops *ops;
    void *user;
};

// Joins the channel; bytes begin to flow into the sink, as soon as there is something to
// show. A cursor into the worker's window of shared bytes: that is all that one viewer
// costs. Worker's thread. NULL without memory.
struct bc_viewer *
bc_viewer_create(const struct bc_viewer_params *params);

// Leaves. Does not touch the sink's connection. May be called from the viewer's
// callbacks. NULL is fine.
void
bc_viewer_destroy(struct bc_viewer *viewer);

// While paused nothing is sent; afterwards it goes on at the newest keyframe.
void
bc_viewer_set_paused(struct bc_viewer *viewer, bool paused);

// Switches one kind of media off or on (RTMP's receiveAudio and receiveVideo).
void
bc_viewer_set_receive(struct bc_viewer *viewer, enum bc_kind kind, bool on);

struct bc_viewer_stats {
    uint64_t bytes;
    unsigned skips; // how often it was too slow
};

void
bc_viewer_stats(const struct bc_viewer *viewer, struct bc_viewer_stats *out);

#endif
