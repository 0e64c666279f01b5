// SPDX-License-Identifier: Apache-2.0
// What any thread may ask of a channel's recording, and alarms.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "recorder_internal.h"
#include "stream/hub.h"

struct bc_recorder_channel *
recorder_find(struct bc_recorder *r, const char *name, struct bc_channel **channel)
{
    *channel = bc_hub_find(r->hub, name);
    if (!*channel) {
        return NULL;
    }
    struct bc_recorder_channel *rc;
    pthread_mutex_lock(&r->lock);
    HASH_FIND_PTR(r->channels, channel, rc);
    pthread_mutex_unlock(&r->lock);
    if (!rc) {
        bc_channel_unref(channel);
    }
    return rc;
}

void
recorder_trouble(struct bc_recorder_channel *rc, const char *text)
{
    pthread_mutex_lock(&rc->lock);
    bool begins = !rc->trouble[0];
    snprintf(rc->trouble, sizeof(rc->trouble), "%s", text);
    if (begins) {
        rc->trouble_us = bc_clock_us();
        rc->trouble_wall_us = bc_clock_wall_us();
        rc->trouble_lost = rc->queue.lost_ever;
    }
    pthread_mutex_unlock(&rc->lock);
    if (begins) {
        bc_error(&rc->log, "recording is in trouble, the live goes on: %s", text);
    }
}

static void
clear(struct bc_recorder_channel *rc, bool force, const char *what)
{
    pthread_mutex_lock(&rc->lock);
    bool over = rc->trouble[0] && (force || !rc->queue.skipping);
    int64_t lasted_us = bc_clock_us() - rc->trouble_us;
    uint64_t lost = rc->queue.lost_ever - rc->trouble_lost;
    if (over) {
        rc->trouble[0] = '\0';
    }
    pthread_mutex_unlock(&rc->lock);
    if (over) {
        bc_warn(&rc->log, "%s after %.1f s of trouble, %llu parts lost", what,
            (double)lasted_us / 1e6, (unsigned long long)lost);
    }
}

void
recorder_trouble_over(struct bc_recorder_channel *rc)
{
    clear(rc, false, "recording goes on");
}

void
recorder_trouble_drop(struct bc_recorder_channel *rc)
{
    clear(rc, true, "recording ends");
}

static bool
is_wanted(const struct bc_recorder_channel *rc)
{
    return recorder_wants(rc) && !(rc->guessed && rc->mode == BC_RECORD_REQUEST);
}

static enum bc_recorder_state
state_of(const struct bc_recorder_channel *rc)
{
    if (rc->trouble[0]) {
        return BC_RECORDER_TROUBLE;
    }
    return rc->id[0] ? BC_RECORDER_RUNNING
        : is_wanted(rc) ? BC_RECORDER_WAITING : BC_RECORDER_OFF;
}

bool
bc_recorder_status(
    struct bc_recorder *r, const char *name, struct bc_recorder_status *out)
{
    *out = (struct bc_recorder_status){ 0 };
    struct bc_channel *channel;
    struct bc_recorder_channel *rc = recorder_find(r, name, &channel);
    if (!rc) {
        return false;
    }
    pthread_mutex_lock(&rc->lock);
    out->state = state_of(rc);
    memcpy(out->id, rc->id, sizeof(out->id));
    memcpy(out->trouble, rc->trouble, sizeof(out->trouble));
    out->trouble_since_wall_us = rc->trouble[0] ? rc->trouble_wall_us : 0;
    out->bytes = rc->bytes;
    out->parts = rc->parts;
    out->lost_parts = rc->queue.lost;
    out->queued_us = rc->queue.duration_us;
    pthread_mutex_unlock(&rc->lock);
    bc_channel_unref(&channel);
    return true;
}

static int
change(struct bc_recorder *r, const char *name, bool record)
{
    struct bc_channel *channel;
    struct bc_recorder_channel *rc = recorder_find(r, name, &channel);
    if (!rc) {
        return -ENOENT;
    }
    int ret = 0;
    pthread_mutex_lock(&rc->lock);
    if (rc->mode == BC_RECORD_NEVER) {
        ret = -EPERM;
    } else if (is_wanted(rc) == record) {
        ret = -EALREADY;
    } else {
        rc->requested = record;
        rc->guessed = false;
        rc->stopped = !record && rc->mode == BC_RECORD_ALWAYS;
    }
    pthread_mutex_unlock(&rc->lock);
    if (ret == 0) {
        recorder_post_apply(rc);
    }
    bc_channel_unref(&channel);
    return ret;
}

int
bc_recorder_start(struct bc_recorder *r, const char *channel)
{
    return change(r, channel, true);
}

int
bc_recorder_stop(struct bc_recorder *r, const char *channel)
{
    return change(r, channel, false);
}

struct bc_recording *
bc_recorder_current(struct bc_recorder *r, const char *name)
{
    struct bc_channel *channel;
    struct bc_recorder_channel *rc = recorder_find(r, name, &channel);
    if (!rc) {
        return NULL;
    }
    pthread_mutex_lock(&rc->lock);
    struct bc_recording *recording
        = rc->recording ? bc_recording_ref(rc->recording) : NULL;
    pthread_mutex_unlock(&rc->lock);
    bc_channel_unref(&channel);
    return recording;
}

void
bc_recorder_totals(struct bc_recorder *r, struct bc_recorder_totals *out)
{
    *out = (struct bc_recorder_totals){
        .bytes = atomic_load(&r->bytes),
        .parts = atomic_load(&r->parts),
        .lost_parts = atomic_load(&r->lost_parts),
        .disk_free_bytes = atomic_load(&r->disk_free),
        .disk_total_bytes = atomic_load(&r->disk_total),
    };
    pthread_mutex_lock(&r->lock);
    struct bc_recorder_channel *rc;
    struct bc_recorder_channel *tmp;
    HASH_ITER(hh, r->channels, rc, tmp)
    {
        pthread_mutex_lock(&rc->lock);
        enum bc_recorder_state state = state_of(rc);
        pthread_mutex_unlock(&rc->lock);
        out->running += state == BC_RECORDER_RUNNING;
        out->troubled += state == BC_RECORDER_TROUBLE;
    }
    pthread_mutex_unlock(&r->lock);
}
