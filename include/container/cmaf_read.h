// SPDX-License-Identifier: Apache-2.0
#ifndef CONTAINER_CMAF_READ_H
#define CONTAINER_CMAF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "container/cmaf.h"
#include "media/track.h"

// Reads back what container/cmaf.h writes: init segments and chunks of ours, from files that
// may be torn or edited. Pure functions; nothing is allocated by what a length field claims.

// The head of a box (ISO/IEC 14496-12 4.2).
struct bc_cmaf_box {
    uint32_t type;
    uint64_t size;  // of the whole box
    size_t head;    // bytes before its payload: 8 or 16
};

// 0; -EAGAIN: more bytes are needed; -EINVAL: no box begins like this (also size 0, "to the
// end of the file", which nobody writes here).
int
bc_cmaf_box_read(const uint8_t *data, size_t len, struct bc_cmaf_box *out);

// The next box in a reader that consists of boxes, and moves on. False at the end, and when
// what is there is no box or not whole: then the reader has failed.
bool
bc_cmaf_box_next(struct bc_reader *r, uint32_t *type, struct bc_reader *body);

// The first box of a type. False when there is none or the boxes before it are broken.
bool
bc_cmaf_box_find(struct bc_reader r, uint32_t type, struct bc_reader *body);

struct bc_cmaf_movie_track {
    uint32_t track_id;
    uint32_t timescale;
    struct bc_track *track; // owned reference, from the sample entry
};

// What an init section tells.
struct bc_cmaf_movie {
    struct bc_cmaf_movie_track tracks[BC_CMAF_MAX_TRACKS];
    size_t count;
};

// From ftyp and moov, complete. 0, -EINVAL, -ENOTSUP (a sample entry that we do not write),
// -ENOMEM. Nothing to finish on errors.
int
bc_cmaf_movie_read(const uint8_t *data, size_t len, struct bc_cmaf_movie *out);

void
bc_cmaf_movie_finish(struct bc_cmaf_movie *movie);

// A sample of a chunk.
struct bc_cmaf_read_sample {
    size_t track;      // index into the movie's tracks
    uint64_t dts;      // ticks
    uint32_t duration; // ticks
    int32_t cts;       // pts - dts in ticks
    bool sync;
    uint64_t offset;   // from the first byte of the moof
    uint32_t len;
};

// Calls `each` for the samples of one complete moof box in the order of the file, until it
// returns false. 0; -EINVAL for a box that makes no sense; -ENOENT for a track that the movie
// does not have. Where a moof may begin with other boxes (prft), the caller has skipped them.
int
bc_cmaf_moof_read(const uint8_t *moof, size_t len, const struct bc_cmaf_movie *movie,
    bool (*each)(void *user, const struct bc_cmaf_read_sample *sample), void *user);

// Adds `delta_us` to every tfdt of a complete moof, in place, each rounded to its track's
// ticks; below zero it stays at zero. 0 or -EINVAL.
int
bc_cmaf_moof_shift(
    uint8_t *moof, size_t len, const struct bc_cmaf_movie *movie, int64_t delta_us);

// ProducerReferenceTimeBox (ISO/IEC 14496-12 8.16.5), version 1: the wall clock of a media
// time. It stands before the moof that it tells of.
#define BC_CMAF_PRFT_BYTES 32

struct bc_cmaf_prft {
    uint32_t track_id;
    int64_t wall_us;  // Unix time
    uint64_t media_time; // ticks of the track
};

void
bc_cmaf_prft_write(uint8_t out[BC_CMAF_PRFT_BYTES], const struct bc_cmaf_prft *prft);

int
bc_cmaf_prft_read(const uint8_t *box, size_t len, struct bc_cmaf_prft *out);

#endif
