// SPDX-License-Identifier: Apache-2.0
#include "input_take.h"

#include <stddef.h>

static void
pass_on(struct relay_take *t, struct bc_packet *packet)
{
    if (packet->len == 0) {
        bc_take_set_track(t->take, packet->track);
        bc_packet_unref(&packet);
    } else {
        bc_take_push(t->take, packet);
    }
}

static void
on_accepted(void *user)
{
    struct relay_take *t = user;
    t->accepted = true;
    for (unsigned i = 0; i < t->pending_count; i++) {
        pass_on(t, t->pending[i]);
    }
    t->pending_count = 0;
    bc_take_flush(t->take);
}

static void
on_refused(void *user, enum bc_take_refusal why, const char *text)
{
    struct relay_take *t = user;
    (void)why;
    t->on_lost(t->user, text);
}

static void
on_kicked(void *user, const char *reason)
{
    struct relay_take *t = user;
    t->on_lost(t->user, reason);
}

static const struct bc_take_ops OPS = { on_accepted, on_refused, on_kicked, NULL };

bool
relay_take_open(struct relay_take *t, const struct bc_take_params *params)
{
    struct bc_take_params p = *params;
    p.ops = &OPS;
    p.user = t;
    t->take = bc_take_open(&p);
    return t->take != NULL;
}

void
relay_take_push(struct relay_take *t, struct bc_packet *packet)
{
    if (t->accepted) {
        pass_on(t, packet);
    } else if (t->take && t->pending_count < RELAY_TAKE_PENDING) {
        t->pending[t->pending_count++] = packet;
    } else {
        bc_packet_unref(&packet);
    }
}

void
relay_take_flush(struct relay_take *t)
{
    if (t->accepted) {
        bc_take_flush(t->take);
    }
}

void
relay_take_close(struct relay_take *t, bool clean, const char *reason)
{
    for (unsigned i = 0; i < t->pending_count; i++) {
        bc_packet_unref(&t->pending[i]);
    }
    t->pending_count = 0;
    t->accepted = false;
    if (t->take) {
        bc_take_close(t->take, clean, reason);
        t->take = NULL;
    }
}
