// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_SRT_H
#define EGRESS_SRT_H

#include "protocol/srt/srt.h"
#include "transmux/viewer.h"

struct bc_hub;
struct bc_keys;

// What viewers by SRT need of one worker. Filled by the server.
struct bc_srt_egress {
    struct bc_hub *hub;
    struct bc_windows *windows;
    struct bc_worker *worker;
};

// May this caller watch, and is there something for it? Looks up only (SRT-2).
// `*why` is said in words when the answer is no.
enum bc_srt_reject
bc_srt_egress_admit(struct bc_hub *hub, const struct bc_keys *keys,
    const struct bc_srt_hello *hello, const char **why);

// Takes over a connection that was admitted: it gets the channel's transport stream until
// the broadcast ends. Frees itself.
void
bc_srt_egress_serve(struct bc_srt_egress *egress, struct bc_srt_conn *conn);

#endif
