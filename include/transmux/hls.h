// SPDX-License-Identifier: Apache-2.0
#ifndef TRANSMUX_HLS_H
#define TRANSMUX_HLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "media/packet.h"

// LL-HLS of one stream (draft-pantos-hls-rfc8216bis): packets become CMAF parts, parts
// become segments, and every step is a snapshot from which any thread answers requests.
//
// Playlists: "main.m3u8" (video and audio in one track file, or the only one there is),
// for streams with both "audio.m3u8", and for hosts that send several qualities "v1.m3u8"
// to "v3.m3u8", each with the sound inside. All have the same segment numbers. Media:
// "main_1234.m4s" (a segment; the number is its media sequence number),
// "main_1200.77.m4s" (a part: the muxer's first number, then a count that ignores
// segments, so that the next part's name is always known), "main_init_1234.mp4" (the init
// section of the epoch that begins with segment 1234); audio_… and v1_… likewise.

// Lengths in microseconds. 0 takes the default; values out of reason are brought to the
// limits.
struct bc_hls_params {
    int64_t part_us;    // longest part wanted; default 200 ms
    int64_t segment_us; // segments end at the first IDR after this; default 2 s
    int64_t target_us;  // TARGETDURATION; a segment is cut by force before; default 4 s
    int64_t window_us; // what a playlist holds; default 60 s, at least 8 target durations
    size_t window_bytes; // of media kept at most by all playlists; default 256 MiB
    // Number of the first segment. Above all that this URL ever had, so derived from the
    // wall clock: then players survive a restart of the server.
    uint64_t first_msn;
    uint64_t first_dseq; // of discontinuities; 0: derived from first_msn
};

enum bc_hls_rendition {
    BC_HLS_MAIN,
    BC_HLS_AUDIO,
    BC_HLS_V1, // packets of rendition 1, and so on
    BC_HLS_V2,
    BC_HLS_V3,
    BC_HLS_RENDITIONS
};

// What all playlists and media of the stream are at one moment. Immutable and
// reference-counted; any thread. Requests that wait are asked again with the next one.
struct bc_hls_snapshot;

// A stream's muxer. Owned by the stream and used on its home worker's thread only. It
// reads no clock: time passes with the packets.
struct bc_hls_muxer;

// Called from within push, pause and end, at most once per call, when a part or a segment
// was added or the stream ended. Whoever keeps the snapshot takes a reference of its own.
typedef void
bc_hls_on_update(void *user, struct bc_hls_snapshot *snapshot);

struct bc_hls_muxer *
bc_hls_create(const struct bc_hls_params *params, bc_hls_on_update *on_update,
    void *user);

// NULL is fine. Snapshots that others hold stay valid.
void
bc_hls_destroy(struct bc_hls_muxer *m);

// The next packet of the stream, any kind; those that CMAF cannot carry are passed over. A cue
// (BC_KIND_CUE) is in the part with the first picture at or after its dts, as an event message.
// The muxer takes its own reference. `wall_us` is the wall clock of the packet's pts; it
// is used where an epoch begins.
void
bc_hls_push(struct bc_hls_muxer *m, struct bc_packet *packet, int64_t wall_us);

// The take dropped: what is held back becomes the last part of a closed segment. The
// playlists stay live; the next packet goes on, in a new epoch or not.
void
bc_hls_pause(struct bc_hls_muxer *m);

// No more packets will come: as pause, and the playlists get their ENDLIST.
void
bc_hls_end(struct bc_hls_muxer *m);

// The newest snapshot, borrowed until the next call of the muxer; NULL before the first
// part.
struct bc_hls_snapshot *
bc_hls_latest(struct bc_hls_muxer *m);

struct bc_hls_snapshot *
bc_hls_snapshot_ref(struct bc_hls_snapshot *s);

// Drops the reference and makes the holder NULL; a NULL holder is fine.
void
bc_hls_snapshot_unref(struct bc_hls_snapshot **holder);

// Whether there is something to play: a first part with a sample that can start a
// decoder.
bool
bc_hls_snapshot_playable(const struct bc_hls_snapshot *s);

// Whether it may be told now which playlists there are: at the start of a broadcast the
// smaller pictures come a moment after the main one.
bool
bc_hls_snapshot_complete(const struct bc_hls_snapshot *s);

bool
bc_hls_snapshot_ended(const struct bc_hls_snapshot *s);

bool
bc_hls_snapshot_has(const struct bc_hls_snapshot *s, enum bc_hls_rendition rendition);

// Of who counts its parts and segments: another one means that they begin anew.
uint64_t
bc_hls_snapshot_serial(const struct bc_hls_snapshot *s);

// The codec of the picture that comes and has no place here; BC_CODEC_NONE when there is
// no such. The playlists then have the sound alone.
enum bc_codec
bc_hls_snapshot_passed_over(const struct bc_hls_snapshot *s);

// A part of the main playlist, for who keeps them. Pointers are borrowed from the snapshot.
struct bc_hls_part {
    struct bc_buf *buf;  // emsg where there are cues, moof, mdat
    struct bc_buf *init; // of its segment
    uint64_t number;     // counts the muxer's parts, from 0
    uint64_t msn;        // of its segment
    uint64_t dseq;       // discontinuities up to and including its segment
    int64_t start_us;    // media time
    int64_t end_us;
    int64_t wall_us;     // wall clock of its start
    bool independent;    // its first sample can start a decoder
    bool segment;        // the first of its segment
};

// Fills `out` with the parts from number `from` on, oldest first; returns how many, at most
// `max`. Parts that have left the window are passed over, which shows in their numbers.
size_t
bc_hls_snapshot_parts(const struct bc_hls_snapshot *s, uint64_t from,
    struct bc_hls_part *out, size_t max);

// Where its media has come to; INT64_MIN: there is none.
int64_t
bc_hls_snapshot_end_us(const struct bc_hls_snapshot *s);

// TARGETDURATION: a request that waited for 3 of them gets 503 (LL-11), caching follows
// it (LL-17).
int64_t
bc_hls_snapshot_target_us(const struct bc_hls_snapshot *s);

struct bc_hls_stats {
    uint64_t last_msn;     // newest segment of the main playlist, counting the open one
    uint64_t last_dseq;    // discontinuities up to and including that segment
    uint64_t parts;        // published in the main playlist since the muxer began
    size_t window_bytes;   // of media held
    int64_t part_target_us;
    int64_t last_part_wall_us;    // wall clock of the end of the newest main part
    int64_t last_part_arrived_us; // bc_clock_us() stamp of the newest packet in it
    unsigned renderings;   // playlist texts made for this snapshot so far
    unsigned compressions; // gzip passes made for this snapshot so far
};

void
bc_hls_snapshot_stats(const struct bc_hls_snapshot *s, struct bc_hls_stats *out);

enum bc_hls_answer {
    BC_HLS_BAD,   // 400
    BC_HLS_READY, // answer now
    BC_HLS_WAIT,  // ask again with the next snapshot
    BC_HLS_GONE,  // 404
};

// The delivery directives of a playlist request.
struct bc_hls_query {
    bool has_msn;
    bool has_part;
    bool skip; // _HLS_skip=YES or v2
    uint64_t msn;
    uint64_t part;
};

// Reads the directives out of a query string without its "?"; other parameters are passed
// over. -EINVAL (answer 400) when a directive is no decimal number, repeated, or a part
// comes without its sequence number.
int
bc_hls_query_parse(const char *text, size_t len, struct bc_hls_query *out);

// "main.m3u8", "audio.m3u8", "v1.m3u8" and so on; false for other names.
bool
bc_hls_playlist_name(const char *name, enum bc_hls_rendition *rendition);

// Where the sound is all there is, it stands under "audio" as well as under "main".

// What to do with a playlist request (LL-8 to LL-10). `*why` is set with BAD and GONE; it
// may be NULL. A NULL snapshot means that nothing was published yet.
enum bc_hls_answer
bc_hls_playlist_state(const struct bc_hls_snapshot *s, enum bc_hls_rendition rendition,
    const struct bc_hls_query *q, const char **why);

// The playlist's text, or its gzip. Made once per snapshot and shared by all threads and
// requests; a new reference. NULL without memory, or before the snapshot is playable.
struct bc_buf *
bc_hls_playlist(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, bool delta,
    bool gzip);

// The same with lines of EXT-X-DATERANGE in it (transmux/hls_dates.h); those with the same
// lines are shared, too. NULL `dates`: without.
struct bc_buf *
bc_hls_playlist_dated(struct bc_hls_snapshot *s, enum bc_hls_rendition rendition, bool delta,
    bool gzip, struct bc_buf *dates);

// The multivariant playlist; `prefix` stands before the names of the playlists ("s/4f2a/"
// or ""). NULL without memory, or before the snapshot is playable.
struct bc_buf *
bc_hls_multivariant(const struct bc_hls_snapshot *s, const char *prefix);

// Above any segment's count of parts.
#define BC_HLS_SEGMENT_PARTS 128

// The bytes of a media file: all bufs one after the other. The holder finishes it.
struct bc_hls_resource {
    struct bc_buf *bufs[BC_HLS_SEGMENT_PARTS]; // owned references
    size_t count;
    size_t len; // in all
    const char *content_type;
    bool immutable; // the name will never stand for other bytes
};

// Looks a media file up. READY fills `out`; WAIT for the hinted next part and for the
// segment whose parts are being made; GONE for names that are not, not any more or not
// yet known.
enum bc_hls_answer
bc_hls_resource(const struct bc_hls_snapshot *s, const char *name,
    struct bc_hls_resource *out);

void
bc_hls_resource_finish(struct bc_hls_resource *r);

#endif
