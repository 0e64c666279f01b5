// SPDX-License-Identifier: Apache-2.0
#include "media/packet.h"

#include <stdlib.h>

struct bc_packet *
bc_packet_create(enum bc_kind kind, struct bc_track *track, struct bc_buf *buf,
    const uint8_t *data, size_t len)
{
    struct bc_packet *p = calloc(1, sizeof(*p));
    if (!p) {
        return NULL;
    }
    atomic_init(&p->refs, 1);
    p->kind = kind;
    p->track = track ? bc_track_ref(track) : NULL;
    p->buf = buf;
    p->data = data;
    p->len = len;
    return p;
}

struct bc_packet *
bc_packet_ref(struct bc_packet *packet)
{
    atomic_fetch_add_explicit(&packet->refs, 1, memory_order_relaxed);
    return packet;
}

void
bc_packet_unref(struct bc_packet **holder)
{
    struct bc_packet *p = *holder;
    *holder = NULL;
    if (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
        bc_track_unref(&p->track);
        bc_buf_unref(&p->buf);
        free(p);
    }
}
