// SPDX-License-Identifier: Apache-2.0
#include "hls_follow.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_SEGMENT = INT_MAX }; // last_part: nothing of this segment is missing

void
bc_hls_follow_init(struct bc_hls_follow *f, char *playlist_path)
{
    *f = (struct bc_hls_follow){.playlist_path = playlist_path, .last_msn = -1};
}

void
bc_hls_follow_set_path(struct bc_hls_follow *f, char *playlist_path)
{
    free(f->playlist_path);
    f->playlist_path = playlist_path;
}

void
bc_hls_follow_finish(struct bc_hls_follow *f)
{
    free(f->playlist_path);
    free(f->map_uri);
    bc_fetch_queue_finish(&f->queue);
    f->playlist_path = f->map_uri = NULL;
}

void
bc_hls_follow_reload_path(const struct bc_hls_follow *f, struct bc_buf *out)
{
    bool whole = f->last_part == WHOLE_SEGMENT;
    bc_buf_clear(out);
    bc_buf_add_text(out, f->playlist_path);
    if (f->last_msn >= 0) {
        bc_buf_add_format(out, "%c_HLS_msn=%lld&_HLS_part=%d%s",
                          strchr(f->playlist_path, '?') ? '&' : '?',
                          (long long)(whole ? f->last_msn + 1 : f->last_msn),
                          whole ? 0 : f->last_part + 1,
                          f->can_skip ? "&_HLS_skip=YES" : "");
    }
    bc_buf_add(out, "", 1);
}

static void
queue_map(struct bc_hls_follow *f, const struct bc_playlist *l)
{
    size_t len = f->map_uri ? strlen(f->map_uri) : 0;
    if (!l->map.start ||
        (f->map_uri && len == l->map.len && !memcmp(f->map_uri, l->map.start, len))) {
        return;
    }
    free(f->map_uri);
    f->map_uri = bc_xcalloc(l->map.len + 1);
    memcpy(f->map_uri, l->map.start, l->map.len);
    struct bc_fetch fetch = {
        .path = bc_hls_resolve(f->playlist_path, l->map),
        .offset = l->map_offset,
        .len = l->map_len,
    };
    bc_fetch_queue_push(&f->queue, fetch);
}

static void
queue_item(struct bc_hls_follow *f, const struct bc_playlist_item *item)
{
    struct bc_fetch fetch = {
        .path = bc_hls_resolve(f->playlist_path, item->uri),
        .offset = item->offset,
        .len = item->len,
        .media = true,
        .independent = item->independent,
    };
    bc_fetch_queue_push(&f->queue, fetch);
    f->last_msn = item->msn;
    f->last_part = item->part < 0 ? WHOLE_SEGMENT : item->part;
}

static size_t
live_edge(const struct bc_playlist *l)
{
    for (size_t i = l->count; i-- > 0;) {
        const struct bc_playlist_item *item = &l->items[i];
        if (item->part >= 0 ? item->independent : !item->has_parts) {
            return i;
        }
    }
    return l->count;
}

static bool
follows(const struct bc_hls_follow *f, const struct bc_playlist_item *item)
{
    bool next_part = item->msn == f->last_msn && item->part == f->last_part + 1;
    bool next_segment = item->msn == f->last_msn + 1 && item->part <= 0;
    return f->last_msn < 0 || next_part || next_segment;
}

static bool
is_new(const struct bc_hls_follow *f, const struct bc_playlist_item *item)
{
    if (item->part < 0) { // a whole segment only when it has no parts
        return !item->has_parts && item->msn > f->last_msn;
    }
    return item->msn > f->last_msn ||
           (item->msn == f->last_msn && item->part > f->last_part);
}

struct bc_hls_news
bc_hls_follow_take(struct bc_hls_follow *f, const struct bc_playlist *l)
{
    struct bc_hls_news news = {0};
    size_t before = bc_fetch_queue_len(&f->queue);
    f->can_skip = l->can_skip;
    for (size_t i = f->last_msn < 0 ? live_edge(l) : 0; i < l->count; i++) {
        const struct bc_playlist_item *item = &l->items[i];
        if (is_new(f, item)) {
            news.skipped += !follows(f, item);
            queue_map(f, l);
            queue_item(f, item);
        } else if (item->part < 0 && item->msn == f->last_msn) {
            // Its parts are gone from the list: the last ones may have passed unseen.
            news.skipped += f->last_part != WHOLE_SEGMENT && !item->has_parts;
            f->last_part = WHOLE_SEGMENT;
        }
    }
    news.queued = bc_fetch_queue_len(&f->queue) - before;
    return news;
}
