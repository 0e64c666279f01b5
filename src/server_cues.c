// SPDX-License-Identifier: Apache-2.0
// What cues need to know of channels, and the other way round.
#include "cue/cue.h"
#include "server.h"
#include "stream/program.h"

static int64_t
clock_us(void *user)
{
    const struct bc_server *s = user;
    return bc_hub_clock_us(s->hub);
}

static bool
shown(void *user, const char *name, int64_t *clock_us_out, int64_t *wall_us)
{
    const struct bc_server *s = user;
    struct bc_channel *channel = bc_hub_find(s->hub, name);
    bool any = channel && bc_channel_shown_at(channel, clock_us_out, wall_us);
    bc_channel_unref(&channel);
    return any;
}

static const struct bc_cues_ops OPS = { .clock_us = clock_us, .shown = shown };

bool
bc_server_cues_open(struct bc_server *s)
{
    s->cues = bc_cues_open(s->config->data.dir, &OPS, s);
    if (s->cues) {
        bc_hub_set_cues(s->hub, s->cues);
    }
    return s->cues != NULL;
}

void
bc_server_on_program(
    struct bc_server *s, struct bc_channel *channel, struct bc_channel *program)
{
    bc_cues_set_program(
        s->cues, bc_channel_name(channel), program ? bc_channel_name(program) : NULL);
}

void
bc_server_cues_tick(struct bc_server *s)
{
    bc_cues_tick(s->cues);
}

void
bc_server_cues_save(struct bc_server *s)
{
    bc_cues_save(s->cues);
}
