// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_TAKE_INTERNAL_H
#define STREAM_TAKE_INTERNAL_H

#include <stdatomic.h>

#include "meter.h"
#include "net/worker.h"
#include "stream/take.h"
#include "stream/via.h"

#define BC_TAKE_BATCH 64

// One publishing attempt. Two owners hold a reference each: the connection, on its
// worker, until bc_take_close(); the channel, on its home worker, until it dismissed the
// take.
struct bc_take {
    atomic_uint refs;
    struct bc_worker *worker;   // borrowed; of the connection
    struct bc_channel *channel; // owned reference
    uint64_t credential;
    char role[64];
    char *input; // owned; NULL: a publisher
    char protocol[8];
    char peer[64];
    char peer_ip[64];
    char encoder[64];
    char upstream[BC_VIA_TEXT];

    // The connection's side.
    const struct bc_take_ops *ops; // NULL after bc_take_close()
    void *user;
    struct bc_packet *batch[BC_TAKE_BATCH]; // owned references
    size_t batch_count;
    bool clean;                 // written before close_task is posted
    char close_reason[96];

    // The channel's side.
    struct bc_source *source; // borrowed: the place that it has, or waits for
    uint64_t number;          // within the channel; 0: not noted
    struct bc_meter meter;
    struct bc_track *video; // owned; announced
    struct bc_track *audio;
    struct bc_line_stats line; // guarded by the channel's info_lock
    bool dismissed;
    enum bc_take_refusal refusal; // written before answer_task is posted
    char answer_text[192];
    char kick_reason[96];
    bool kicked;
    bool can_ask_key;        // set at the opening
    atomic_uint keys_wanted; // a bit per rendition; 0: key_task is free

    // Messages: connection to channel, and back.
    struct bc_task open_task;
    struct bc_task close_task;
    struct bc_task answer_task;
    struct bc_task kick_task;
    struct bc_task key_task;
};

struct bc_take *
bc_take_ref(struct bc_take *take);

void
bc_take_unref(struct bc_take **holder);

// From the channel's home to the connection. Each at most once per take.
void
bc_take_answer(struct bc_take *take, enum bc_take_refusal refusal, const char *text);

void
bc_take_kick(struct bc_take *take, const char *reason);

// Any number of times.
void
bc_take_ask_key(struct bc_take *take, unsigned rendition);

#endif
