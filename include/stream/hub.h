// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_HUB_H
#define STREAM_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/channel.h"

struct bc_config;
struct bc_config_source;
struct bc_cues;

// A slate as a channel wants it.
struct bc_slate_wish {
    const struct bc_config_source *source; // SLATE_IMAGE or SLATE_FILE; NULL: a plain one
    int64_t countdown_to_wall_us; // drawn into it; 0: none
    const struct bc_track *video; // the format that it should resemble; NULL: any
    const struct bc_track *audio;
};

// What the server wires to every channel, so that stream/ need not know who consumes it.
struct bc_hub_ops {
    // A channel was made; called on its home worker before any packet. Returns what
    // bc_channel_outputs() gives, NULL on failure (the channel is then refused).
    struct bc_outputs *(*open_outputs)(void *user, struct bc_channel *channel);
    // The last reference is gone; any thread.
    void (*close_outputs)(void *user, struct bc_outputs *outputs);
    // A broadcast of a channel begins, or another take of it, on its home worker, before any
    // packet. It may show other channels' media alone, and then has no outputs. May be NULL.
    void (*on_broadcast)(void *user, struct bc_channel *channel);
    // A script onCuePoint came with a host's or an upstream's media, on the channel's home
    // worker; viewers do not get it as it is. `packet` has its place on the media clock, and
    // came with the stamp `sent_us`. Of a delayed channel it comes when that shows it. NULL:
    // scripts of cues are passed on to viewers like others. A packet of the kind BC_KIND_CUE is
    // a cue of another channel that this one shows with a delay, or the text of a list: what
    // is known of such cues counts no more.
    void (*on_cue_point)(void *user, struct bc_channel *channel,
        const struct bc_packet *packet, int64_t sent_us);
    // The channel is about to be freed, before its outputs are; as those. May be NULL.
    void (*on_close)(void *user, struct bc_channel *channel);
    // The channel shows another program from now on; NULL: none. `program` is borrowed. The
    // channel's home worker. May be NULL.
    void (*on_program)(
        void *user, struct bc_channel *channel, struct bc_channel *program);
    // A new reference to a hidden channel that shows the slate from now on, the same for
    // equal wishes; NULL: it cannot, with the reason logged. Each one is closed again. Any
    // worker. The three are NULL in servers without slates.
    struct bc_channel *(*open_slate)(
        void *user, struct bc_worker *worker, const struct bc_slate_wish *wish);
    void (*close_slate)(void *user, struct bc_channel **slate);
    // Why the slate of this file shows a plain picture instead. False: nothing is known
    // against it. Any thread.
    bool (*slate_problem)(void *user, const char *path, char *out, size_t size);
    // Somebody wants to watch a name of which nothing can be played. False: nothing will
    // come of it; true: it may be there soon. `via`: for which servers (stream/via.h). Any
    // thread, looks up only. NULL: never.
    bool (*wanted)(void *user, const char *name, const char *via);
    // Whether who has the key may publish into this hidden channel. Any thread. NULL: nobody.
    bool (*admits)(void *user, const char *name, const char *key);
};

// The only place where a channel's name is resolved. Owned by the server; any thread.
struct bc_hub;

struct bc_hub *
bc_hub_create(const struct bc_hub_ops *ops, void *user, struct bc_config *config);

// All workers must have stopped.
void
bc_hub_destroy(struct bc_hub *hub);

// The settings in force, as a new reference.
struct bc_config *
bc_hub_config(struct bc_hub *hub);

void
bc_hub_set_config(struct bc_hub *hub, struct bc_config *config);

// The workers that channels may live on, for those that are made by a viewer's coming or by
// whom shows them; before the first look-up. Without, only takes make channels.
void
bc_hub_set_workers(struct bc_hub *hub, struct bc_worker *const *workers, unsigned count);

// The server's cues (cue/cue.h), which whoever has a channel finds by its hub; set before the
// first look-up. NULL: this server has none. Any thread.
void
bc_hub_set_cues(struct bc_hub *hub, struct bc_cues *cues);

struct bc_cues *
bc_hub_cues(struct bc_hub *hub);

// The server's one media clock, on which the times of all channels' packets run: 0 before
// the first broadcast, which starts it. Any thread.
int64_t
bc_hub_clock_us(struct bc_hub *hub);

bool
bc_hub_admits(struct bc_hub *hub, const char *name, const char *key);

// A new reference, or NULL when there is no such channel now. A configured one that can show
// something without a host of its own is made and kept while it is of use. Polling names
// that never were costs no memory.
struct bc_channel *
bc_hub_find(struct bc_hub *hub, const char *name);

// Fills `out` with up to `max` new references, in the order of their names; returns how
// many there are in all.
size_t
bc_hub_list(struct bc_hub *hub, struct bc_channel **out, size_t max);

size_t
bc_hub_count(struct bc_hub *hub);

// Whether a take of this name would find its channel, or room for it.
bool
bc_hub_has_room(struct bc_hub *hub, const char *name);

bool
bc_hub_is_draining(struct bc_hub *hub);

// No new takes from now on; ends the running ones, but not their broadcasts.
void
bc_hub_drain(struct bc_hub *hub);

// Whether the server is going down. Any thread.
bool
bc_hub_is_draining(struct bc_hub *hub);

#endif
