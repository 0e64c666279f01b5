// SPDX-License-Identifier: Apache-2.0
#ifndef COMPOSE_OUTLET_H
#define COMPOSE_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/packet.h"

// Publishes by RTMP on a thread of its own, and again whenever the connection breaks.
// What cannot be sent in time is left out, never waited for. Owned by the engine.
struct compose_outlet;

// NULL without memory or threads.
struct compose_outlet *
compose_outlet_create(void);

void
compose_outlet_destroy(struct compose_outlet *o);

// "rtmp://HOST[:PORT]/APP/STREAM?QUERY"; another one is connected to at once. "": nowhere.
// Any thread.
void
compose_outlet_set_url(struct compose_outlet *o, const char *url);

// Takes over the reference. Pictures with packet->rendition > 0 are sent as further
// tracks (Enhanced RTMP, Multitrack); what has no track is a script message. Any thread.
void
compose_outlet_send(struct compose_outlet *o, struct bc_packet *packet);

// True once after each beginning: all pictures need a keyframe now. Any thread.
bool
compose_outlet_wants_key(struct compose_outlet *o);

#endif
