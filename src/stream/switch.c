// SPDX-License-Identifier: Apache-2.0
// How another source goes on air: at a keyframe, at times that go on.
#include "base/clock.h"
#include "sources.h"
#include "stream/hub.h"
#include "stream/program.h"
#include "take_internal.h"

// A switch from what is alive waits so long for a keyframe that fits.
#define SWITCH_MAX_US 3000000
// Viewers may have got a little more of another channel than is known here.
#define HEAD_MARGIN_US 80000
// A cached GOP is shown in this part of its length at least.
#define SQUEEZE 20

void
bc_sources_cancel_switch(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    if (s->watch.to) {
        atomic_fetch_sub(&s->watch.to->key_wanters, 1);
        bc_follow_end(&s->watch);
    }
    s->next = NULL;
    if (s->cut_us) {
        s->cut_us = 0;
        c->need_key = true; // some packets were left out
        c->need_key_since_us = bc_clock_us();
    }
}

// The newest time that the channel's viewers may have been given.
static int64_t
head_us(struct bc_channel *c)
{
    struct bc_channel *program = bc_channel_program(c);
    int64_t head = program ? atomic_load(&program->head_us) : 0;
    if (program && program != c) {
        head += HEAD_MARGIN_US;
    }
    bc_channel_unref(&program);
    return head;
}

static void
squeeze(struct bc_packet *p, int64_t newest_us, int64_t age_us, int64_t budget_us)
{
    int64_t cts_us = p->pts_us - p->dts_us;
    int64_t back_us = newest_us - p->dts_us;
    if (age_us > budget_us && p->kind == BC_KIND_VIDEO) {
        back_us = back_us * budget_us / age_us;
        cts_us = cts_us * budget_us / age_us;
    }
    p->dts_us = newest_us - back_us;
    p->pts_us = p->dts_us + cts_us;
}

// What the slot has since its keyframe. There may be less time for it than it is long, for
// viewers' times must not run ahead of the server's clock: then its pictures come faster, and
// sound from where it fits.
static void
give_cached(struct bc_channel *c, struct bc_source *s)
{
    struct bc_gop gop = s->gop;
    s->gop = (struct bc_gop){ .max_us = gop.max_us };
    int64_t newest_us = INT64_MIN;
    for (size_t i = 0; i < gop.count; i++) {
        int64_t dts_us = gop.packets[i]->dts_us;
        newest_us = dts_us > newest_us && gop.packets[i]->kind != BC_KIND_SCRIPT ? dts_us : newest_us;
    }
    int64_t clock_us = bc_hub_start_clock(c->hub);
    int64_t age_us = gop.count ? newest_us - gop.packets[0]->dts_us : 0;
    age_us = age_us > 0 ? age_us : 0;
    int64_t room_us = clock_us - c->timeline.end_us;
    int64_t budget_us = room_us > age_us / SQUEEZE ? room_us : age_us / SQUEEZE;
    budget_us = budget_us < age_us ? budget_us : age_us;
    bc_timeline_skip_to(&c->timeline, clock_us - budget_us);
    c->origin_due = false;
    int64_t now_us = bc_clock_us();
    for (size_t i = 0; i < gop.count; i++) {
        struct bc_packet *p = gop.packets[i];
        if (p->kind != BC_KIND_AUDIO || newest_us - p->dts_us <= budget_us) {
            squeeze(p, newest_us, age_us, budget_us);
            p->arrived_us = now_us;
            bc_channel_take_packet(c, p);
        }
        bc_packet_unref(&gop.packets[i]);
    }
    free(gop.packets);
    bc_channel_end_batch(c);
}

static void
leave(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    bc_sources_cancel_switch(c);
    if (s->on_air && bc_source_is_slot(s->on_air)) {
        c->take = NULL;
        s->on_air->started = false; // what is kept of it begins with its next keyframe
        if (bc_channel_state(c) != BC_CHANNEL_WAITING) {
            bc_channel_tell_waiting(c);
        }
    }
}

static void
enter_slot(struct bc_channel *c, struct bc_source *to)
{
    struct bc_sources *s = c->sources;
    int64_t from_us = head_us(c);
    bool first = s->on_air == NULL;
    leave(c);
    s->on_air = to;
    c->take = to->take;
    if (!c->in_broadcast) {
        bc_channel_begin_broadcast(c);
    }
    bc_channel_set_program(c, c);
    bc_channel_begin_input(c);
    if (first && to->gop.count == 0) {
        return; // its first packets find their place by themselves
    }
    bc_timeline_skip_to(&c->timeline, from_us);
    c->need_key = !to->take->video ? c->need_key : true;
    if (to->gop.count > 0) {
        give_cached(c, to);
    } else {
        c->origin_due = true;
        bc_take_ask_key(to->take, 0);
    }
}

static void
show_program_of(struct bc_channel *c, struct bc_source *to)
{
    struct bc_channel *program = to->follow.to ? bc_channel_program(to->follow.to) : NULL;
    leave(c);
    c->sources->on_air = to;
    if (program || !c->outputs) {
        bc_channel_set_program(c, program);
    }
    bc_channel_unref(&program);
}

// Whether viewers are still given what is on air, so that a switch may wait.
static bool
is_alive(const struct bc_sources *s)
{
    const struct bc_source *now = s->on_air;
    return now && now->ready && !bc_source_is_slate(now);
}

static void
begin_waiting(struct bc_channel *c, struct bc_source *to)
{
    struct bc_sources *s = c->sources;
    bc_sources_cancel_switch(c);
    s->next = to;
    s->next_since_us = bc_clock_us();
    if (bc_source_is_slot(to)) {
        bc_take_ask_key(to->take, 0);
        return;
    }
    struct bc_channel *program = bc_channel_program(to->follow.to);
    if (program) {
        atomic_fetch_add(&program->key_wanters, 1);
        s->next_key_us = atomic_load(&program->key_us);
        int64_t coming_us = s->next_key_us + atomic_load(&program->gop_us);
        bc_follow_begin(&s->watch, c, program); // takes over the reference
        s->cut_us = c->take && coming_us > atomic_load(&c->head_us) ? coming_us : 0;
    }
}

// The channel that is shown next has a keyframe that viewers can start with.
static bool
has_key(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    if (!s->watch.to) {
        return true;
    }
    int64_t key_us = atomic_load(&s->watch.to->key_us);
    if (key_us == s->next_key_us) {
        return false;
    }
    s->next_key_us = key_us;
    struct bc_channel *program = bc_channel_program(c);
    int64_t head = program ? atomic_load(&program->head_us) : 0;
    bc_channel_unref(&program);
    if (key_us > head) {
        return true;
    }
    s->cut_us = c->take ? key_us + atomic_load(&s->watch.to->gop_us) : 0;
    return false;
}

void
bc_sources_switch(struct bc_channel *c, struct bc_source *to)
{
    struct bc_sources *s = c->sources;
    if (to == s->on_air) {
        if (s->next) {
            bc_sources_cancel_switch(c);
        }
        return;
    }
    if (!to) {
        leave(c);
        s->on_air = NULL;
        bc_channel_set_program(c, c->outputs ? c : NULL);
        return;
    }
    if (is_alive(s) && !bc_source_is_slate(to)) {
        if (s->next != to) {
            begin_waiting(c, to);
        }
        bool late = bc_clock_us() - s->next_since_us >= SWITCH_MAX_US;
        if (!late && (bc_source_is_slot(to) || !has_key(c))) {
            return;
        }
    }
    if (bc_source_is_slot(to)) {
        enter_slot(c, to);
    } else {
        show_program_of(c, to);
    }
}

void
bc_sources_standby_packet(struct bc_source *source, const struct bc_packet *p)
{
    struct bc_channel *c = source->channel;
    bool key = p->kind == BC_KIND_VIDEO ? p->flags & BC_PACKET_KEY : !source->take->video;
    if (c->sources->next == source && key && p->kind != BC_KIND_SCRIPT) {
        enter_slot(c, source);
        bc_channel_look(c);
    }
}
