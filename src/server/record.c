// SPDX-License-Identifier: Apache-2.0
// Recordings: the parts behind them in the order of their start and stop.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "clip/clip.h"
#include "picture/picture.h"
#include "record/catalogue.h"
#include "record/library.h"
#include "record/lock.h"
#include "record/recorder.h"
#include "record/retention.h"
#include "schedule/schedule.h"
#include "parts.h"
#include "transmux/outputs.h"

#define DAY_US ((int64_t)86400 * 1000000)

static struct bc_retention_limits
limits_of(const struct bc_config *config)
{
    return (struct bc_retention_limits){
        .max_age_us = config->record.max_age_days * DAY_US,
        .max_bytes = (uint64_t)config->record.max_bytes,
        .min_free_bytes = (uint64_t)config->record.min_free_bytes,
    };
}

bool
bc_server_record_create(struct bc_server *s)
{
    const char *dir = s->config->data.dir;
    do {
        s->data_lock = bc_record_lock(dir);
    } while (s->data_lock == -EWOULDBLOCK && bc_server_handover_waits(s));
    if (s->data_lock < 0) {
        bc_error(NULL, "%s: %s", dir,
            s->data_lock == -EWOULDBLOCK ? "another server works in this directory"
                                         : strerror(-s->data_lock));
        return false;
    }
    s->library = bc_library_create(dir, s->disk);
    s->catalogue = s->library ? bc_catalogue_open(dir) : NULL;
    if (!s->catalogue) {
        return false;
    }
    struct bc_retention_params params = { .data_dir = dir, .library = s->library,
        .catalogue = s->catalogue, .limits = limits_of(s->config) };
    s->retention = bc_retention_create(&params);
    struct bc_clips_params clips = { .library = s->library, .catalogue = s->catalogue,
        .pictures = s->pictures, .threads = (unsigned)s->config->clip.threads,
        .queue = (unsigned)s->config->clip.queue };
    s->clips = s->retention ? bc_clips_create(&clips) : NULL;
    return s->clips != NULL;
}

// Nobody has to ask for the thumbnails of a broadcast that is over.
static void
on_complete(void *user, struct bc_recording *recording)
{
    struct bc_server *s = user;
    if (s->pictures) {
        bc_pictures_update(s->pictures, recording);
    }
}

static void
wish(void *user, const char *channel, struct bc_recorder_wish *out)
{
    const struct bc_server *s = user;
    struct bc_config *config = bc_hub_config(s->hub);
    struct bc_schedule_found found;
    if (bc_schedules_get(s->schedules, config, channel, &found)) {
        out->mode = found.schedule.record;
        memcpy(out->title, found.schedule.title, sizeof(out->title));
    }
    bc_config_unref(&config);
}

bool
bc_server_record_start(struct bc_server *s)
{
    struct bc_recorder_params params = { .library = s->library,
        .catalogue = s->catalogue, .retention = s->retention, .hub = s->hub,
        .on_complete = on_complete, .wish = wish, .user = s };
    s->recorder = bc_recorder_create(&params);
    if (!s->recorder) {
        bc_error(NULL, "no memory for the recorder");
    }
    return s->recorder != NULL;
}

void
bc_server_on_broadcast(struct bc_server *s, struct bc_channel *channel)
{
    if (bc_channel_name(channel)[0] != '~') { // a slate's hidden channel
        bc_recorder_open(s->recorder, channel);
    }
}

void
bc_server_on_channel_close(struct bc_server *s, struct bc_channel *channel)
{
    bc_recorder_close(s->recorder, channel);
}

void
bc_server_record_reload(struct bc_server *s)
{
    struct bc_retention_limits limits = limits_of(s->config);
    bc_retention_set_limits(s->retention, &limits);
    bc_recorder_reload(s->recorder);
}

void
bc_server_record_tick(struct bc_server *s)
{
    bc_library_tick(s->library, bc_clock_us());
}

void
bc_server_record_totals(const struct bc_server *s, struct bc_control_totals *out)
{
    struct bc_recorder_totals totals;
    bc_recorder_totals(s->recorder, &totals);
    out->recordings = totals.running;
    out->recording_trouble = totals.troubled;
    out->recording_bytes = totals.bytes;
    out->recording_parts = totals.parts;
    out->recording_lost_parts = totals.lost_parts;
    out->disk_free_bytes = totals.disk_free_bytes;
    out->disk_total_bytes = totals.disk_total_bytes;
    struct bc_clips_totals clips;
    bc_clips_totals(s->clips, &clips);
    out->clip_jobs_waiting = clips.waiting;
    out->clips_made = clips.made;
    out->clips_failed = clips.failed;
}

void
bc_server_record_let_go(struct bc_server *s)
{
    bc_clips_stop(s->clips);
    bc_recorder_shut(s->recorder);
    bc_retention_stop(s->retention);
    // The catalogue stays open to be read; nobody writes to it now.
    if (s->data_lock > 0) {
        close(s->data_lock);
        s->data_lock = -1;
    }
}

void
bc_server_record_stop(struct bc_server *s)
{
    bc_clips_destroy(s->clips);
    s->clips = NULL;
    bc_recorder_shut(s->recorder);
    bc_retention_destroy(s->retention);
    bc_catalogue_close(s->catalogue);
}

void
bc_server_record_destroy(struct bc_server *s)
{
    bc_recorder_destroy(s->recorder);
    bc_library_destroy(s->library);
    if (s->data_lock > 0) {
        close(s->data_lock);
    }
}
