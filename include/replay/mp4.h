// SPDX-License-Identifier: Apache-2.0
#ifndef REPLAY_MP4_H
#define REPLAY_MP4_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "record/recording.h"

// A recording as one MP4 file.

// A stretch of the recording's media as it lies in a file.
struct bc_replay_stretch {
    uint32_t file;
    uint64_t offset;
    uint64_t bytes;
};

// The fragmented form, which needs no preparation: a head made in memory (ftyp; moov with the
// duration in mehd; sidx with one reference per segment, ISO/IEC 14496-12 8.16.3) and the
// files' stretches behind it, as they are. The same recording gives the same bytes once it
// has ended; of a running one, what was closed at the time of the call.
struct bc_replay_mp4 {
    struct bc_buf *head; // owned
    struct bc_replay_stretch *stretches; // owned
    size_t count;
    uint64_t bytes; // of the whole file
    uint32_t format;
};

// One file holds one format, as players take only one sample description: `format` is the
// place of the one wanted. -ENOENT: no closed segment of that format; -ENOMEM. Blocks on
// nothing.
int
bc_replay_mp4_make(
    const struct bc_recording *r, uint32_t format, struct bc_replay_mp4 *out);

void
bc_replay_mp4_finish(struct bc_replay_mp4 *mp4);

// The format with the longest media: what is given when none is named.
uint32_t
bc_replay_mp4_main_format(const struct bc_recording *r);

struct bc_replay_export_params {
    const struct bc_recording *recording;
    const char *path;      // of the new file; written beside it and renamed at the end
    int64_t from_us;       // recording time of the first picture shown; 0 for all
    int64_t to_us;         // of the end; INT64_MAX for all
    atomic_int *progress;  // percent; NULL if nobody asks
    const atomic_bool *cancel; // NULL: never
};

// The classic form: ftyp, moov with all sample tables, mdat (moov in front, so that it
// plays while it downloads; 64-bit offsets where needed), samples interleaved by half a
// second, several formats as several sample descriptions. `from_us` begins at the
// keyframe at or before it with an edit list that hides what is before. Decoding times
// are the recording's; the edit lists also hold what B-frames and audio priming shift
// (MP4 track starts). creation_time is the recording's wall clock. Media is read twice at
// most and never held in memory. Blocks; for a thread of its own. 0, -ENOENT (nothing
// there), -ECANCELED, -ENOSPC or another negative errno; then there is no file.
int
bc_replay_export(const struct bc_replay_export_params *params);

#endif
