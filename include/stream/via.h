// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_VIA_H
#define STREAM_VIA_H

#include <stdbool.h>

struct bc_channel;
struct bc_hub;

// Servers that pull from each other tell whom their pull is for: the ids of all servers on
// the way, ours last. HTTP: the header Branchcast-Via, "1f3a...,77b0..."; RTMP: via= in
// tcUrl's query. A server that finds itself there is about to be given its own stream.

#define BC_VIA_HEADER "branchcast-via"
#define BC_VIA_ID_TEXT 17  // 16 hex digits and the zero
#define BC_VIA_HOPS_MAX 8
#define BC_VIA_TEXT (BC_VIA_HOPS_MAX * BC_VIA_ID_TEXT)

// Drawn anew with each start.
const char *
bc_hub_id(const struct bc_hub *hub);

// Why who comes with this chain gets nothing; NULL: it may. NULL and "" are no chain.
const char *
bc_via_problem(const struct bc_hub *hub, const char *via);

// By which servers what a channel shows now comes here, and this one: what it tells those who
// pull from it. Any thread.
void
bc_via_downstream(struct bc_channel *channel, char out[BC_VIA_TEXT]);

// Whether one of the servers that `via` names would be given what came by itself: then each
// would have the other's picture for ever once the host has gone. Any thread.
bool
bc_via_comes_back(struct bc_channel *channel, const char *via);

// The chain of a pull made for somebody who came with `via`: that and our id. `via` has no
// problem.
void
bc_via_extend(const struct bc_hub *hub, const char *via, char out[BC_VIA_TEXT]);

#endif
