// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_RECORDING_H
#define RECORD_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/file.h"

// A recording: one broadcast, or one clip, as a folder of files (docs/recording.md):
//
//   recording.json   what it is: channel, title, times; written anew when it ends
//   000001.mp4 …     ftyp, moov, then prft, moof, mdat for each part; each playable alone
//   index            a record of 64 bytes for each part; can be made anew from the files
//   pictures/        poster and thumbnails
//
// All times in it are recording time: microseconds since its first sample, without the time
// in which nothing came. The gaps tell what the wall clock did meanwhile.

#define BC_RECORDING_ID_MAX 40 // "20261122-153111-4f2a9c1b"
#define BC_RECORDING_TITLE_MAX 200 // bytes of UTF-8

enum bc_recording_kind { BC_RECORDING_REPLAY, BC_RECORDING_CLIP };

// Whether a text is an id, and so can be part of a path.
bool
bc_recording_id_is_valid(const char *id);

// A new id of a moment (Unix time): date, time and eight random digits.
void
bc_recording_id_make(char out[BC_RECORDING_ID_MAX + 1], int64_t wall_us);

// One HLS part.
struct bc_recording_part {
    uint32_t file;       // number of its file, from 1
    uint64_t offset;     // of its prft in the file
    uint32_t bytes;      // prft, moof and mdat
    uint32_t head_bytes; // prft, emsg where there are cues, and moof
    int64_t start_us;    // recording time
    int64_t wall_us;     // wall clock of the same moment, Unix time
    uint32_t duration_us;
    bool independent;    // begins with a sync sample of the picture
    bool segment;        // begins an HLS segment
    bool discontinuity;  // begins after a break: another format, host or run of the server
    uint64_t msn;        // media sequence number that the live playlist had for its segment
};

// Consecutive parts of one file that HLS shows as one segment.
struct bc_recording_segment {
    uint64_t number;     // from 0, counts the recording's segments
    uint32_t file;
    uint64_t offset;
    uint64_t bytes;
    int64_t start_us;
    int64_t wall_us;
    int64_t duration_us;
    uint64_t msn;
    uint32_t format;     // index into the formats
    uint32_t discontinuities; // before this one and its own
    bool independent;
    bool discontinuity;
    bool closed;         // false: the running broadcast may still add parts
    size_t first_part;
    size_t parts;
};

// A stretch in which nothing came (the host was away, the disk full, the server down).
struct bc_recording_gap {
    int64_t at_us;        // recording time
    int64_t wall_us;      // when it began
    int64_t duration_us;  // by the wall clock
};

struct bc_recording_info {
    enum bc_recording_kind kind;
    char id[BC_RECORDING_ID_MAX + 1];
    char channel[128];
    char title[BC_RECORDING_TITLE_MAX + 1];
    char source[BC_RECORDING_ID_MAX + 1]; // of a clip: the recording it was cut from
    int64_t source_from_us; // of a clip: recording time of its first frame there
    int64_t source_to_us;   // of a clip: of its end there
    bool frame_exact;       // of a clip: cut where it was asked for, not at keyframes
    int64_t began_wall_us;
    int64_t ended_wall_us;  // 0: still running
    int64_t duration_us;
    uint64_t bytes;
    size_t parts;
    size_t segments;
    size_t formats; // distinct init sections
    size_t gaps;
};

// The parts of one recording in memory, and its open files. A running one grows while it is
// read; a lock inside is held for copies only. Reference-counted, any thread.
struct bc_recording;

// Reads a folder, repairing nothing: parts whose bytes are missing or whose record is damaged
// are left out, as are all after them in the same file. An index that is missing or does not
// fit is made anew in memory from the files. Blocks on the disk. NULL with errno set.
struct bc_recording *
bc_recording_open(const char *folder);

struct bc_recording *
bc_recording_ref(struct bc_recording *r);

void
bc_recording_unref(struct bc_recording **holder);

void
bc_recording_info(const struct bc_recording *r, struct bc_recording_info *out);

const char *
bc_recording_folder(const struct bc_recording *r);

// Copies up to `max` from place `first` on; returns how many.
size_t
bc_recording_parts(const struct bc_recording *r, size_t first,
    struct bc_recording_part *out, size_t max);

size_t
bc_recording_segments(const struct bc_recording *r, size_t first,
    struct bc_recording_segment *out, size_t max);

size_t
bc_recording_gaps(const struct bc_recording *r, size_t first,
    struct bc_recording_gap *out, size_t max);

// The place of the part that holds a recording time, or the nearest one. False: it has none.
bool
bc_recording_find(const struct bc_recording *r, int64_t at_us, size_t *part);

// The recording time of a wall clock; a moment in a gap gives the gap's place and sets
// `*in_gap` (which may be NULL). False: before the first or after the last part.
bool
bc_recording_at_wall(
    const struct bc_recording *r, int64_t wall_us, int64_t *at_us, bool *in_gap);

// The init section (ftyp, moov) of a format; a new reference, NULL when there is none.
struct bc_buf *
bc_recording_init_section(const struct bc_recording *r, uint32_t format);

// The format of a file, and how many bytes its init section takes there. False: there is no
// such file.
bool
bc_recording_file_head(const struct bc_recording *r, uint32_t file, uint32_t *format,
    uint32_t *head_bytes);

// The file, opened when it is not yet (the only thing here that may block on a disk, as an
// open may); a new reference. NULL with errno set.
struct bc_file *
bc_recording_file(const struct bc_recording *r, uint32_t file);

// A part's bytes. Blocks. NULL with errno set (-EIO: the file is shorter than it was).
struct bc_buf *
bc_recording_read(const struct bc_recording *r, const struct bc_recording_part *part);

#endif
