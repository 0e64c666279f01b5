// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_VIA_H
#define STREAM_VIA_H

#include <stdbool.h>

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

// The chain of a pull made for somebody who came with `via`: that and our id. `via` has no
// problem.
void
bc_via_extend(const struct bc_hub *hub, const char *via, char out[BC_VIA_TEXT]);

#endif
