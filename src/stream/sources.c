// SPDX-License-Identifier: Apache-2.0
// A channel looks at its sources: which should be on air, and what that makes of its state.
#include "sources.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "stream/hub.h"
#include "stream/program.h"
#include "take_internal.h"

#define KEEP_UNUSED_US 10000000
// A take is silent only after this, however short the wait.
#define SILENT_MIN_US 300000
// A slate that is of no use any more may soon be again.
#define KEEP_SLATE_US 5000000
#define RETRY_SLATE_US 10000000
#define ROUNDS_MAX 4

// --- what is known of each source ---

static void
note_ready(struct bc_source *s, bool ready, int64_t now_us, int64_t stable_us)
{
    if (ready && !s->ready) {
        s->since_us = now_us;
    } else if (!ready && s->ready) {
        s->flaps = now_us - s->since_us < stable_us;
    }
    s->ready = ready;
}

static void
look_at_slot(struct bc_sources *all, struct bc_source *s, int64_t now_us)
{
    int64_t silent_us = all->wait_us > SILENT_MIN_US ? all->wait_us : SILENT_MIN_US;
    bool sends = s->take && now_us - s->last_us < silent_us;
    note_ready(s, sends && (s->started || all->on_air == s), now_us, all->stable_us);
}

static void
look_at_channel(struct bc_sources *all, struct bc_source *s, int64_t now_us)
{
    struct bc_channel *to = s->follow.to;
    enum bc_channel_state state = to ? bc_channel_state(to) : BC_CHANNEL_NONE;
    bool was_ready = s->ready;
    note_ready(s, state == BC_CHANNEL_LIVE, now_us, all->stable_us);
    s->last_us = s->ready || was_ready ? now_us : s->last_us;
    s->left = state != BC_CHANNEL_LIVE && state != BC_CHANNEL_WAITING;
    const char *reason = s->ready ? "" : bc_channel_state_name(state);
    snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static bool
shows_something(const struct bc_source *s)
{
    struct bc_channel *program = s->follow.to ? bc_channel_program(s->follow.to) : NULL;
    bool shows = program != NULL;
    bc_channel_unref(&program);
    return shows;
}

static bool
is_there(const struct bc_source *s)
{
    if (!bc_source_is_other(s)) {
        return s->take != NULL;
    }
    return s->follow.to && !s->left;
}

static void
describe(struct bc_sources *all, struct bc_source *s, struct bc_selector_source *out)
{
    int64_t now_us = bc_clock_us();
    bool slate = bc_source_is_slate(s);
    if (bc_source_is_other(s)) {
        look_at_channel(all, s, now_us);
    } else if (!slate) {
        look_at_slot(all, s, now_us);
    } else {
        s->ready = shows_something(s);
    }
    *out = (struct bc_selector_source){ .slate = slate, .there = is_there(s),
        .ready = s->ready, .mirrors = !slate && shows_something(s), .left = s->left,
        .flaps = s->flaps, .since_us = s->since_us, .last_us = s->last_us };
}

static int
index_of(const struct bc_sources *s, const struct bc_source *source)
{
    for (unsigned i = 0; source && i < s->count; i++) {
        if (s->list[i] == source) {
            return (int)i;
        }
    }
    return BC_SELECTOR_NONE;
}

// --- slates ---

static const struct bc_config_source *
configured(const struct bc_sources *all, const struct bc_source *s)
{
    const struct bc_config_channel *own
        = bc_config_channel(all->config, all->channel->name);
    for (size_t i = 0; own && s->listed && i < own->sources.n; i++) {
        const struct bc_config_source *source = &own->sources.items[i];
        if (source->kind == s->kind && strcmp(source->value, s->value) == 0) {
            return source;
        }
    }
    return NULL;
}

void
bc_source_open_slate(struct bc_source *s)
{
    struct bc_channel *c = s->channel;
    if (s->slate || (s->last_us && bc_clock_us() - s->last_us < RETRY_SLATE_US)) {
        return;
    }
    s->last_us = bc_clock_us(); // of the attempt
    struct bc_channel *program = bc_channel_program(c);
    struct bc_slate_wish wish = { .source = configured(c->sources, s),
        .countdown_to_wall_us = c->sources->plan.countdown_to_wall_us };
    struct bc_track *video = NULL;
    struct bc_track *audio = NULL;
    if (program) {
        bc_channel_tracks(program, &video, &audio);
    }
    wish.video = video;
    wish.audio = audio;
    s->slate = bc_hub_open_slate(c->hub, c->home, &wish);
    s->countdown_to_wall_us = wish.countdown_to_wall_us;
    bc_track_unref(&video);
    bc_track_unref(&audio);
    bc_channel_unref(&program);
    if (s->slate) {
        bc_follow_begin(&s->follow, c, bc_channel_ref(s->slate));
    }
}

void
bc_source_close_slate(struct bc_source *s)
{
    if (s->slate) {
        bc_follow_end(&s->follow);
        bc_hub_close_slate(s->channel->hub, &s->slate);
        s->last_us = 0;
    }
}

// The first slate of the list is opened as soon as it may be needed, for it takes time to
// prepare, and closed some time later. True: it is there already.
static bool
keep_slate(struct bc_channel *c, bool needed, int64_t *look_us)
{
    struct bc_sources *s = c->sources;
    int64_t now_us = bc_clock_us();
    bool came = false;
    s->slate_needed_us = needed ? now_us : s->slate_needed_us;
    for (unsigned i = 0; i < s->count; i++) {
        struct bc_source *slate = s->list[i];
        if (!bc_source_is_slate(slate)) {
            continue;
        }
        bool other = slate->countdown_to_wall_us != s->plan.countdown_to_wall_us;
        if (slate->slate && other) {
            bc_source_close_slate(slate); // on air it plays on until the next one does
        }
        if (needed && !slate->slate) {
            bc_source_open_slate(slate);
            came = shows_something(slate);
        } else if (needed) {
            // it is kept
        } else if (slate->slate && now_us - s->slate_needed_us >= KEEP_SLATE_US) {
            bc_source_close_slate(slate);
        } else if (slate->slate) {
            int64_t due_us = s->slate_needed_us + KEEP_SLATE_US;
            *look_us = due_us < *look_us ? due_us : *look_us;
        }
        needed = false;
    }
    return came;
}

// --- the channel's state ---

static bool
is_real_live(const struct bc_source *s)
{
    if (!s || bc_source_is_slate(s)) {
        return false;
    }
    return bc_source_is_other(s) ? s->ready : s->take != NULL;
}

static bool
anybody_there(const struct bc_sources *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (!bc_source_is_slate(s->list[i]) && is_there(s->list[i])) {
            return true;
        }
    }
    return false;
}

// Nobody is there, and the last one said goodbye.
static bool
has_ended(const struct bc_sources *s, const char **reason)
{
    const struct bc_source *last = s->last_real;
    if (!last || !last->left || anybody_there(s)) {
        return false;
    }
    *reason = bc_source_is_other(last) ? "the channel that it shows has ended"
                                              : last->reason;
    return true;
}

static void
end_broadcast(struct bc_channel *c, const char *reason)
{
    struct bc_sources *s = c->sources;
    bc_sources_cancel_switch(c);
    bc_channel_end_broadcast(c, reason);
    c->take = NULL;
    s->on_air = NULL;
    s->manual = NULL;
}

// True when that changed what should be on air.
static bool
update_state(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    const char *reason = "";
    bool slate_only = s->plan.lobby || s->plan.over;
    if (is_real_live(s->on_air)) {
        s->last_real = s->on_air;
        bc_timer_cancel(&c->grace_timer);
        if (!c->in_broadcast) {
            bc_channel_begin_broadcast(c);
        }
        bc_channel_set_state(c, BC_CHANNEL_LIVE);
        return false;
    }
    if (c->in_broadcast && (s->plan.over || has_ended(s, &reason))) {
        end_broadcast(c, s->plan.over ? "its time is over" : reason);
        return true;
    }
    if (c->in_broadcast) {
        return bc_channel_wait(c, anybody_there(s) || slate_only);
    }
    bool slate = s->on_air && bc_source_is_slate(s->on_air);
    bool mirrors = s->on_air && bc_source_is_other(s->on_air);
    if (slate || (mirrors && bc_channel_state(s->on_air->follow.to) == BC_CHANNEL_LOBBY)) {
        bc_channel_set_state(c, BC_CHANNEL_LOBBY);
    } else if (bc_channel_state(c) != BC_CHANNEL_ENDED) {
        bc_channel_set_state(c, c->broadcast ? BC_CHANNEL_ENDED : BC_CHANNEL_NONE);
    }
    return false;
}

// --- looking ---

static void
take_choice(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    int choice = atomic_exchange(&c->choice, BC_CHOICE_NONE);
    if (choice != BC_CHOICE_NONE) {
        s->manual = choice >= 0 && choice < (int)s->count ? s->list[choice] : NULL;
        s->manual_was_on_air = false;
    }
}

static bool
slate_may_be_needed(const struct bc_channel *c)
{
    const struct bc_sources *s = c->sources;
    return s->plan.lobby || s->plan.over || !s->on_air || bc_source_is_slate(s->on_air)
        || !s->on_air->ready || (s->manual && bc_source_is_slate(s->manual));
}

static void
choose(struct bc_channel *c, int64_t *look_us)
{
    struct bc_sources *s = c->sources;
    struct bc_selector in = { .count = s->count, .in_broadcast = c->in_broadcast,
        .lobby = s->plan.lobby || s->plan.over, .wait_us = s->wait_us,
        .slate_wait_us = s->slate_wait_us, .stable_us = s->stable_us };
    for (unsigned i = 0; i < s->count; i++) {
        describe(s, s->list[i], &in.list[i]);
    }
    in.on_air = index_of(s, s->on_air);
    in.manual = index_of(s, s->manual);
    int chosen = bc_selector_choose(&in, bc_clock_us(), look_us);
    // A slate that cannot be had, or not yet, leaves what is on air.
    bool lacks = chosen >= 0 && in.list[chosen].slate && !in.list[chosen].ready;
    if (lacks && s->on_air && s->on_air->take && in.lobby) {
        chosen = BC_SELECTOR_NONE;
    } else if (lacks) {
        chosen = in.on_air;
    }
    bc_sources_switch(c, chosen >= 0 ? s->list[chosen] : NULL);
    if (s->manual && s->on_air == s->manual) {
        s->manual_was_on_air = true;
    } else if (s->manual && s->manual_was_on_air && s->on_air) {
        s->manual = NULL; // it failed: the channel chooses again
    }
}

static void
shut(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    bc_sources_cancel_switch(c);
    for (unsigned i = 0; i < s->count; i++) {
        bc_slot_drop(s->list[i], "the channel is closed");
    }
    if (c->in_broadcast) {
        end_broadcast(c, "the channel is closed");
    }
    s->on_air = NULL;
    bc_channel_set_program(c, NULL);
    bc_channel_set_state(c, BC_CHANNEL_ENDED);
    int64_t never_us = INT64_MAX;
    keep_slate(c, false, &never_us);
}

// Its time is over: hosts are told.
static void
dismiss_hosts(struct bc_channel *c)
{
    struct bc_sources *s = c->sources;
    for (unsigned i = 0; i < s->count; i++) {
        if (s->list[i]->kind == BC_SOURCE_PUBLISHER) {
            bc_slot_drop(s->list[i], "the scheduled broadcast is over");
        }
    }
}

// What is shown may have another program.
static void
follow_program(struct bc_channel *c)
{
    struct bc_source *on = c->sources->on_air;
    struct bc_channel *program = on && on->follow.to ? bc_channel_program(on->follow.to)
                                                     : NULL;
    if (program) {
        bc_channel_set_program(c, program);
    }
    bc_channel_unref(&program);
}

static void
set_timers(struct bc_channel *c, int64_t look_us)
{
    struct bc_sources *s = c->sources;
    int64_t now_us = bc_clock_us();
    if (s->next) {
        int64_t give_up_us = s->next_since_us + 3000000;
        look_us = give_up_us < look_us ? give_up_us : look_us;
    }
    bc_timer_cancel(&s->look_timer);
    if (look_us != INT64_MAX && s->count > 1) {
        bc_timer_set(&s->look_timer, look_us > now_us ? look_us - now_us : 1000);
    }
    if (!c->in_broadcast && !bc_timer_is_set(&c->grace_timer)) {
        bc_timer_set(&c->grace_timer, KEEP_UNUSED_US);
    }
}

void
bc_channel_look(struct bc_channel *c)
{
    if (c->draining || c->looking || !bc_sources_load(c)) {
        return;
    }
    c->looking = true;
    int64_t look_us = INT64_MAX;
    take_choice(c);
    if (!c->sources->open) {
        shut(c);
    } else if (c->sources->plan.over) {
        dismiss_hosts(c);
    }
    bool again = c->sources->open;
    for (int i = 0; again && i < ROUNDS_MAX; i++) {
        look_us = INT64_MAX;
        choose(c, &look_us);
        follow_program(c);
        again = update_state(c);
        again = keep_slate(c, slate_may_be_needed(c), &look_us) || again;
    }
    bc_sources_publish(c);
    set_timers(c, look_us);
    c->looking = false;
}

// --- what the channel asks ---

void
bc_channel_end_waiting(struct bc_channel *c, const char *reason)
{
    if (bc_sources_load(c)) {
        end_broadcast(c, reason);
    }
}

bool
bc_channel_has_takes(const struct bc_channel *c)
{
    for (unsigned i = 0; c->sources && i < c->sources->count; i++) {
        if (c->sources->list[i]->take || c->sources->list[i]->challenger) {
            return true;
        }
    }
    return false;
}

void
bc_channel_drop_on_air(struct bc_channel *c, const char *reason)
{
    if (c->take) {
        bc_slot_drop(c->sources->on_air, reason);
    }
}

void
bc_channel_drop_takes(struct bc_channel *c, const char *reason)
{
    for (unsigned i = 0; c->sources && i < c->sources->count; i++) {
        bc_slot_drop(c->sources->list[i], reason);
    }
}
