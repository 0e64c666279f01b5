// SPDX-License-Identifier: Apache-2.0
#ifndef UNIT_CUE_STAGE_H
#define UNIT_CUE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cue/cue.h"
#include "cue/rules.h"
#include "net/worker.h"

#define SECOND_US INT64_C(1000000)

// A folder, cues in it, and a clock that the test moves. One for each test.
struct stage {
    char dir[64];
    int64_t clock_us; // 0: no broadcast yet
    int64_t shown_us; // 0: nothing is shown
    struct bc_cues *cues;
    struct bc_worker *worker; // never started: its messages are run by the test
    unsigned own_told;
    char own_id[BC_CUE_ID_MAX + 1];
    char own_name[BC_CHANNEL_NAME_MAX + 1]; // whose media was told
};

int
stage_setup(void **state);

int
stage_teardown(void **state);

// Closes and opens the cues as a server that starts again.
void
stage_restart(struct stage *s);

// Runs what was posted to the worker.
void
stage_run(struct stage *s);

// Posts a cue with a body of the API; its reference is dropped. Returns what
// bc_cues_post() does.
int
stage_post(struct stage *s, const char *channel, const char *body);

// The name's cue as JSON text, which lives until the next call; "" for none.
const char *
stage_json(struct stage *s, const char *channel, const char *id);

size_t
stage_count(struct stage *s, const char *channel, enum bc_cue_which which);

// PATCH of one.
int
stage_change(struct stage *s, const char *channel, const char *id, const char *body);

// One lane that writes down what it hears.
struct ear {
    struct bc_cue_lane *lane;
    struct bc_cue_watch watch;
    unsigned heard;
    uint32_t revision; // of the last
    bool ended;
    const struct bc_cue *last; // borrowed from nobody: to be compared only
    char json[8192];
};

void
ear_open(struct ear *ear, struct stage *s, const char *channel);

void
ear_close(struct ear *ear);

#endif
