// SPDX-License-Identifier: Apache-2.0
#include "media.h"

#include <stdlib.h>

#define ROOM_FIRST 64

struct slate_media *
slate_media_create(const struct slate_format *format)
{
    struct slate_media *m = calloc(1, sizeof(*m));
    if (m) {
        atomic_init(&m->refs, 1);
        m->format = *format;
    }
    return m;
}

struct slate_media *
slate_media_ref(struct slate_media *media)
{
    atomic_fetch_add_explicit(&media->refs, 1, memory_order_relaxed);
    return media;
}

void
slate_media_unref(struct slate_media **holder)
{
    struct slate_media *m = *holder;
    *holder = NULL;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    slate_units_finish(&m->pictures);
    slate_units_finish(&m->sounds);
    bc_buf_unref(&m->silence.buf);
    bc_track_unref(&m->video);
    bc_track_unref(&m->audio);
    free(m);
}

bool
slate_units_add(struct slate_units *units, struct bc_buf *buf, bool key)
{
    if (buf && units->count == units->room) {
        size_t room = units->room ? units->room * 2 : ROOM_FIRST;
        struct slate_unit *more = realloc(units->items, room * sizeof(*more));
        if (!more) {
            bc_buf_unref(&buf);
            return false;
        }
        units->items = more;
        units->room = room;
    }
    if (!buf) {
        return false;
    }
    units->bytes += buf->len;
    units->items[units->count++] = (struct slate_unit){ buf, key };
    return true;
}

void
slate_units_finish(struct slate_units *units)
{
    for (size_t i = 0; i < units->count; i++) {
        bc_buf_unref(&units->items[i].buf);
    }
    free(units->items);
    *units = (struct slate_units){ 0 };
}

size_t
slate_media_bytes(const struct slate_media *media)
{
    size_t units = media->pictures.count + media->sounds.count;
    return media->pictures.bytes + media->sounds.bytes
        + units * (sizeof(struct slate_unit) + sizeof(struct bc_buf) + BC_BUF_PADDING);
}
