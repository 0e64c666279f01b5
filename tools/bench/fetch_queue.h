// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_FETCH_QUEUE_H
#define BENCH_FETCH_QUEUE_H

#include "playlist.h"

// A part, segment or initialisation section that waits for its turn.
struct bc_fetch {
    char *path; // owned by the queue once added
    int64_t offset;
    int64_t len; // -1: all of it
    bool media;
    bool independent;
};

// First in, first out. Zero-initialised = empty.
struct bc_fetch_queue {
    struct bc_fetch *items; // owned
    size_t start;
    size_t end;
    size_t cap;
};

size_t bc_fetch_queue_len(const struct bc_fetch_queue *q);
void bc_fetch_queue_push(struct bc_fetch_queue *q, struct bc_fetch f);
// NULL when empty; borrowed until the next push or drop.
const struct bc_fetch *bc_fetch_queue_first(const struct bc_fetch_queue *q);
void bc_fetch_queue_drop_first(struct bc_fetch_queue *q);
void bc_fetch_queue_finish(struct bc_fetch_queue *q);

// What `uri` means in the playlist at `base`: a path on the same server. The caller
// frees.
char *bc_hls_resolve(const char *base, struct bc_span uri);

#endif
