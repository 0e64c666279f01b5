// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_FLVFILE_H
#define BENCH_FLVFILE_H

#include "util.h"

struct bc_flvfile_tag {
    uint8_t type;
    bool header; // sequence header: sent in the first round only
    bool video_frame;
    uint32_t ts_ms;
    uint32_t offset; // of the body
    uint32_t len;
    uint32_t
        stamp_at; // where in the body the stamp goes: before the first slice; 0: nowhere
};

// An FLV file in memory, indexed, to be published in real time and in a loop.
struct bc_flvfile {
    uint8_t *data;               // owned
    struct bc_flvfile_tag *tags; // owned
    size_t count;
    size_t cap;
    uint32_t loop_ms;
    struct bc_buf metadata; // @setDataFrame onMetaData, without what only a file has
};

void bc_flvfile_load(struct bc_flvfile *f, const char *path);
// The body of tag i, stamped with the time now, replaces what is in `out`.
void bc_flvfile_body(const struct bc_flvfile *f, size_t i, struct bc_buf *out);

#endif
