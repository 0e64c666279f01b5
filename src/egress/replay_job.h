// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_REPLAY_JOB_H
#define EGRESS_REPLAY_JOB_H

#include "protocol/http/extents.h"
#include "record/library.h"
#include "replay.h"

// What is to be answered about a recording that is open, and what was found for it. First
// the worker looks whether it is there already; else a disk thread runs it, which touches
// nothing but this. Part of a request.
struct bc_replay_job {
    struct bc_replays *replays; // borrowed
    struct bc_cards *cards;     // the same
    struct bc_recording *recording; // owned reference
    enum bc_recording_kind kind;
    enum bc_replay_what what;
    bool dvr;
    bool gzip;
    bool skip;        // a delta update is wanted
    bool download;
    int64_t format;   // of an MP4; negative: the main one
    int64_t window_us;
    int64_t target_us;
    char file[72];    // MEDIA, PICTURE, CARD
    char uri[BC_CHANNEL_NAME_MAX + BC_RECORDING_ID_MAX + 64]; // what MULTIVARIANT names
    // The result. An error is a negative errno.
    int error;
    bool ended; // it will stay as it is
    struct bc_buf *text;
    struct bc_http_extent *items;
    size_t count;
    char etag[72];
    int64_t modified_s;
};

// Reads what is wanted from the URL and the request.
void
bc_replay_job_init(struct bc_replay_job *job, const struct bc_media *media,
    const struct bc_replay_url *url, const struct bc_http_exchange *x);

void
bc_replay_job_finish(struct bc_replay_job *job);

// True: it can be answered without a disk thread.
bool
bc_replay_job_peek(struct bc_replay_job *job);

void
bc_replay_job_run(struct bc_replay_job *job);

// On the worker. What was found is used up.
void
bc_replay_job_answer(struct bc_replay_job *job, struct bc_http_exchange *x);

#endif
