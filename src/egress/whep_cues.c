// SPDX-License-Identifier: Apache-2.0
#include "whep_cues.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/writer.h"
#include "protocol/webrtc/peer.h"
#include "stream/hub.h"
#include "transmux/rtp.h"

// So long before its moment a cue is sent: what is shown may change until then, and with it
// the times of the viewer's pictures.
#define LEAD_US 500000
// How often is looked whether the viewer has pictures.
#define LOOK_US 50000

// The one JSON of the cue, and the time of its picture.
static void
send_cue(struct whep_cues *c, const struct bc_cue *cue, bool has_time, uint32_t rtp_time)
{
    const struct bc_buf *json = bc_cue_json(cue);
    struct bc_writer w = { 0 };
    bc_write_bytes(&w, json->data, json->len);
    if (has_time && w.len > 0 && w.data[w.len - 1] == '}') {
        w.len--;
        bc_write_fmt(&w, ",\"rtp_time\":%" PRIu32 ",\"rtp_clock\":90000}", rtp_time);
    }
    if (!w.failed) {
        bc_peer_send_message(c->peer, c->stream, false, w.data, w.len);
    }
    bc_writer_finish(&w);
}

// How long the cue has to wait; 0: it was sent.
static int64_t
try_to_send(struct whep_cues *c, const struct bc_cue *cue, int64_t clock_us)
{
    int64_t wait_us = cue->at_us - LEAD_US - clock_us;
    uint32_t rtp_time = 0;
    if (!cue->ended && wait_us > 0) {
        return wait_us;
    }
    if (!cue->ended && bc_cue_end_us(cue) <= clock_us) {
        return 0; // over while it waited
    }
    bool has_video = bc_rtp_viewer_has_video(c->viewer);
    bool has_time = has_video && bc_rtp_viewer_time_of(c->viewer, cue->at_us, &rtp_time);
    if (has_video && !has_time) {
        return LOOK_US;
    }
    send_cue(c, cue, has_time, rtp_time);
    return 0;
}

static void
flush(struct whep_cues *c)
{
    int64_t clock_us = bc_hub_clock_us(bc_channel_hub(c->channel));
    int64_t next_us = INT64_MAX;
    unsigned kept = 0;
    for (unsigned i = 0; i < c->count; i++) {
        int64_t wait_us = try_to_send(c, c->due[i], clock_us);
        if (wait_us == 0) {
            bc_cue_unref(&c->due[i]);
        } else {
            next_us = wait_us < next_us ? wait_us : next_us;
            c->due[kept++] = c->due[i];
        }
    }
    c->count = kept;
    if (kept > 0) {
        bc_timer_set(&c->timer, next_us);
    } else {
        bc_timer_cancel(&c->timer);
    }
}

static void
on_timer(struct bc_timer *timer)
{
    flush(bc_container_of(timer, struct whep_cues, timer));
}

// A new revision takes the place of the one that waits.
static void
add(void *user, const struct bc_cue *cue)
{
    struct whep_cues *c = user;
    for (unsigned i = 0; i < c->count; i++) {
        if (strcmp(c->due[i]->id, cue->id) == 0) {
            bc_cue_unref(&c->due[i]);
            c->due[i] = bc_cue_ref(cue);
            return;
        }
    }
    if (c->count < WHEP_CUES_MAX) {
        c->due[c->count++] = bc_cue_ref(cue);
    }
}

static void
on_cue(struct bc_cue_watch *watch, const struct bc_cue *cue)
{
    struct whep_cues *c = bc_container_of(watch, struct whep_cues, watch);
    add(c, cue);
    flush(c);
}

void
whep_cues_open(struct whep_cues *c, struct bc_worker *worker)
{
    struct bc_cues *cues = bc_hub_cues(bc_channel_hub(c->channel));
    c->lane = cues ? bc_cue_lane_open(cues, worker, bc_channel_name(c->channel)) : NULL;
    if (!c->lane) {
        return;
    }
    bc_list_init(&c->watch.node);
    c->watch.on_cue = on_cue;
    bc_timer_init(&c->timer, worker, on_timer);
    bc_cue_lane_watch(c->lane, &c->watch);
    bc_cue_lane_each(c->lane, add, c);
    flush(c);
}

void
whep_cues_close(struct whep_cues *c)
{
    if (!c->lane) {
        return;
    }
    bc_timer_cancel(&c->timer);
    bc_cue_lane_unwatch(&c->watch);
    bc_cue_lane_close(&c->lane);
    while (c->count > 0) {
        bc_cue_unref(&c->due[--c->count]);
    }
}
