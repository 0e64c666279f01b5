// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_CMAF_BOX_H
#define CONTAINER_CMAF_BOX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"

// Box and FullBox headers, ISO/IEC 14496-12 4.2. The size is filled in by box_end().
static inline size_t
box_begin(struct bc_writer *w, const char type[4])
{
    size_t at = w->len;
    bc_write_u32(w, 0);
    bc_write_bytes(w, type, 4);
    return at;
}

static inline size_t
full_box_begin(struct bc_writer *w, const char type[4], uint8_t version, uint32_t flags)
{
    size_t at = box_begin(w, type);
    bc_write_u8(w, version);
    bc_write_u24(w, flags);
    return at;
}

static inline void
box_end(struct bc_writer *w, size_t at)
{
    if (!w->failed) {
        bc_write_be_at(w, at, w->len - at, 4);
    }
}

static inline void
box_zeros(struct bc_writer *w, size_t n)
{
    uint8_t *p = bc_write_reserve(w, n);
    if (p) {
        memset(p, 0, n);
    }
}

// A box whose content is bytes that stand ready, as a codec's configuration record.
static inline void
box_write(struct bc_writer *w, const char type[4], const void *data, size_t len)
{
    size_t at = box_begin(w, type);
    bc_write_bytes(w, data, len);
    box_end(w, at);
}

#endif
