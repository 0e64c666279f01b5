// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_SOURCES_H
#define STREAM_SOURCES_H

#include "channel_internal.h"
#include "selector.h"
#include "stream/plan.h"
#include "stream/source.h"

struct bc_take;

// One source of a channel: a slot for a take (a publisher's role, a pull, a file), another
// channel, or a slate. Owned by its channel, whose home worker it belongs to.
struct bc_source {
    enum bc_source_kind kind;
    bool listed; // in the configuration; others come by their first take
    char *value; // owned: role, URL, path or name
    struct bc_channel *channel; // borrowed

    // What the selector knows of it.
    bool ready;
    bool left;
    bool flaps;
    int64_t since_us;
    int64_t last_us;
    char reason[96]; // why it was lost; ""
    enum bc_source_state shown;
    int64_t shown_since_wall_us;

    // Of a slot. While it is not on air its take's packets wait here, on the host's clock.
    struct bc_take *take;       // owned reference; NULL while nobody is there
    struct bc_take *challenger; // waits whether `take` is dead; owned reference
    struct bc_timer challenge_timer;
    int64_t arrived_us; // arrival of the take's last packet
    bool started;       // a keyframe came, or sound that has no picture
    struct bc_gop gop;

    // Of a channel or a slate.
    struct bc_follow follow;
    struct bc_channel *slate; // owned by who made it; closed by bc_hub_ops.close_slate
    int64_t countdown_to_wall_us; // as drawn into the slate
};

// What a channel may show, and what it does. Made at its first look, home worker only.
struct bc_sources {
    struct bc_channel *channel; // borrowed
    unsigned generation; // of the configuration that it was made from
    unsigned count;
    struct bc_source *list[BC_SELECTOR_MAX]; // owned, in the order of preference
    struct bc_config *config;                // owned reference
    struct bc_channel_plan plan;
    struct bc_channel_scene scene; // all "" when it is no composite
    bool open;
    int64_t wait_us;
    int64_t slate_wait_us;
    int64_t stable_us;
    struct bc_source *on_air;
    struct bc_source *last_real; // what was on air last and is no slate
    struct bc_source *manual; // an operator's choice
    bool manual_was_on_air;
    // A switch that waits for a keyframe.
    struct bc_source *next;
    int64_t next_since_us;
    int64_t next_key_us;    // the newest keyframe of the other channel when it began
    int64_t cut_us;         // own packets from here on are not given out; 0: all are
    struct bc_follow watch; // of the channel whose keyframe is awaited
    int64_t slate_needed_us; // when a slate was last of use
    struct bc_timer look_timer;
};

static inline bool
bc_source_is_slate(const struct bc_source *source)
{
    return source->kind == BC_SOURCE_SLATE_IMAGE || source->kind == BC_SOURCE_SLATE_FILE;
}

// Whether it shows another channel, visible or hidden.
static inline bool
bc_source_is_other(const struct bc_source *source)
{
    return source->kind == BC_SOURCE_CHANNEL || source->kind == BC_SOURCE_SCENE;
}

static inline bool
bc_source_is_slot(const struct bc_source *source)
{
    return !bc_source_is_slate(source) && !bc_source_is_other(source);
}

// --- source_list.c: what is configured ---

// Brings the list up to date with configuration, plan and switch. False without memory.
bool
bc_sources_load(struct bc_channel *channel);

// The slot for a take; makes one for what is not listed but may come. NULL: there is none.
struct bc_source *
bc_sources_slot(struct bc_channel *channel, const struct bc_take *take);

void
bc_source_destroy(struct bc_source *source);

// The copy that API and console see.
void
bc_sources_publish(struct bc_channel *channel);

// --- slots.c: takes ---

// Ends its take, and whoever waits for its place.
void
bc_slot_drop(struct bc_source *source, const char *reason);

// Whether the one who waits may have the place.
void
bc_slot_challenge(struct bc_source *source);

// A packet of a take that is not on air; the caller keeps its reference.
void
bc_slot_keep(struct bc_source *source, struct bc_packet *packet);

// --- switch.c: what goes on air ---

// Puts a source on air as soon as that can be done without harm; NULL: none.
void
bc_sources_switch(struct bc_channel *channel, struct bc_source *to);

// A packet of the slot that is to go on air next came.
void
bc_sources_standby_packet(struct bc_source *source, const struct bc_packet *packet);

void
bc_sources_cancel_switch(struct bc_channel *channel);

// --- slates ---

void
bc_source_open_slate(struct bc_source *source);

void
bc_source_close_slate(struct bc_source *source);

#endif
