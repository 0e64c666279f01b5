// SPDX-License-Identifier: Apache-2.0
#include "stream/gate.h"

#include <string.h>

#define WAIT_US 1000000

void
bc_gate_init(struct bc_gate *g)
{
    memset(g, 0, sizeof(*g));
    g->expects_video = true;
    g->expects_audio = true;
}

static void
drop_held(struct bc_gate *g)
{
    for (unsigned i = 0; i < g->count; i++) {
        bc_packet_unref(&g->held[i]);
    }
    g->count = 0;
    g->bytes = 0;
}

void
bc_gate_finish(struct bc_gate *g)
{
    drop_held(g);
    bc_track_unref(&g->video);
    bc_track_unref(&g->audio);
    g->take = NULL;
    g->open = false;
}

static void
open_gate(struct bc_gate *g)
{
    g->open = true;
    for (unsigned i = 0; i < g->count; i++) {
        bc_take_push(g->take, g->held[i]);
    }
    g->count = 0;
    g->bytes = 0;
}

static void
look(struct bc_gate *g, int64_t now_us)
{
    bool complete = (g->video || !g->expects_video) && (g->audio || !g->expects_audio);
    bool waited = now_us - g->since_us > WAIT_US;
    if (g->take && !g->open && g->since_us > 0 && (complete || waited)) {
        open_gate(g);
    }
}

void
bc_gate_accept(struct bc_gate *g, struct bc_take *take)
{
    g->take = take;
    if (g->video) {
        bc_take_set_track(take, g->video);
    }
    if (g->audio) {
        bc_take_set_track(take, g->audio);
    }
}

void
bc_gate_expect(struct bc_gate *g, bool video, bool audio)
{
    g->expects_video = video;
    g->expects_audio = audio;
}

void
bc_gate_set_track(struct bc_gate *g, struct bc_track *track)
{
    struct bc_track **slot = track->kind == BC_KIND_VIDEO ? &g->video : &g->audio;
    bc_track_unref(slot);
    *slot = bc_track_ref(track);
    if (g->take) {
        bc_take_set_track(g->take, track);
    }
}

void
bc_gate_push(struct bc_gate *g, struct bc_packet *packet)
{
    if (g->open) {
        bc_take_push(g->take, packet);
        return;
    }
    if (g->since_us == 0) {
        g->since_us = packet->arrived_us;
    }
    if (g->count == BC_GATE_HELD || g->bytes > BC_GATE_BYTES_MAX) {
        if (g->take) {
            open_gate(g);
            bc_take_push(g->take, packet);
            return;
        }
        drop_held(g); // nobody has let us in yet: it begins with a later keyframe
    }
    g->held[g->count++] = packet;
    g->bytes += packet->len;
    look(g, packet->arrived_us);
}

void
bc_gate_flush(struct bc_gate *g, int64_t now_us)
{
    look(g, now_us);
    if (g->take) {
        bc_take_flush(g->take);
    }
}
