// SPDX-License-Identifier: Apache-2.0
#ifndef FAKE_STREAM_H
#define FAKE_STREAM_H

#include <stddef.h>

#include "control/control.h"
#include "fake_http.h"
#include "fake_record.h"
#include "stream/info.h"
#include "stream/source.h"

// Stands in for the hub, its channels and the keys, so that a test says what state they
// have. The administrator's token is "secret".

#define FAKE_CHANNELS_MAX 300

struct bc_channel {
    struct bc_sources_info sources;
    int chosen; // last; -2: none
    bool forced;
    struct bc_channel_info info;
    int refs; // those handed out and not given back
    int kicks;
};

struct bc_hub {
    struct bc_config *config;
    struct bc_channel *channels[FAKE_CHANNELS_MAX]; // owned; sorted by name
    size_t count;
    char closed[64];        // the one channel that is
    size_t hidden;          // so many more are there when listed than when counted
    struct bc_task *posted; // what was posted last and did not run yet
};

// A setup whose tests find a control in *state (struct fake *).
struct fake {
    struct bc_hub hub;
    struct bc_control *control;
    bool ready;
    // What was sent to viewers last.
    int messages;
    bool no_memory; // for the next one
    char message_channel[64];
    char message[8192];
    // The relays, and what the last one was started with.
    struct bc_control_relay relays[BC_CONTROL_RELAYS_MAX];
    size_t relay_count;
    int relay_error; // for the next one
    char relay_token[BC_CONTROL_RELAY_TOKEN_MAX + 1];
    struct fake_record record;
    char data_dir[64]; // with the schedules
    struct bc_schedules *schedules;
    struct bc_cues *cues;
};

int
fake_setup(void **state);

int
fake_teardown(void **state);

// `set` is a setting such as "access.api=open".
void
fake_configure(struct fake *f, const char *set, const char *set2);

// Channels must be added in the order of their names. The info is for the test to change.
struct bc_channel_info *
fake_add(struct fake *f, const char *name, enum bc_channel_state state);

// A live channel "live/hq" with everything filled in.
struct bc_channel_info *
fake_add_live(struct fake *f);

// A request with a body or NULL; the answer is to be finished.
struct bc_http_exchange
fake_send(struct fake *f, enum bc_http_method method, const char *path, const char *body);

// The same, answered with an error.
void
fake_check_refused(struct fake *f, enum bc_http_method method, const char *path,
    const char *body, int status, const char *code);

// What posting is for: runs it.
void
fake_run_posted(struct fake *f);

// The same for the running test.
void
fake_run_posted_now(void);

// A control without recorder, catalogue and all that, to be destroyed by the test.
struct bc_control *
fake_control_without_recordings(struct fake *f);

#endif
