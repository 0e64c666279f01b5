// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_HLS_FOLLOW_H
#define BENCH_HLS_FOLLOW_H

#include "fetch_queue.h"

// How far one media playlist was followed, and what of it is still to be fetched.
// Embedded in a viewer's track.
struct bc_hls_follow {
    char *playlist_path; // owned
    char *map_uri;       // owned
    int64_t last_msn;    // the newest taken; -1: none
    int last_part;
    bool can_skip;
    struct bc_fetch_queue queue;
};

// Takes playlist_path over.
void bc_hls_follow_init(struct bc_hls_follow *f, char *playlist_path);
void bc_hls_follow_set_path(struct bc_hls_follow *f, char *playlist_path);
void bc_hls_follow_finish(struct bc_hls_follow *f);

// The playlist's next reload: the first time without directives, as players do; then
// blocking, for what follows the last part taken.
void bc_hls_follow_reload_path(const struct bc_hls_follow *f, struct bc_buf *out);

struct bc_hls_news {
    size_t queued;  // fetches added
    size_t skipped; // times at which parts were missed
};

// Queues what is new in the playlist. At first that starts with the newest independent
// part.
struct bc_hls_news bc_hls_follow_take(struct bc_hls_follow *f,
                                      const struct bc_playlist *l);

#endif
