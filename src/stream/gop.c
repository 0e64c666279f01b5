// SPDX-License-Identifier: Apache-2.0
#include "gop.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (64u << 20)
#define AUDIO_ONLY_US 1000000

static void
drop_front(struct bc_gop *gop, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        gop->bytes -= gop->packets[i]->len;
        bc_packet_unref(&gop->packets[i]);
    }
    gop->count -= n;
    if (gop->count == 0) {
        return;
    }
    memmove(gop->packets, gop->packets + n, gop->count * sizeof(struct bc_packet *));
}

void
bc_gop_clear(struct bc_gop *gop)
{
    drop_front(gop, gop->count);
}

void
bc_gop_finish(struct bc_gop *gop)
{
    bc_gop_clear(gop);
    free(gop->packets);
    gop->packets = NULL;
    gop->cap = 0;
}

static bool
reserve(struct bc_gop *gop)
{
    if (gop->count < gop->cap) {
        return true;
    }
    size_t cap = gop->cap ? 2 * gop->cap : 256;
    struct bc_packet **packets = realloc(gop->packets, cap * sizeof(struct bc_packet *));
    if (!packets) {
        return false;
    }
    gop->packets = packets;
    gop->cap = cap;
    return true;
}

static void
trim_audio_only(struct bc_gop *gop, int64_t now_us)
{
    size_t old = 0;
    while (old < gop->count && gop->packets[old]->dts_us < now_us - AUDIO_ONLY_US) {
        old++;
    }
    // Not at every packet: moving the rest costs.
    if (old >= 16) {
        drop_front(gop, old);
    }
}

void
bc_gop_push(struct bc_gop *gop, struct bc_packet *packet, bool has_video)
{
    if (packet->kind == BC_KIND_VIDEO && packet->flags & BC_PACKET_KEY) {
        bc_gop_clear(gop);
    } else if (has_video && gop->count == 0) {
        return; // nothing to start from yet
    }
    bool too_long = gop->count > 0
        && packet->dts_us - gop->packets[0]->dts_us > gop->max_us;
    if ((has_video && too_long) || gop->bytes + packet->len > MAX_BYTES
        || !reserve(gop)) {
        bc_gop_clear(gop);
        return;
    }
    gop->packets[gop->count++] = bc_packet_ref(packet);
    gop->bytes += packet->len;
    if (!has_video) {
        trim_audio_only(gop, packet->dts_us);
    }
}
