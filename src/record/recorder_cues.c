// SPDX-License-Identifier: Apache-2.0
// The cues of what is recorded: each with the part that has its moment.
#include <string.h>

#include "recorder_internal.h"
#include "stream/hub.h"

// --- the home worker ---

static void
take(struct bc_recorder_channel *rc, const struct bc_cue *cue)
{
    struct bc_hls_cue c;
    bc_hls_cue_of(cue, &c);
    if (!rc->dates) {
        rc->dates = bc_hls_dates_create();
    }
    if (rc->dates) {
        bc_hls_dates_change(rc->dates, &c, bc_channel_shown_us(rc->channel));
    }
}

static void
on_cue(struct bc_cue_watch *watch, const struct bc_cue *cue)
{
    take(bc_container_of(watch, struct bc_recorder_channel, cue_watch), cue);
}

static void
on_known(void *user, const struct bc_cue *cue)
{
    take(user, cue);
}

void
recorder_cues_open(struct bc_recorder_channel *rc)
{
    struct bc_cues *cues = bc_hub_cues(rc->recorder->hub);
    if (rc->lane || !cues) {
        return;
    }
    rc->lane = bc_cue_lane_open(cues, bc_channel_home(rc->channel), rc->name);
    if (rc->lane) {
        rc->cue_watch.on_cue = on_cue;
        bc_cue_lane_watch(rc->lane, &rc->cue_watch);
        bc_cue_lane_each(rc->lane, on_known, rc);
    }
}

void
recorder_cues_close(struct bc_recorder_channel *rc)
{
    if (rc->lane) {
        bc_cue_lane_unwatch(&rc->cue_watch);
        bc_cue_lane_close(&rc->lane);
    }
    bc_hls_dates_destroy(rc->dates);
    rc->dates = NULL;
}

static void
on_passed(void *user, const struct bc_hls_passed *passed)
{
    recorder_queue_cue(user, passed);
}

void
recorder_cues_pass(struct bc_recorder_channel *rc)
{
    struct bc_list *last = rc->queue.items.prev;
    if (rc->dates && last != &rc->queue.items) {
        const struct recorder_item *item =
            bc_container_of(last, struct recorder_item, node);
        bc_hls_dates_pass(
            rc->dates, item->start_us + item->duration_us, on_passed, &rc->queue);
    }
}

// --- the recorder's thread ---

static void
append(struct bc_recorder_channel *rc, const struct bc_writer *w)
{
    const char *folder = bc_recording_folder(bc_recording_of(rc->out.writer));
    int ret = w->failed ? -1 : bc_recording_cues_append(folder, w->data, w->len);
    if (ret < 0) {
        bc_warn(&rc->log, "a cue could not be recorded: %s", strerror(-ret));
    }
}

// Recording time of a moment in the last part written, or the nearest in it.
static int64_t
time_of(const struct bc_recording_part *part, const struct recorder_item *item, int64_t at_us)
{
    int64_t into_us = at_us - item->start_us;
    into_us = into_us < 0 ? 0 : into_us;
    return part->start_us + (into_us < part->duration_us ? into_us : part->duration_us);
}

static void
write_cue(struct bc_recorder_channel *rc, struct recorder_cue *c, int64_t at_us)
{
    struct bc_writer w = { 0 };
    c->cue.from_us = c->cue.until_us = at_us;
    if (c->end) {
        bc_recording_cue_write_end(&w, &c->cue);
    } else {
        bc_recording_cue_write_begin(&w, &c->cue);
    }
    append(rc, &w);
    bc_writer_finish(&w);
}

// A process that goes on with a recording knows of those cues only that it tells of again.
static void
write_resume(struct bc_recorder_channel *rc, int64_t at_us)
{
    rc->out.resumed = false;
    if (bc_recording_has_cues(bc_recording_of(rc->out.writer))) {
        struct bc_writer w = { 0 };
        bc_recording_cue_write_resume(&w, at_us);
        append(rc, &w);
        bc_writer_finish(&w);
    }
}

void
recorder_cues_write(struct bc_recorder_channel *rc, struct recorder_item *item)
{
    if (!item->cues && !rc->out.cues && !rc->out.resumed) {
        return;
    }
    struct bc_recording_part part;
    struct bc_recording *r = bc_recording_of(rc->out.writer);
    struct bc_recording_info info;
    bc_recording_info(r, &info);
    if (info.parts == 0 || bc_recording_parts(r, info.parts - 1, &part, 1) == 0) {
        return;
    }
    if (rc->out.resumed) {
        write_resume(rc, part.start_us);
    }
    recorder_cues_keep(rc, item);
    for (struct recorder_cue *c = rc->out.cues; c; c = c->next) {
        write_cue(rc, c, time_of(&part, item, c->at_us));
    }
    recorder_cues_free(&rc->out.cues);
}

void
recorder_cues_keep(struct bc_recorder_channel *rc, struct recorder_item *item)
{
    recorder_cues_add(&rc->out.cues, item->cues);
    item->cues = NULL;
}
