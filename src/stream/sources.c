// SPDX-License-Identifier: Apache-2.0
// What a channel shows while no host of its own is there.
#include "sources.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stream/hub.h"
#include "stream/program.h"

#define KEEP_UNUSED_US 10000000

static struct bc_sources *
make(struct bc_channel *c, const struct bc_config_channel *configured, unsigned generation)
{
    size_t n = configured ? configured->sources.n : 0;
    struct bc_sources *s = calloc(1, sizeof(*s) + n * sizeof(s->list[0]));
    if (!s) {
        return NULL;
    }
    s->generation = generation;
    for (size_t i = 0; i < n; i++) {
        const struct bc_config_source *from = &configured->sources.items[i];
        if (from->kind == BC_SOURCE_CHANNEL) {
            struct bc_source *to = &s->list[s->count++];
            to->kind = from->kind;
            snprintf(to->name, sizeof(to->name), "%s", from->value);
            bc_hub_follow(c->hub, to->name, c, &to->follow);
        }
    }
    return s;
}

void
bc_channel_free_sources(struct bc_channel *c)
{
    for (unsigned i = 0; c->sources && i < c->sources->count; i++) {
        bc_follow_end(&c->sources->list[i].follow);
    }
    free(c->sources);
    c->sources = NULL;
}

static void
reload(struct bc_channel *c)
{
    unsigned generation = bc_hub_generation(c->hub);
    if (c->sources && c->sources->generation == generation) {
        return;
    }
    struct bc_config *config = bc_hub_config(c->hub);
    struct bc_sources *old = c->sources;
    c->sources = make(c, bc_config_channel(config, c->name), generation);
    bc_config_unref(&config);
    struct bc_sources *fresh = c->sources;
    c->sources = old; // what is followed by both stays on the way
    bc_channel_free_sources(c);
    c->sources = fresh;
}

// The first one that is live, or else the first that shows anything.
static struct bc_channel *
choose(const struct bc_sources *s)
{
    struct bc_channel *any = NULL;
    for (unsigned i = 0; s && i < s->count; i++) {
        struct bc_channel *to = s->list[i].follow.to;
        if (to && bc_channel_state(to) == BC_CHANNEL_LIVE) {
            return to;
        }
        struct bc_channel *program = to ? bc_channel_program(to) : NULL;
        any = any || !program ? any : to;
        bc_channel_unref(&program);
    }
    return any;
}

static void
mirror(struct bc_channel *c, struct bc_channel *shown)
{
    struct bc_channel *program = shown ? bc_channel_program(shown) : NULL;
    bc_channel_set_program(c, program);
    bc_channel_unref(&program);
    enum bc_channel_state state = shown ? bc_channel_state(shown) : BC_CHANNEL_NONE;
    bool over = state != BC_CHANNEL_LIVE && state != BC_CHANNEL_WAITING;
    if (over && c->in_broadcast) {
        bc_channel_end_broadcast(c, "the channel that it shows has ended");
    } else if (state == BC_CHANNEL_LIVE && !c->in_broadcast) {
        bc_channel_begin_broadcast(c);
    }
    if (!over || state == BC_CHANNEL_LOBBY || bc_channel_state(c) == BC_CHANNEL_LOBBY) {
        bc_channel_set_state(c, state);
    }
}

void
bc_channel_look(struct bc_channel *c)
{
    if (c->draining) {
        return;
    }
    reload(c);
    if (!c->take && !(c->in_broadcast && c->live)) {
        struct bc_channel *shown = choose(c->sources);
        if (shown || bc_channel_state(c) != BC_CHANNEL_ENDED) {
            mirror(c, shown);
        }
        if (!c->in_broadcast && !bc_timer_is_set(&c->grace_timer)) {
            bc_timer_set(&c->grace_timer, KEEP_UNUSED_US);
        }
    }
}
