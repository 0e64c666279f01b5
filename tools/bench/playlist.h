// SPDX-License-Identifier: Apache-2.0
#ifndef BENCH_PLAYLIST_H
#define BENCH_PLAYLIST_H

#include "util.h"

// Bytes inside the playlist's text, which must outlive it.
struct bc_span {
    const char *start; // NULL: absent
    size_t len;
};

struct bc_playlist_item {
    int64_t msn;
    int part; // -1: a whole segment
    bool independent;
    bool has_parts; // a whole segment whose parts are listed too
    int64_t offset;
    int64_t len; // of the byte range; -1: all of it
    struct bc_span uri;
};

enum { BC_MAX_RENDITIONS = 8 };

// An HLS playlist, as far as a low-latency viewer needs it. Reused from parse to parse.
struct bc_playlist {
    bool multivariant;
    bool can_block;
    bool can_skip;
    bool ended;
    double target_s;
    double part_target_s;
    struct bc_span map;
    int64_t map_offset;
    int64_t map_len;        // -1: all of it
    struct bc_span variant; // multivariant: the first one
    struct bc_span audio;   // and its audio rendition, if that has a playlist of its own
    struct bc_playlist_item *items; // owned
    size_t count;
    size_t cap;
};

// `text` ends with NUL. 0, or -EPROTO when it is no playlist.
int bc_playlist_parse(struct bc_playlist *l, const char *text);
void bc_playlist_finish(struct bc_playlist *l);

#endif
