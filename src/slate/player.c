// SPDX-License-Identifier: Apache-2.0
// An entry plays: the take of the hidden channel, fed in real time.
#include <string.h>

#include "base/clock.h"
#include "slates.h"

// What is shown no more plays on, as it may be wanted again and as viewers may be about to
// leave.
#define LINGER_US 5000000
#define TICK_MIN_US 5000
// How many of the countdown's pictures are made before their time.
#define AHEAD 2

// --- the take ---

static void
stop_playing(struct slate_player *p)
{
    bc_timer_cancel(&p->tick);
    bc_timer_cancel(&p->linger);
    if (p->playing) {
        slate_loop_finish(&p->loop);
        p->playing = false;
    }
    p->take = NULL;
}

// Lets go of the take: nobody shows it, or the channel refuses.
static void
close_take(struct slate_entry *e, bool even_if_used, const char *reason)
{
    struct bc_take *take = NULL;
    pthread_mutex_lock(&e->slates->lock);
    if (even_if_used || e->users == 0) {
        // All at once: who opens it then may do so on another worker.
        stop_playing(&e->player);
        take = e->take;
        e->take = NULL;
        e->used_us = bc_clock_us();
    }
    pthread_mutex_unlock(&e->slates->lock);
    if (take) {
        bc_take_close(take, true, reason);
    }
}

static void
on_accepted(void *user)
{
    struct slate_entry *e = user;
    pthread_mutex_lock(&e->slates->lock);
    e->player.take = e->take; // set by the opener, who held the lock until then
    pthread_mutex_unlock(&e->slates->lock);
    slate_player_sync(e);
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    struct slate_entry *e = user;
    if (why != BC_TAKE_DRAINING) {
        bc_error(&e->slates->log, "%s cannot play: %s", e->name, text);
    }
    close_take(e, true, "refused");
}

static void
on_kicked(void *user, const char *reason)
{
    close_take(user, true, reason);
}

const struct bc_take_ops SLATE_TAKE_OPS = { on_accepted, on_refused, on_kicked, NULL };

// --- playing ---

// The countdown's next picture that is not asked for yet.
static void
ask_for_key(struct slate_entry *e, int64_t at_us)
{
    struct slate_player *p = &e->player;
    int64_t left = slate_loop_left(&p->loop, at_us);
    bool fits = p->asked > 0 && p->asked <= left && p->asked >= left - AHEAD - 1;
    int64_t next = fits ? p->asked - 1 : left;
    if (next <= 0 || next < left - AHEAD) {
        return;
    }
    pthread_mutex_lock(&e->slates->lock);
    if (!e->counting && !e->key) {
        slate_work_count(e, next);
        p->asked = next;
    }
    pthread_mutex_unlock(&e->slates->lock);
}

static void
on_tick(struct bc_timer *timer)
{
    struct slate_entry *e = bc_container_of(timer, struct slate_entry, player.tick);
    struct slate_player *p = &e->player;
    int64_t now_us = bc_clock_us();
    int64_t at_us = now_us - p->base_us;
    // The wall clock may be set while we count.
    p->loop.wall_base_us = bc_clock_wall_us() - at_us;
    struct bc_packet *packet;
    while ((packet = slate_loop_next(&p->loop, at_us))) {
        packet->arrived_us = now_us;
        bc_take_push(p->take, packet);
    }
    bc_take_flush(p->take);
    if (e->to_wall_us > 0) {
        ask_for_key(e, at_us);
    }
    int64_t wait_us = slate_loop_due_us(&p->loop) - at_us;
    bc_timer_set(&p->tick, wait_us > TICK_MIN_US ? wait_us : TICK_MIN_US);
}

static void
start_playing(struct slate_entry *e, struct slate_media *media)
{
    struct slate_player *p = &e->player;
    slate_loop_init(&p->loop, media);
    p->loop.to_wall_us = e->to_wall_us;
    p->playing = true;
    p->base_us = bc_clock_us();
    p->asked = 0;
    bc_take_set_track(p->take, media->video);
    if (media->audio) {
        bc_take_set_track(p->take, media->audio);
    }
    on_tick(&p->tick);
}

static void
on_linger(struct bc_timer *timer)
{
    struct slate_entry *e = bc_container_of(timer, struct slate_entry, player.linger);
    close_take(e, false, "no channel shows it");
}

// --- what is new ---

struct news {
    unsigned users;
    struct slate_media *media; // NULL: nothing new
    struct bc_buf *key;
    int64_t seconds;
};

static void
get_news(struct slate_entry *e, struct news *n)
{
    struct slate_player *p = &e->player;
    pthread_mutex_lock(&e->slates->lock);
    n->users = e->users;
    bool wanted = p->take && e->media && (!p->playing || e->is_news);
    n->media = wanted ? slate_media_ref(e->media) : NULL;
    e->is_news = e->is_news && !wanted;
    n->key = e->key;
    e->key = NULL;
    n->seconds = e->key_wanted;
    pthread_mutex_unlock(&e->slates->lock);
}

void
slate_player_sync(struct slate_entry *e)
{
    struct slate_player *p = &e->player;
    struct news n;
    get_news(e, &n);
    if (n.key && p->playing) {
        slate_loop_add_key(&p->loop, n.seconds, n.key);
    }
    if (n.media && p->playing) {
        slate_loop_change(&p->loop, n.media);
    } else if (n.media) {
        start_playing(e, n.media);
    }
    slate_media_unref(&n.media);
    bc_buf_unref(&n.key);
    if (n.users > 0) {
        bc_timer_cancel(&p->linger);
    } else if (!bc_timer_is_set(&p->linger)) {
        bc_timer_set(&p->linger, LINGER_US);
    }
}

// --- life ---

void
slate_player_init(struct slate_entry *e)
{
    memset(&e->player, 0, sizeof(e->player));
    bc_timer_init(&e->player.tick, e->worker, on_tick);
    bc_timer_init(&e->player.linger, e->worker, on_linger);
}

void
slate_player_finish(struct slate_entry *e)
{
    stop_playing(&e->player);
    if (e->take) {
        bc_take_close(e->take, true, "the server goes down");
        e->take = NULL;
    }
}
