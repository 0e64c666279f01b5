// SPDX-License-Identifier: Apache-2.0
#ifndef INGEST_SRT_H
#define INGEST_SRT_H

#include "protocol/srt/srt.h"

struct bc_hub;
struct bc_keys;
struct bc_worker;

// What hosts by SRT need of one worker. Filled by the server.
struct bc_srt_ingest {
    struct bc_hub *hub;
    const struct bc_keys *keys;
    struct bc_worker *worker;
};

// May this caller publish? Looks up only, as SRT's thread must not wait (SRT-2).
// `*why` is said in words when the answer is no.
enum bc_srt_reject
bc_srt_ingest_admit(struct bc_hub *hub, const struct bc_keys *keys,
    const struct bc_srt_hello *hello, const char **why);

// Takes over a connection that was admitted: a transport stream becomes a take. Frees
// itself when the peer goes, or the take ends.
void
bc_srt_ingest_serve(struct bc_srt_ingest *ingest, struct bc_srt_conn *conn);

#endif
