// SPDX-License-Identifier: Apache-2.0
#ifndef PICTURE_RECORDS_H
#define PICTURE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "record/recording.h"
#include "thumbnails.h"

#define PICTURE_RECORDS_WAITING 64
#define PICTURE_RECORDS_KNOWN 256
#define PICTURE_RECORDS_EVERY_US 10000000

// A recording whose pictures are to be brought up to date. Owned by the queue, then by the
// thread that takes it.
struct picture_record_job {
    struct bc_list node;
    struct bc_recording *recording; // owned reference
    char id[BC_RECORDING_ID_MAX + 1];
    struct picture_progress progress;
};

// What is known of a recording that was asked for lately.
struct picture_known {
    char id[BC_RECORDING_ID_MAX + 1]; // "": a free place
    struct picture_progress progress;
    int64_t asked_us; // when it was last put into the queue
    bool asked_ended; // it had ended then
};

// Recordings that wait, and what is known of those asked for lately; who is not known is looked
// at anew. Part of struct bc_pictures, whose lock is held for all calls.
struct picture_records {
    struct bc_list waiting;
    size_t waiting_count;
    struct picture_known known[PICTURE_RECORDS_KNOWN];
};

void
picture_records_init(struct picture_records *q);

void
picture_records_finish(struct picture_records *q);

// Puts the recording into the queue unless it waits, was asked for just now, is complete, or too
// many wait. Whether it was.
bool
picture_records_ask(struct picture_records *q, struct bc_recording *r, int64_t now_us);

// The next, out of the queue, or NULL.
struct picture_record_job *
picture_records_take(struct picture_records *q);

// Keeps what was learnt and frees the job.
void
picture_records_end(struct picture_records *q, struct picture_record_job *job);

#endif
