// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_BOX_H
#define CONTAINER_BOX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"

#define BC_FOURCC(a, b, c, d)                                                            \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

// Box and FullBox headers, ISO/IEC 14496-12 4.2. The size is filled in by bc_box_end().
static inline size_t
bc_box_begin(struct bc_writer *w, const char type[4])
{
    size_t at = w->len;
    bc_write_u32(w, 0);
    bc_write_bytes(w, type, 4);
    return at;
}

static inline size_t
bc_full_box_begin(
    struct bc_writer *w, const char type[4], uint8_t version, uint32_t flags)
{
    size_t at = bc_box_begin(w, type);
    bc_write_u8(w, version);
    bc_write_u24(w, flags);
    return at;
}

static inline void
bc_box_end(struct bc_writer *w, size_t at)
{
    if (!w->failed) {
        bc_write_be_at(w, at, w->len - at, 4);
    }
}

static inline void
bc_box_zeros(struct bc_writer *w, size_t n)
{
    uint8_t *p = bc_write_reserve(w, n);
    if (p) {
        memset(p, 0, n);
    }
}

// A box whose content is bytes that stand ready, as a codec's configuration record.
static inline void
bc_box_write(struct bc_writer *w, const char type[4], const void *data, size_t len)
{
    size_t at = bc_box_begin(w, type);
    bc_write_bytes(w, data, len);
    bc_box_end(w, at);
}

#endif
