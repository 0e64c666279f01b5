// SPDX-License-Identifier: Apache-2.0
// A viewer's cues: script tags of its own between the items that it shares.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/writer.h"
#include "framing.h"
#include "protocol/rtmp/cue_point.h"
#include "stream/hub.h"
#include "viewer_internal.h"

#define GROW 8
// A name's own and those of its program, running, changed and ended.
#define DUE_MAX (4 * BC_CUES_RUNNING_MAX)

// When it is to be told; what has ended is told at once.
static int64_t
due_us(const struct bc_cue *cue)
{
    return cue->ended ? INT64_MIN : cue->at_us;
}

static void
look_at_first(struct bc_viewer *v)
{
    v->due_us = v->due_count > 0 ? due_us(v->due[0]) : INT64_MAX;
}

static void
remove_at(struct bc_viewer *v, unsigned at)
{
    bc_cue_unref(&v->due[at]);
    v->due_count--;
    memmove(&v->due[at], &v->due[at + 1], (v->due_count - at) * sizeof(struct bc_cue *));
}

static bool
has_room(struct bc_viewer *v)
{
    if (v->due_count < v->due_cap) {
        return true;
    }
    struct bc_cue **more = v->due_cap < DUE_MAX
        ? realloc(v->due, (v->due_cap + GROW) * sizeof(struct bc_cue *))
        : NULL;
    if (more) {
        v->due = more;
        v->due_cap += GROW;
    }
    return more != NULL;
}

// Takes the place of the revision before, unless that is on its way.
static void
add(struct bc_viewer *v, const struct bc_cue *cue)
{
    for (unsigned i = v->due_in_head; i < v->due_count; i++) {
        if (strcmp(v->due[i]->id, cue->id) == 0) {
            remove_at(v, i);
            break;
        }
    }
    if (has_room(v)) {
        unsigned at = v->due_count;
        while (at > v->due_in_head && due_us(v->due[at - 1]) > due_us(cue)) {
            v->due[at] = v->due[at - 1];
            at--;
        }
        v->due[at] = bc_cue_ref(cue);
        v->due_count++;
    }
    look_at_first(v);
}

static void
add_running(void *user, const struct bc_cue *cue)
{
    add(user, cue);
}

static void
on_cue(struct bc_cue_watch *watch, const struct bc_cue *cue)
{
    add(bc_container_of(watch, struct bc_viewer, cue_watch), cue);
}

void
bc_viewer_open_cues(struct bc_viewer *v)
{
    struct bc_cues *cues = bc_hub_cues(bc_channel_hub(v->channel));
    if (!cues || v->key.format == BC_FEED_TS) {
        return;
    }
    v->lane = bc_cue_lane_open(cues, v->windows->worker, bc_channel_name(v->channel));
    if (v->lane) {
        v->cue_watch.on_cue = on_cue;
        bc_cue_lane_watch(v->lane, &v->cue_watch);
        bc_cue_lane_each(v->lane, add_running, v);
    }
}

void
bc_viewer_close_cues(struct bc_viewer *v)
{
    bc_cue_lane_unwatch(&v->cue_watch);
    bc_cue_lane_close(&v->lane);
    while (v->due_count > 0) {
        remove_at(v, v->due_count - 1);
    }
    free(v->due);
}

// One tag, as the viewer's protocol frames it, right before the item.
static void
write_tag(struct bc_writer *w, const struct bc_viewer *v, const struct bc_cue *cue,
    const struct bc_item *item)
{
    struct bc_cue_point point = { .revision = cue->revision, .ended = cue->ended,
        .time_s = (double)(cue->at_us / 1000 - v->key.base_ms) / 1000,
        .at_ms = cue->at_us / 1000, .duration_ms = cue->duration_us / 1000, .data = cue->data,
        .data_len = cue->data_len };
    memcpy(point.id, cue->id, sizeof(point.id));
    strcpy(point.kind, bc_cue_kind_name(cue->kind));
    bc_clock_format(cue->at_wall_us, point.at);
    struct bc_writer body = { 0 };
    bc_cue_point_write(&body, &point);
    const struct bc_packet script = { .kind = BC_KIND_SCRIPT, .dts_us = item->dts_us,
        .data = body.data, .len = body.len };
    if (!body.failed) {
        bc_framing_packet(w, &v->key, &script);
    }
    bc_writer_finish(&body);
}

bool
bc_viewer_tell_cues(struct bc_viewer *v, const struct bc_item *item)
{
    struct bc_writer w = { 0 };
    unsigned n = 0;
    while (n < v->due_count && due_us(v->due[n]) <= item->dts_us) {
        const struct bc_cue *cue = v->due[n];
        if (!cue->ended && bc_cue_end_us(cue) <= item->dts_us) {
            remove_at(v, n); // over before this viewer got here
        } else {
            write_tag(&w, v, cue, item);
            n++;
        }
    }
    v->head = n > 0 ? bc_buf_from_writer(&w) : NULL;
    v->head_offset = 0;
    bc_writer_finish(&w);
    v->due_in_head = n;
    if (n > 0 && !v->head) {
        bc_viewer_cues_told(v, true); // no memory: done without
    }
    look_at_first(v);
    return v->head != NULL;
}

void
bc_viewer_cues_told(struct bc_viewer *v, bool sent)
{
    if (v->due_in_head == 0) {
        return;
    }
    for (; sent && v->due_in_head > 0; v->due_in_head--) {
        remove_at(v, 0);
    }
    v->due_in_head = 0;
    look_at_first(v);
}
