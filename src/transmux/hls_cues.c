// SPDX-License-Identifier: Apache-2.0
// The cues of a channel's name in its playlists.
#include "hls_program.h"

#include "stream/hub.h"
#include "stream/program.h"

int64_t
bc_channel_shown_us(struct bc_channel *channel)
{
    int64_t clock_us;
    int64_t wall_us;
    return bc_channel_shown_at(channel, &clock_us, &wall_us)
        ? clock_us : bc_hub_clock_us(bc_channel_hub(channel));
}

void
bc_hls_cue_of(const struct bc_cue *cue, struct bc_hls_cue *out)
{
    *out = (struct bc_hls_cue){
        .id = cue->id,
        .revision = cue->revision,
        .kind = bc_cue_kind_name(cue->kind),
        .channel = cue->channel,
        .data = cue->data,
        .data_len = cue->data_len,
        .at_us = cue->at_us,
        .duration_us = cue->duration_us,
        .ended = cue->ended,
    };
}

static void
take(struct bc_hls_program *p, const struct bc_cue *cue)
{
    struct bc_hls_cue c;
    bc_hls_cue_of(cue, &c);
    int64_t now_us = bc_channel_shown_us(p->channel);
    pthread_mutex_lock(&p->cue_lock);
    if (!p->dates) {
        p->dates = bc_hls_dates_create();
    }
    if (p->dates) {
        bc_hls_dates_change(p->dates, &c, now_us);
    }
    pthread_mutex_unlock(&p->cue_lock);
}

static void
on_cue(struct bc_cue_watch *watch, const struct bc_cue *cue)
{
    take(bc_container_of(watch, struct bc_hls_program, cue_watch), cue);
}

static void
on_known(void *user, const struct bc_cue *cue)
{
    take(user, cue);
}

void
hls_cues_open(struct bc_hls_program *p)
{
    struct bc_cues *cues = bc_hub_cues(bc_channel_hub(p->channel));
    p->lane = cues ? bc_cue_lane_open(cues, bc_channel_home(p->channel),
                         bc_channel_name(p->channel))
                   : NULL;
    if (!p->lane) {
        return;
    }
    p->cue_watch.on_cue = on_cue;
    bc_cue_lane_watch(p->lane, &p->cue_watch);
    bc_cue_lane_each_recent(p->lane, on_known, p);
}

void
hls_cues_finish(struct bc_hls_program *p)
{
    bc_cue_lane_unwatch(&p->cue_watch);
    bc_cue_lane_close(&p->lane);
    bc_hls_dates_destroy(p->dates);
    pthread_mutex_destroy(&p->cue_lock);
}

struct bc_buf *
bc_channel_hls_dates(struct bc_channel *channel, const struct bc_hls_snapshot *s)
{
    struct bc_hls_program *p = hls_program_of(channel);
    if (!p || !s) {
        return NULL;
    }
    pthread_mutex_lock(&p->cue_lock);
    struct bc_buf *text = p->dates ? bc_hls_dates_text(p->dates, s) : NULL;
    pthread_mutex_unlock(&p->cue_lock);
    return text;
}
