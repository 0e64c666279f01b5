// SPDX-License-Identifier: Apache-2.0
#include "cover.h"

#include <stdlib.h>
#include <string.h>

#include "stream/hub.h"

#define PATIENCE_US 1000000
#define STEP_US (1000000 / BC_STILL_RATE)
#define GOP_US 1000000
#define LATE_US 500000 // after a hole in the sound the pictures begin anew

static void
on_patience(struct bc_timer *timer)
{
    struct bc_cover *c = bc_container_of(timer, struct bc_cover, patience);
    c->pending = false;
    c->on_change(c->user);
}

static void
on_done(void *user, enum bc_still_result result, const struct bc_still *still)
{
    struct bc_cover *c = user;
    bool waited = c->pending;
    c->job = NULL;
    c->pending = false;
    bc_timer_cancel(&c->patience);
    if (result == BC_STILL_UNCHANGED || (result == BC_STILL_FAILED && !waited)) {
        return; // what is shown stays, also while its file is missing
    }
    bc_still_clear(&c->still);
    if (result == BC_STILL_MADE) {
        bc_still_copy(&c->still, still);
        bc_info(bc_channel_logger(c->channel), "cover %ux%u, %zu bytes a second",
            still->track->width, still->track->height, still->pictures[0]->len);
    }
    c->on_change(c->user);
}

static void
forget(struct bc_cover *c)
{
    bc_still_cancel(c->job);
    c->job = NULL;
    c->pending = false;
    bc_timer_cancel(&c->patience);
    bc_still_clear(&c->still);
    free(c->path);
    c->path = NULL;
}

// Makes `path` the one that it is made from. False when there is none.
static bool
follow_config(struct bc_cover *c)
{
    struct bc_config *config = bc_hub_config(bc_channel_hub(c->channel));
    const struct bc_config_channel *own
        = bc_config_channel(config, bc_channel_name(c->channel));
    const char *path = own && c->threads ? own->cover : "";
    if (!c->path || strcmp(c->path, path) != 0) {
        forget(c);
        c->path = *path ? strdup(path) : NULL;
    }
    bc_config_unref(&config);
    return c->path != NULL;
}

void
bc_cover_want(struct bc_cover *cover)
{
    if (!follow_config(cover) || cover->job) {
        return;
    }
    struct bc_still_params params = { .threads = cover->threads,
        .home = bc_channel_home(cover->channel), .path = cover->path,
        .log = bc_channel_logger(cover->channel), .seen = &cover->still,
        .on_done = on_done, .user = cover };
    cover->job = bc_still_make(&params);
    cover->pending = cover->job && !cover->still.track;
    if (cover->pending) {
        bc_timer_set(&cover->patience, PATIENCE_US);
    }
}

bool
bc_cover_is_pending(const struct bc_cover *cover)
{
    return cover->pending;
}

static bool
is_due(const struct bc_cover_clock *clock, const struct bc_packet *sound)
{
    return !clock->started || sound->epoch != clock->epoch
        || sound->dts_us >= clock->next_us;
}

struct bc_cover_clock
bc_cover_rewind(const struct bc_cover_clock *live, const struct bc_packet *first)
{
    struct bc_cover_clock c = { 0 };
    if (live->started && live->epoch == first->epoch) {
        unsigned since_key = live->shown % BC_STILL_RATE;
        c = *live;
        c.shown -= since_key;
        c.next_us -= since_key * STEP_US;
        while (c.shown >= BC_STILL_RATE && c.next_us - GOP_US >= first->dts_us) {
            c.shown -= BC_STILL_RATE;
            c.next_us -= GOP_US;
        }
    }
    return c;
}

struct bc_packet *
bc_cover_next(const struct bc_cover *cover, struct bc_cover_clock *clock,
    const struct bc_packet *sound)
{
    if (sound->kind != BC_KIND_AUDIO || sound->rendition > 0 || !is_due(clock, sound)) {
        return NULL;
    }
    bool on_time = clock->started && sound->epoch == clock->epoch
        && sound->dts_us - clock->next_us < LATE_US;
    if (!on_time) {
        clock->shown = (clock->shown + BC_STILL_RATE - 1) / BC_STILL_RATE * BC_STILL_RATE;
    }
    struct bc_buf *picture
        = bc_buf_ref(cover->still.pictures[clock->shown % BC_STILL_PICTURES]);
    struct bc_packet *p = bc_packet_create(
        BC_KIND_VIDEO, cover->still.track, picture, picture->data, picture->len);
    if (!p) {
        bc_buf_unref(&picture);
        return NULL;
    }
    p->flags = clock->shown % BC_STILL_RATE == 0 ? BC_PACKET_KEY : 0;
    p->epoch = sound->epoch;
    p->dts_us = on_time ? clock->next_us : sound->dts_us;
    p->pts_us = p->dts_us;
    p->arrived_us = sound->arrived_us;
    *clock = (struct bc_cover_clock){ .started = true, .epoch = sound->epoch,
        .next_us = p->dts_us + STEP_US, .shown = clock->shown + 1 };
    return p;
}

void
bc_cover_init(struct bc_cover *cover, struct bc_channel *channel,
    struct bc_codec_threads *threads, void (*on_change)(void *user), void *user)
{
    memset(cover, 0, sizeof(*cover));
    cover->channel = channel;
    cover->threads = threads;
    cover->on_change = on_change;
    cover->user = user;
    bc_timer_init(&cover->patience, bc_channel_home(channel), on_patience);
}

void
bc_cover_finish(struct bc_cover *cover)
{
    forget(cover);
}
