// SPDX-License-Identifier: Apache-2.0
// What a channel keeps over a restart of the server.
#include "stream/restore.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "channel_internal.h"
#include "stream/program.h"

void
bc_channel_save(const struct bc_channel *channel, struct bc_channel_saved *out)
{
    struct bc_channel_info info;
    bc_channel_info(channel, &info);
    memset(out, 0, sizeof(*out));
    memcpy(out->name, channel->name, sizeof(out->name));
    out->open = info.state == BC_CHANNEL_LIVE || info.state == BC_CHANNEL_WAITING;
    out->broadcast = info.broadcast;
    out->takes = info.takes;
    out->began_wall_us = info.began_wall_us;
    if (info.state == BC_CHANNEL_WAITING) {
        out->waits_until_wall_us = (int64_t)atomic_load(&channel->waits_until_wall_us);
    }
    bc_channel_numbers(channel, &out->next_msn, &out->next_dseq);
}

static void
raise_to(atomic_uint_fast64_t *number, uint64_t to)
{
    uint_fast64_t now = atomic_load_explicit(number, memory_order_relaxed);
    while (now < to && !atomic_compare_exchange_weak(number, &now, to)) {
    }
}

void
bc_channel_note_numbers(struct bc_channel *channel, uint64_t next_msn, uint64_t next_dseq)
{
    raise_to(&channel->next_msn, next_msn);
    raise_to(&channel->next_dseq, next_dseq);
}

void
bc_channel_numbers(
    const struct bc_channel *channel, uint64_t *next_msn, uint64_t *next_dseq)
{
    *next_msn = atomic_load_explicit(&channel->next_msn, memory_order_relaxed);
    *next_dseq = atomic_load_explicit(&channel->next_dseq, memory_order_relaxed);
}

static void
begin_again(struct bc_channel *c, const struct bc_channel_saved *s)
{
    c->broadcast = s->broadcast;
    c->began_wall_us = s->began_wall_us;
    c->in_broadcast = s->open;
    atomic_store(&c->state, s->open ? BC_CHANNEL_WAITING : BC_CHANNEL_ENDED);
}

void
bc_channel_recall(struct bc_channel *c, const struct bc_hub_past *past)
{
    for (size_t i = 0; i < past->count; i++) {
        const struct bc_channel_saved *s = &past->rows[i];
        if (strcmp(s->name, c->name) == 0) {
            // Only a broadcast that goes on has the times that its players know.
            bc_channel_note_numbers(c, s->next_msn, s->next_dseq + !s->open);
            begin_again(c, s);
        }
    }
}

// How long the host may still take; 0: the broadcast is over.
static int64_t
remaining_us(const struct bc_channel_saved *s, int64_t saved_wall_us, int64_t grace_us)
{
    int64_t now_us = bc_clock_wall_us();
    if (!s->open || now_us - saved_wall_us > grace_us) {
        return 0;
    }
    // A host that was there could not come back while the server was away.
    int64_t left_us = s->waits_until_wall_us ? s->waits_until_wall_us - now_us : grace_us;
    return left_us < 0 ? 0 : left_us < grace_us ? left_us : grace_us;
}

// A channel with takes of its own waits for the next one. Those that only show others come
// when they are asked for.
static bool
reopen(struct bc_hub *hub, struct bc_worker *worker, const struct bc_channel_saved *s,
    int64_t grace_us)
{
    struct bc_channel *c = bc_hub_obtain(hub, s->name, worker);
    if (!c) {
        return false;
    }
    bool ok = bc_channel_make_own(c);
    if (ok) {
        c->live->takes = s->takes;
        c->takes_before = s->takes;
        c->origin_due = true; // its timeline goes on where the clock is
        atomic_store(&c->waits_until_wall_us, bc_clock_wall_us() + grace_us);
        bc_channel_publish_info(c);
        bc_timer_set(&c->grace_timer, grace_us);
        bc_channel_set_program(c, c);
        bc_info(&c->log, "broadcast %llu goes on when its host is back",
            (unsigned long long)s->broadcast);
    }
    bc_hub_opened(hub, c);
    bc_channel_unref(&c);
    return ok;
}

size_t
bc_hub_restore(struct bc_hub *hub, struct bc_worker *(*home)(void *user, size_t index),
    void *user, const struct bc_hub_saved *saved)
{
    struct bc_hub_past *past = bc_hub_past(hub);
    past->rows = calloc(saved->count ? saved->count : 1, sizeof(*past->rows));
    if (!past->rows) {
        return 0; // the clock's numbers have to do
    }
    if (saved->count > 0) {
        memcpy(past->rows, saved->rows, saved->count * sizeof(*saved->rows));
    }
    past->count = saved->count;
    struct bc_config *config = bc_hub_config(hub);
    int64_t grace_us = config->stream.grace_s * 1000000;
    bc_config_unref(&config);
    // Players that stay have the times so far, so these go on as if nothing had been.
    int64_t away_us = bc_clock_wall_us() - saved->wall_us;
    if (saved->clock_us > 0 && away_us >= 0 && away_us <= grace_us) {
        bc_hub_resume_clock(hub, saved->clock_us + away_us);
    }
    size_t open = 0;
    for (size_t i = 0; i < saved->count; i++) {
        struct bc_channel_saved *row = &past->rows[i];
        int64_t left_us = remaining_us(row, saved->wall_us, grace_us);
        row->open = left_us > 0;
        if (row->open && row->takes > 0) {
            open += reopen(hub, home(user, i), row, left_us);
        }
    }
    for (size_t i = 0; i < saved->count; i++) {
        bc_hub_wake_followers(hub, saved->rows[i].name);
    }
    return open;
}
