// SPDX-License-Identifier: Apache-2.0
// A channel's life: takes come and go, the grace period, the end.
#include "stream/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "marks_internal.h"
#include "sources.h"
#include "stream/hub.h"
#include "stream/program.h"
#include "take_internal.h"

// How long the end of a broadcast can still be fetched (ENDLIST, the last segments).
#define KEEP_ENDED_US 60000000

static void
on_grace_over(struct bc_timer *timer);

static void
run_drain(struct bc_task *task, struct bc_worker *worker);
static void
run_poke(struct bc_task *task, struct bc_worker *worker);
static void
run_destroy(struct bc_task *task, struct bc_worker *worker);

struct bc_channel *
bc_channel_create(struct bc_hub *hub, struct bc_worker *home, const char *name)
{
    struct bc_channel *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    atomic_init(&c->refs, 1);
    atomic_init(&c->state, BC_CHANNEL_ENDED);
    c->hub = hub;
    c->home = home;
    snprintf(c->name, sizeof(c->name), "%s", name);
    bc_logger_init(&c->log, NULL, "%.78s", name);
    pthread_mutex_init(&c->info_lock, NULL);
    pthread_mutex_init(&c->program_lock, NULL);
    bc_list_init(&c->audiences);
    bc_list_init(&c->followers);
    atomic_init(&c->choice, BC_CHOICE_NONE);
    bc_list_init(&c->sinks);
    bc_list_init(&c->drain_task.node);
    bc_list_init(&c->destroy_task.node);
    bc_list_init(&c->poke_task.node);
    c->drain_task.run = run_drain;
    c->poke_task.run = run_poke;
    c->destroy_task.run = run_destroy;
    bc_timer_init(&c->grace_timer, home, on_grace_over);
    bc_timer_init(
        &c->tick_timer, home, NULL); // bc_channel_start_ticking() gives it its work
    bc_timeline_init(&c->timeline);
    return c;
}

static void
destroy(struct bc_channel *c)
{
    bc_timer_cancel(&c->grace_timer);
    bc_timer_cancel(&c->tick_timer);
    bc_channel_stop_delay(c);
    bc_hub_close_channel(c->hub, c);
    struct bc_channel_part *part = atomic_load(&c->part);
    if (part) {
        part->destroy(part);
    }
    bc_channel_free_sources(c);
    bc_marks_free(c);
    if (atomic_load(&c->outputs)) {
        bc_hub_close_outputs(c->hub, atomic_load(&c->outputs));
    }
    bc_gop_finish(&c->gop);
    for (unsigned i = 0; i < BC_RENDITION_MAX - 1; i++) {
        bc_gop_finish(&c->smaller[i]);
    }
    bc_track_unref(&c->video);
    bc_track_unref(&c->audio);
    bc_channel_free_program(c);
    bc_track_unref(&c->air_video);
    bc_track_unref(&c->air_audio);
    free(c->shown_sources);
    free(c->info);
    free(c->live);
    pthread_mutex_destroy(&c->program_lock);
    pthread_mutex_destroy(&c->info_lock);
    free(c);
}

static void
run_destroy(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    destroy(bc_container_of(task, struct bc_channel, destroy_task));
}

struct bc_channel *
bc_channel_ref(struct bc_channel *channel)
{
    atomic_fetch_add_explicit(&channel->refs, 1, memory_order_relaxed);
    return channel;
}

bool
bc_channel_try_ref(struct bc_channel *channel)
{
    unsigned refs = atomic_load_explicit(&channel->refs, memory_order_relaxed);
    while (refs > 0) {
        if (atomic_compare_exchange_weak_explicit(&channel->refs, &refs, refs + 1,
                memory_order_relaxed, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void
bc_channel_unref(struct bc_channel **holder)
{
    struct bc_channel *c = *holder;
    *holder = NULL;
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    // Its timers belong to the home worker's thread.
    if (!c->home->running || bc_worker_is_current(c->home)) {
        destroy(c);
    } else {
        bc_worker_post(c->home, &c->destroy_task);
    }
}

void
bc_channel_add_sink(struct bc_channel *channel, struct bc_packet_sink *sink)
{
    bc_list_append(&channel->sinks, &sink->node);
}

void
bc_channel_remove_sink(struct bc_packet_sink *sink)
{
    bc_list_remove(&sink->node);
}

void
bc_channel_set_state(struct bc_channel *c, enum bc_channel_state state)
{
    enum bc_channel_state old = (enum bc_channel_state)atomic_load(&c->state);
    if (old == state) {
        return;
    }
    bc_debug(
        &c->log, "%s -> %s", bc_channel_state_name(old), bc_channel_state_name(state));
    atomic_store(&c->state, (int)state);
    bc_channel_publish_info(c);
    bc_channel_tell_followers(c);
}

void
bc_channel_begin_broadcast(struct bc_channel *c)
{
    pthread_mutex_lock(&c->info_lock);
    c->broadcast++;
    c->began_wall_us = bc_clock_wall_us();
    pthread_mutex_unlock(&c->info_lock);
    c->in_broadcast = true;
    bc_timer_cancel(&c->grace_timer);
    // Who joins now must not be based on the last broadcast's length.
    int64_t clock_us = bc_hub_clock_us(c->hub);
    atomic_store(&c->began_clock_us, clock_us);
    if (c->live) {
        bc_channel_forget_history(c);
        c->live->media_us = 0;
        c->live->clock_us = clock_us;
    }
    bc_info(&c->log, "broadcast %llu begins", (unsigned long long)c->broadcast);
    bc_hub_tell_broadcast(c->hub, c);
    bc_hub_wake_followers(c->hub, c->name);
}

void
bc_channel_end_broadcast(struct bc_channel *c, const char *reason)
{
    c->in_broadcast = false;
    // First: whom the sinks wake up must see it.
    bc_channel_set_state(c, BC_CHANNEL_ENDED);
    bc_list_for_each(node, tmp, &c->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (sink->ops->on_end) {
            sink->ops->on_end(sink);
        }
    }
    bc_gop_clear(&c->gop);
    bc_channel_clear_smaller(c);
    bc_track_unref(&c->video);
    bc_track_unref(&c->audio);
    bc_timer_cancel(&c->tick_timer);
    if (c->live) {
        bc_info(&c->log, "broadcast %llu ends after %.1f s of media in %llu takes: %s",
            (unsigned long long)c->broadcast, (double)c->live->media_us / 1e6,
            (unsigned long long)(c->live->takes - c->takes_before), reason);
    } else {
        bc_info(&c->log, "broadcast %llu ends: %s", (unsigned long long)c->broadcast,
            reason);
    }
    bc_timer_set(&c->grace_timer, KEEP_ENDED_US);
}

void
bc_channel_tell_waiting(struct bc_channel *c)
{
    bc_list_for_each(node, tmp, &c->sinks)
    {
        struct bc_packet_sink *sink = bc_container_of(node, struct bc_packet_sink, node);
        if (sink->ops->on_waiting) {
            sink->ops->on_waiting(sink);
        }
    }
}

bool
bc_channel_wait(struct bc_channel *c, bool somebody)
{
    int64_t grace_us = c->sources->config->stream.grace_s * 1000000;
    if (!somebody && grace_us == 0) {
        bc_channel_end_waiting(c, "the host's connection dropped");
        return true;
    }
    if (bc_channel_state(c) != BC_CHANNEL_WAITING) {
        bc_channel_tell_waiting(c);
        bc_channel_set_state(c, BC_CHANNEL_WAITING);
    }
    if (somebody) {
        bc_timer_cancel(&c->grace_timer);
    } else if (!bc_timer_is_set(&c->grace_timer)) {
        atomic_store(&c->waits_until_wall_us, bc_clock_wall_us() + grace_us);
        bc_timer_set(&c->grace_timer, grace_us);
    }
    return false;
}

static void
on_grace_over(struct bc_timer *timer)
{
    struct bc_channel *c = bc_container_of(timer, struct bc_channel, grace_timer);
    if (c->in_broadcast) {
        bc_channel_end_waiting(c, "the host did not come back within the grace period");
        bc_channel_look(c);
    } else if (!bc_channel_has_takes(c) && !bc_hub_forget(c->hub, c)) {
        bc_timer_set(&c->grace_timer, KEEP_ENDED_US);
    }
}

// What a channel that only showed others does without.
bool
bc_channel_make_own(struct bc_channel *c)
{
    if (c->live) {
        return true;
    }
    struct bc_channel_info *info = calloc(1, sizeof(*info));
    struct bc_channel_info *live = calloc(1, sizeof(*live));
    if (!info || !live || !bc_hub_open_outputs(c->hub, c)) {
        free(info);
        free(live);
        return false;
    }
    pthread_mutex_lock(&c->info_lock);
    c->info = info;
    pthread_mutex_unlock(&c->info_lock);
    c->live = live;
    return true;
}

bool
bc_channel_can_ask_key(const struct bc_channel *channel)
{
    return channel->take && channel->take->can_ask_key;
}

void
bc_channel_ask_key(struct bc_channel *channel, unsigned rendition)
{
    if (channel->take) {
        bc_take_ask_key(channel->take, rendition);
    }
}

void
bc_channel_kick(struct bc_channel *c, const char *reason)
{
    bc_channel_drop_on_air(c, reason);
    if (c->in_broadcast) {
        bc_channel_end_waiting(c, reason);
    }
    bc_channel_look(c);
}

static void
run_poke(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_channel *c = bc_container_of(task, struct bc_channel, poke_task);
    atomic_store(&c->poked, false);
    bc_channel_look(c);
    bc_channel_unref(&c);
}

static void
run_drain(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct bc_channel *c = bc_container_of(task, struct bc_channel, drain_task);
    // The broadcast is not over: the host comes back to the next process, and so do the
    // viewers.
    c->draining = true;
    bc_channel_drop_takes(c, "the server is going down");
    bc_channel_tell_waiting(c); // what they hold back is the last they get
    bc_channel_stop_delay(c);
    bc_channel_free_sources(c);
    bc_channel_unref(&c);
}

void
bc_channel_post_drain(struct bc_channel *channel)
{
    if (channel->drain_posted) {
        return; // a handover drains before the end does
    }
    channel->drain_posted = true;
    bc_channel_ref(channel);
    bc_worker_post(channel->home, &channel->drain_task);
}

bool
bc_channel_is_hidden(const struct bc_channel *channel, const char *kind)
{
    return strncmp(channel->name, kind, strlen(kind)) == 0;
}

const char *
bc_channel_name(const struct bc_channel *channel)
{
    return channel->name;
}

struct bc_worker *
bc_channel_home(const struct bc_channel *channel)
{
    return channel->home;
}

struct bc_hub *
bc_channel_hub(const struct bc_channel *channel)
{
    return channel->hub;
}

struct bc_outputs *
bc_channel_outputs(const struct bc_channel *channel)
{
    return atomic_load(&((struct bc_channel *)channel)->outputs);
}

struct bc_channel_part *
bc_channel_part(const struct bc_channel *channel)
{
    return atomic_load(&channel->part);
}

struct bc_channel_part *
bc_channel_add_part(struct bc_channel *channel, struct bc_channel_part *part)
{
    struct bc_channel_part *there = NULL;
    return atomic_compare_exchange_strong(&channel->part, &there, part) ? part : there;
}

const struct bc_logger *
bc_channel_logger(const struct bc_channel *channel)
{
    return &channel->log;
}

enum bc_channel_state
bc_channel_state(const struct bc_channel *channel)
{
    return (enum bc_channel_state)atomic_load(&channel->state);
}

bool
bc_channel_has_room(const struct bc_channel *channel)
{
    struct bc_config *config = bc_hub_config(channel->hub);
    const struct bc_config_channel *own = bc_config_channel(config, channel->name);
    int64_t max = own ? own->viewers_max : 0;
    bc_config_unref(&config);
    unsigned viewers = 0;
    for (int i = 0; max > 0 && i < BC_PROTOCOL_COUNT; i++) {
        viewers += bc_channel_viewers(channel, (enum bc_protocol)i);
    }
    return max == 0 || viewers < max;
}

bool
bc_channel_is_taken_by_other(const struct bc_channel *channel, uint64_t credential)
{
    uint64_t owner = atomic_load(&channel->owner);
    return owner != 0 && owner != credential;
}

void
bc_channel_count_viewer(struct bc_channel *channel, enum bc_protocol protocol, int delta)
{
    atomic_fetch_add_explicit(&channel->viewers[protocol], (unsigned)delta,
        memory_order_relaxed);
}

unsigned
bc_channel_viewers(const struct bc_channel *channel, enum bc_protocol protocol)
{
    return atomic_load_explicit(&channel->viewers[protocol], memory_order_relaxed);
}

struct bc_packet *
bc_channel_gop_packet(const struct bc_channel *channel, unsigned rendition, size_t index)
{
    const struct bc_gop *gop
        = rendition > 0 ? &channel->smaller[rendition - 1] : &channel->gop;
    return index < gop->count ? gop->packets[index] : NULL;
}

void
bc_channel_replay_gop(const struct bc_channel *channel,
    void (*each)(void *user, struct bc_packet *packet), void *user)
{
    for (size_t i = 0; i < channel->gop.count; i++) {
        each(user, channel->gop.packets[i]);
    }
}
