// SPDX-License-Identifier: Apache-2.0
// What the next process goes on with is kept in the data directory while we run, as we may
// be killed at any moment.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "handover/state.h"
#include "parts.h"

// So that the file tells when the last process was last alive.
#define REFRESH_US 5000000
#define SPARE_CHANNELS 16 // that may be made while we list them

// What the file has. Owned by the server, main thread.
struct bc_server_saved {
    struct bc_state state;
    bool failed; // the last time
};

static struct bc_worker *
choose_home(void *user, size_t index)
{
    const struct bc_server *s = user;
    return s->workers[index % s->worker_count].worker;
}

void
bc_server_state_restore(struct bc_server *s)
{
    struct bc_state state;
    int ret = bc_state_read(s->config->data.dir, &state);
    if (ret == -ENOENT) {
        return;
    }
    if (ret != 0) {
        bc_warn(NULL, "%s/state is of no use: %s", s->config->data.dir, strerror(-ret));
        return;
    }
    struct bc_hub_saved saved = { .wall_us = state.saved_wall_us,
        .clock_us = state.clock_us, .rows = state.rows, .count = state.count };
    size_t open = bc_hub_restore(s->hub, choose_home, s, &saved);
    if (open > 0) {
        bc_info(NULL, "%zu broadcasts go on", open);
    }
    bc_state_finish(&state);
}

// Those with a playlist or a broadcast; false without memory.
static bool
collect(const struct bc_server *s, struct bc_state *out)
{
    size_t max = bc_hub_count(s->hub) + SPARE_CHANNELS;
    max = max < BC_STATE_CHANNELS_MAX ? max : BC_STATE_CHANNELS_MAX;
    struct bc_channel **list = calloc(max, sizeof(struct bc_channel *));
    memset(out, 0, sizeof(*out));
    out->rows = calloc(max, sizeof(*out->rows));
    size_t n = list && out->rows ? bc_hub_list(s->hub, list, max) : 0;
    for (size_t i = 0; i < n && i < max; i++) {
        struct bc_channel_saved *row = &out->rows[out->count];
        bc_channel_save(list[i], row);
        bool hidden = row->name[0] == '_';
        out->count += !hidden && (row->open || row->next_msn > 0);
        bc_channel_unref(&list[i]);
    }
    bool ok = list && out->rows;
    free(list);
    return ok;
}

static bool
is_due(const struct bc_state *old, const struct bc_state *now)
{
    if (old->count != now->count
        || (now->count > 0
            && memcmp(old->rows, now->rows, now->count * sizeof(*now->rows)) != 0)) {
        return true;
    }
    return now->count > 0 && now->saved_wall_us - old->saved_wall_us > REFRESH_US;
}

static void
save(struct bc_server *s, bool clean)
{
    if (!s->saved && !(s->saved = calloc(1, sizeof(*s->saved)))) {
        return;
    }
    struct bc_state now;
    bool ok = collect(s, &now);
    now.saved_wall_us = bc_clock_wall_us();
    now.clock_us = bc_hub_clock_us(s->hub);
    now.clean = clean;
    if (!ok || (!clean && !is_due(&s->saved->state, &now))) {
        bc_state_finish(&now);
        return;
    }
    int ret = bc_state_write(s->config->data.dir, &now);
    if (ret != 0 && !s->saved->failed) {
        bc_warn(NULL, "%s/state cannot be written: %s; after a crash broadcasts begin anew",
            s->config->data.dir, strerror(-ret));
    }
    s->saved->failed = ret != 0;
    bc_state_finish(&s->saved->state);
    s->saved->state = now;
}

void
bc_server_state_tick(struct bc_server *s)
{
    save(s, false);
}

void
bc_server_state_close(struct bc_server *s)
{
    save(s, true);
}

void
bc_server_state_free(struct bc_server *s)
{
    if (s->saved) {
        bc_state_finish(&s->saved->state);
        free(s->saved);
        s->saved = NULL;
    }
}
