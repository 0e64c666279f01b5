// SPDX-License-Identifier: Apache-2.0
#ifndef FAKE_RECORD_H
#define FAKE_RECORD_H

#include "clip/clip.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "record/recorder.h"
#include "record/retention.h"

// Stands in for recordings, their catalogue, the recorder and the clips: a test says what
// there is. There is one recording of 60 s, "20260301-120000-aa" of live/hq, with a gap of
// 10 s after 20 s, and a clip of the same id.

#define FAKE_PICTURE "0123456789abcdef"
#define FAKE_ID "20260301-120000-aa"
#define FAKE_BEGAN_WALL_US INT64_C(1772366400000000) // 2026-03-01T12:00:00Z
#define FAKE_DURATION_US INT64_C(60000000)
#define FAKE_GAP_AT_US INT64_C(20000000)
#define FAKE_GAP_US INT64_C(10000000)
#define FAKE_ENTRIES_MAX 16

struct bc_recording {
    struct bc_recording_info info;
    int refs; // those handed out and not given back
};

struct bc_recorder {
    struct bc_recorder_status status;
    bool running; // has a recording now
    int error;    // for the next start or stop
    int starts;
    int stops;
};

struct bc_clips {
    int error;       // for the next start
    size_t room;     // how many more may wait
    size_t started;
    int export_error;
    size_t cancels;
    struct bc_clip_job job;
    struct bc_clip_request last;
    char title[BC_RECORDING_TITLE_MAX + 1];
};

struct bc_library {
    bool gone; // what is asked for has no files
    bool hold; // answer later
    struct bc_library_waiter *held;
};

struct bc_catalogue {
    struct bc_catalogue_entry entries[FAKE_ENTRIES_MAX]; // as they are to be listed
    size_t count;
    bool failed;
    bool hold; // answer later
    struct bc_catalogue_query *held;
    struct bc_catalogue_filter asked; // last
};

struct fake_record {
    struct bc_recording recording;
    struct bc_recorder recorder;
    struct bc_clips clips;
    struct bc_library library;
    struct bc_catalogue catalogue;
    int delete_result;
    size_t deletes;
};

// The running test's.
extern struct fake_record *fake_record;

void
fake_record_setup(struct fake_record *f);

// Answers what was held back.
void
fake_record_answer(void);

#endif
