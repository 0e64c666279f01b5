// SPDX-License-Identifier: Apache-2.0
#ifndef ERRAND_H
#define ERRAND_H

#include <stdbool.h>

#include "clip_wish.h"
#include "last_replay.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "record/retention.h"

struct bc_control;
struct bc_http_exchange;

// A request about recordings, from when it came until the catalogue, the recording and
// whoever else was asked have answered. Of one worker; the client may be gone meanwhile.
struct bc_errand {
    struct bc_control *control;  // borrowed
    struct bc_http_exchange *x;  // NULL: the client is gone
    struct bc_catalogue_query query;
    struct bc_library_waiter waiter;
    bool waits; // for the library
    struct bc_retention_request deletion;
    // Only one is wanted: none is answered with 404, as the filter's kind has it.
    bool one;
    bool open; // the recording is wanted too, unless it is a clip without files
    // Answers `x`. `r` is borrowed; NULL: not wanted, or its files are gone. Whether all is
    // done; else it ends the errand later.
    bool (*answer)(struct bc_errand *e, struct bc_recording *r);
    bc_last_replay_then *then; // for last_replay.c
    struct bc_clip_wish wish;
    int64_t at_us;
};

// NULL: answered with 503, as something is missing here.
struct bc_errand *
bc_errand_begin(struct bc_control *control, struct bc_http_exchange *x);

// Says what is wanted: one recording, opened.
void
bc_errand_open_one(struct bc_errand *e, enum bc_recording_kind kind, const char *id,
    bool (*answer)(struct bc_errand *e, struct bc_recording *r));

// Asks the catalogue for what the filter says, and goes on by itself. The errand may be over
// on return.
void
bc_errand_ask(struct bc_errand *e);

// From now on it hears when the client goes; for who asks somebody else than the catalogue.
void
bc_errand_watch(struct bc_errand *e);

// Frees it. Whoever's answer is awaited must have given it.
void
bc_errand_end(struct bc_errand *e);

#endif
