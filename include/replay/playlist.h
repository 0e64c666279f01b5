// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_PLAYLIST_H
#define REPLAY_PLAYLIST_H

#include "base/buf.h"
#include "record/cues.h"
#include "record/recording.h"

// HLS of recordings (RFC 8216): texts alone, no I/O but what a recording reads. Media names:
// "s12.m4s" is the recording's segment 12 (its parts in the file, one after the other),
// "i0.mp4" the init section of format 0.

// What a media playlist is for.
enum bc_replay_form {
    BC_REPLAY_VOD,   // ended: all of it, EXT-X-PLAYLIST-TYPE:VOD and ENDLIST
    BC_REPLAY_EVENT, // running: all closed segments so far, TYPE:EVENT
    BC_REPLAY_DVR,   // a live with a window: closed segments of the last `window_us`
};

struct bc_replay_playlist_params {
    enum bc_replay_form form;
    int64_t window_us; // DVR
    bool ended;        // DVR: ENDLIST
    const char *prefix; // stands before the media names; "" or "s/4f2a/"
    // DVR: 0, or a delta update may leave out segments whose sequence number is below this
    // (UINT64_MAX: all that is old enough, 6 target durations from the end).
    uint64_t skip_until;
    // TARGETDURATION, which must not change while the playlist grows; more if a segment is
    // longer. 0: 6 s, which holds unless segments are cut longer.
    int64_t target_us;
    const struct bc_recording_cues *cues; // borrowed; as EXT-X-DATERANGE. NULL: none
};

// The media playlist, with PROGRAM-DATE-TIME, MAP and DISCONTINUITY where needed. In DVR form
// the media sequence numbers are those of the live playlist, as long as the recording lacks
// nothing; they count on without holes in any case. NULL without memory or while
// there is no closed segment.
struct bc_buf *
bc_replay_playlist(
    const struct bc_recording *r, const struct bc_replay_playlist_params *params);

// The multivariant playlist with the one media playlist `uri`; CODECS, RESOLUTION,
// FRAME-RATE and BANDWIDTH (peak segment) from the recording.
struct bc_buf *
bc_replay_multivariant(const struct bc_recording *r, const char *uri);

// Reads "s12.m4s" or "i0.mp4". False: another name.
bool
bc_replay_media_name(const char *name, bool *init, uint64_t *number);

#endif
