// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <stdlib.h>
#include <string.h>

static struct picture_record_job *
job_of(struct bc_list *node)
{
    return bc_container_of(node, struct picture_record_job, node);
}

void
picture_records_init(struct picture_records *q)
{
    memset(q, 0, sizeof(*q));
    bc_list_init(&q->waiting);
}

static void
free_job(struct picture_record_job *job)
{
    bc_recording_unref(&job->recording);
    free(job);
}

void
picture_records_finish(struct picture_records *q)
{
    struct picture_record_job *job;
    while ((job = picture_records_take(q))) {
        free_job(job);
    }
}

static struct picture_known *
find_known(struct picture_records *q, const char *id)
{
    for (size_t i = 0; i < PICTURE_RECORDS_KNOWN; i++) {
        if (strcmp(q->known[i].id, id) == 0) {
            return &q->known[i];
        }
    }
    return NULL;
}

// The place of a recording, taken from the one asked for longest ago if need be.
static struct picture_known *
know(struct picture_records *q, const char *id)
{
    struct picture_known *k = find_known(q, id);
    if (k) {
        return k;
    }
    k = &q->known[0];
    for (size_t i = 1; i < PICTURE_RECORDS_KNOWN; i++) {
        if (q->known[i].asked_us < k->asked_us) {
            k = &q->known[i];
        }
    }
    memset(k, 0, sizeof(*k));
    memcpy(k->id, id, strlen(id) + 1);
    return k;
}

static bool
is_waiting(const struct picture_records *q, const char *id)
{
    bc_list_for_each(it, tmp, &q->waiting)
    {
        if (strcmp(job_of(it)->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_due(const struct picture_known *k, bool ended, int64_t now_us)
{
    bool just_ended = ended && !k->asked_ended;
    return k->asked_us == 0
        || (!k->progress.complete
            && (just_ended || now_us - k->asked_us >= PICTURE_RECORDS_EVERY_US));
}

bool
picture_records_ask(struct picture_records *q, struct bc_recording *r, int64_t now_us)
{
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    if (is_waiting(q, info.id)) {
        return false;
    }
    struct picture_known *k = know(q, info.id);
    bool ended = info.ended_wall_us != 0;
    if (!is_due(k, ended, now_us) || q->waiting_count >= PICTURE_RECORDS_WAITING) {
        return false;
    }
    struct picture_record_job *job = calloc(1, sizeof(*job));
    if (!job) {
        return false;
    }
    job->recording = bc_recording_ref(r);
    memcpy(job->id, info.id, sizeof(job->id));
    k->asked_us = now_us;
    k->asked_ended = ended;
    bc_list_append(&q->waiting, &job->node);
    q->waiting_count++;
    return true;
}

struct picture_record_job *
picture_records_take(struct picture_records *q)
{
    if (bc_list_empty(&q->waiting)) {
        return NULL;
    }
    struct picture_record_job *job = job_of(q->waiting.next);
    bc_list_remove(&job->node);
    q->waiting_count--;
    const struct picture_known *k = find_known(q, job->id);
    if (k) {
        job->progress = k->progress;
    }
    return job;
}

void
picture_records_end(struct picture_records *q, struct picture_record_job *job)
{
    struct picture_known *k = find_known(q, job->id);
    if (k) {
        k->progress = job->progress;
    }
    free_job(job);
}
