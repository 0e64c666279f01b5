// SPDX-License-Identifier: Apache-2.0
#ifndef EGRESS_REPLAY_H
#define EGRESS_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "media_internal.h"
#include "record/recording.h"

enum bc_replay_what {
    BC_REPLAY_NOTHING,      // a name that stands for nothing here
    BC_REPLAY_MULTIVARIANT, // index.m3u8
    BC_REPLAY_PLAYLIST,     // main.m3u8, or dvr.m3u8 of a live
    BC_REPLAY_MEDIA,        // s12.m4s, i0.mp4
    BC_REPLAY_MP4,          // /replay/ID.mp4, /clip/ID.mp4
    BC_REPLAY_CLASSIC,      // the exported file
    BC_REPLAY_CUES,         // cues.json
    BC_REPLAY_CARD,         // card-ID-REVISION.svg, of a cue
    BC_REPLAY_PICTURE,      // poster.jpg, thumbnails.vtt, sheet-0001.jpg
};

// A URL of a recording taken apart.
struct bc_replay_url {
    enum bc_recording_kind kind;
    enum bc_replay_what what;
    bool dvr; // below a channel, which is the recording's
    char id[BC_RECORDING_ID_MAX + 1]; // "" for a DVR playlist: what is recorded now
    char channel[BC_CHANNEL_NAME_MAX + 1]; // of a DVR, "" else
    char sid[BC_HLS_SID_TEXT];
    const char *file; // the last component, inside the path
};

// "/replay/ID/…", "/replay/ID.mp4", the same with "clip", and below a channel
// "s/SID/dvr.m3u8" and "s/SID/dvr/ID/…". False: another path.
bool
bc_replay_url_parse(const char *path, struct bc_replay_url *out);

// Answers it.
void
bc_replay_handle(
    struct bc_media *media, struct bc_http_exchange *x, const struct bc_replay_url *url);

// "index.m3u8?dvr=1": answers when the channel is recorded now; false when not, or when the
// query says nothing of it.
bool
bc_replay_handle_dvr_index(struct bc_media *media, struct bc_http_exchange *x,
    const struct bc_media_url *url);

// --- replay_cache.c ---

enum bc_replay_text {
    BC_REPLAY_TEXT_MULTIVARIANT,
    BC_REPLAY_TEXT_MAIN,
    BC_REPLAY_TEXT_DVR,
    BC_REPLAY_TEXT_DVR_DELTA,
    BC_REPLAY_TEXT_COUNT,
};

// The URI of the one media playlist in the text of a multivariant one, to be replaced.
#define BC_REPLAY_URI "@"

// What is wanted of the cache.
struct bc_replay_query {
    struct bc_recording *recording; // borrowed
    enum bc_replay_text text;
    bool gzip;
    int64_t window_us; // DVR
    int64_t target_us; // TARGETDURATION at least
};

// The text if it was made and nothing has come since; a new reference or NULL. Never blocks
// for long.
struct bc_buf *
bc_replays_peek(struct bc_replays *replays, const struct bc_replay_query *query);

// The same, made if need be: once, whoever asks meanwhile. For a disk thread. NULL without
// memory or when there is nothing to play yet.
struct bc_buf *
bc_replays_make(struct bc_replays *replays, const struct bc_replay_query *query);

struct bc_http_extent;

// A recording as one MP4 file; the last one of each recording is kept. For a disk thread,
// as files are opened. 0 with `*items` of `*count`, which are the caller's with their
// references, or a negative errno (-ENOENT: nothing of that format). `etag_text` tells this
// state of it apart from others.
int
bc_replays_mp4(struct bc_replays *replays, struct bc_recording *r, int64_t format,
    struct bc_http_extent **items, size_t *count, char etag_text[64]);

#endif
