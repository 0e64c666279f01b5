// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_MP4_HEAD_H
#define REPLAY_MP4_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

// A segment as sidx refers to it.
struct mp4_reference {
    int64_t start_us;
    int64_t end_us;
    uint64_t bytes;
    bool independent;
};

// ftyp, moov and sidx of a fragmented file: the format's init section with the duration put
// into it, and an index of what follows. 0; -EINVAL: an init section or segments that make no
// sense; -ENOMEM.
int
mp4_head_make(const struct bc_buf *init, const struct mp4_reference *references,
    size_t count, struct bc_buf **out);

#endif
