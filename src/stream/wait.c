// SPDX-License-Identifier: Apache-2.0
// The first viewers of what is pulled once somebody asks for it.
#include "stream/wait.h"

#include <stdio.h>

#include "base/clock.h"
#include "stream/program.h"

// Looking is a look-up of the name, and only the first viewers do it, until there is
// something to play or no hope of it.
#define LOOK_US 10000

bool
bc_channel_is_playable(struct bc_channel *channel)
{
    struct bc_channel *program = bc_channel_program(channel);
    bool playable = program && bc_channel_state(program) != BC_CHANNEL_ENDED;
    bc_channel_unref(&program);
    return playable;
}

static void
on_look(struct bc_timer *timer)
{
    struct bc_hub_wait *wait = bc_container_of(timer, struct bc_hub_wait, timer);
    struct bc_channel *channel = bc_hub_find(wait->hub, wait->name);
    if (channel && !bc_channel_is_playable(channel)) {
        bc_channel_unref(&channel);
    }
    if (!channel && bc_clock_us() < wait->until_us && bc_hub_want(wait->hub, wait->name, wait->via)
        && bc_timer_set(timer, LOOK_US) == 0) {
        return;
    }
    wait->done(wait, channel);
    bc_channel_unref(&channel);
}

bool
bc_hub_wait(struct bc_hub *hub, const char *name, struct bc_worker *worker,
    struct bc_hub_wait *wait)
{
    if (!bc_hub_want(hub, name, wait->via)) {
        return false;
    }
    wait->hub = hub;
    snprintf(wait->name, sizeof(wait->name), "%s", name);
    wait->until_us = bc_clock_us() + BC_HUB_WAIT_US;
    bc_timer_init(&wait->timer, worker, on_look);
    return bc_timer_set(&wait->timer, LOOK_US) == 0;
}

void
bc_hub_wait_cancel(struct bc_hub_wait *wait)
{
    if (wait->timer.worker) {
        bc_timer_cancel(&wait->timer);
    }
}
