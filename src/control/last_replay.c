// SPDX-License-Identifier: Apache-2.0
#include "last_replay.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "control_internal.h"
#include "errand.h"

#define KEEP_US 2000000
// The newest may be running.
#define LOOK_AT 2

static size_t
slot_of(const char *channel)
{
    return bc_table_hash(channel, strlen(channel)) % BC_REPLAY_MEMO_SLOTS;
}

static bool
recall(struct bc_replay_memo *memo, const char *channel, struct bc_last_replay *out)
{
    size_t i = slot_of(channel);
    pthread_mutex_lock(&memo->lock);
    bool known = strcmp(memo->slots[i].channel, channel) == 0
        && bc_clock_us() < memo->slots[i].until_us;
    if (known) {
        *out = memo->slots[i].last;
    }
    pthread_mutex_unlock(&memo->lock);
    return known;
}

static void
keep(struct bc_replay_memo *memo, const char *channel, const struct bc_last_replay *last)
{
    size_t i = slot_of(channel);
    pthread_mutex_lock(&memo->lock);
    snprintf(memo->slots[i].channel, sizeof(memo->slots[i].channel), "%s", channel);
    memo->slots[i].until_us = bc_clock_us() + KEEP_US;
    memo->slots[i].last = *last;
    pthread_mutex_unlock(&memo->lock);
}

static bool
on_answer(struct bc_errand *e, struct bc_recording *r)
{
    (void)r;
    struct bc_last_replay last = { "", 0 };
    for (size_t i = 0; i < e->query.count && !last.id[0]; i++) {
        const struct bc_catalogue_entry *entry = &e->query.entries[i];
        if (entry->state == BC_CATALOGUE_READY) {
            snprintf(last.id, sizeof(last.id), "%s", entry->info.id);
            last.ended_wall_us = entry->info.ended_wall_us;
        }
    }
    keep(&e->control->replays, e->query.filter.channel, &last);
    e->then(e->control, e->x, e->query.filter.channel, &last);
    return true;
}

void
bc_last_replay_get(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel, bc_last_replay_then *then)
{
    struct bc_last_replay last = { "", 0 };
    bool askable = control->params.catalogue && control->params.library
        && strlen(channel) < sizeof(control->replays.slots[0].channel);
    if (!askable || recall(&control->replays, channel, &last)) {
        then(control, x, channel, &last);
        return;
    }
    struct bc_errand *e = bc_errand_begin(control, x);
    if (e) {
        e->query.filter.kind = BC_RECORDING_REPLAY;
        e->query.filter.limit = LOOK_AT;
        snprintf(
            e->query.filter.channel, sizeof(e->query.filter.channel), "%s", channel);
        e->answer = on_answer;
        e->then = then;
        bc_errand_ask(e);
    }
}
