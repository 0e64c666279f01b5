// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_SOURCE_H
#define STREAM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct bc_channel;
struct bc_hub;

// The sources of a channel, in the order of preference, and which of them is on air.

enum bc_source_state {
    BC_SOURCE_DOWN,    // nothing comes from it
    BC_SOURCE_STANDBY, // it could go on air
    BC_SOURCE_ON_AIR,
};

struct bc_source_info {
    enum bc_source_kind kind;
    char name[160]; // "publisher", "publisher:backup", "channel:live/hq", "slate:..."
    enum bc_source_state state;
    int64_t since_wall_us; // of the state
    char peer[64];         // of a take; ""
    char error[128];       // why it is down, as far as known; ""
};

// A plain copy without references.
struct bc_sources_info {
    bool manual; // an operator chose
    int on_air;  // index; -1: none
    char program[BC_CHANNEL_NAME_MAX + 1]; // whose media is shown; "": none
    unsigned count;
    struct bc_source_info list[BC_CONFIG_MAX_SOURCES + 8]; // + unlisted: scenes, backup, pull, slate
};

// Any thread.
void
bc_channel_sources(const struct bc_channel *channel, struct bc_sources_info *out);

// An operator's choice: source `index` goes on air at its next keyframe and stays, until it
// fails, or until -1 gives the choice back to the channel. With `force` it need not be there:
// it is taken as soon as it comes. 0, -ENOENT, or -EHOSTDOWN as known now. Any thread.
int
bc_channel_choose_source(struct bc_channel *channel, int index, bool force);

// The kill switch: a closed channel has no viewers and accepts no takes. Counts until the next
// call or the server's end; before the first one, channels.*.open does. Any thread.
void
bc_hub_set_open(struct bc_hub *hub, const char *name, bool open);

bool
bc_hub_is_open(struct bc_hub *hub, const char *name);

#endif
