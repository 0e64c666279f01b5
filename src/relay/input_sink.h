// SPDX-License-Identifier: Apache-2.0
#ifndef RELAY_INPUT_SINK_H
#define RELAY_INPUT_SINK_H

#include <stdbool.h>

#include "media/packet.h"

// What reads a source gives to, on the input's thread.
struct input_sink {
    // Takes over the reference. False: stop reading. Stamps are the source's own,
    // unwrapped; a packet carries its track.
    bool (*on_packet)(void *user, struct bc_packet *packet);
    // Which kinds of tracks will come, as far as the source tells beforehand. May be
    // NULL.
    void (*on_kinds)(void *user, bool video, bool audio);
    void *user;
};

#endif
