// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_SCAN_H
#define RECORD_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "container/cmaf_read.h"

// Finds the parts of a media file by its boxes, for when the index does not tell. Only
// heads of boxes and moofs are read, no media.

// When the samples of a moof are, by kind: 0 picture, 1 sound.
struct record_times {
    bool has[2];
    int64_t first_us[2];
    int64_t end_us[2];
    bool sync;       // the first sample of the picture, or of the only sound, is one
    uint64_t bytes;  // from the moof's first byte to the last sample's end
};

// 0 or negative errno.
int
record_times_read(const uint8_t *moof, size_t len, const struct bc_cmaf_movie *movie,
    struct record_times *out);

// The picture's, or else the sound's.
int64_t
record_times_first_us(const struct record_times *t);

int64_t
record_times_end_us(const struct record_times *t);

// Reads ftyp and moov; owned by the caller. 0 or negative errno.
int
record_scan_head(int fd, uint64_t size, struct bc_buf **out);

// A part as it lies in a file.
struct record_scan_part {
    uint64_t bytes;      // of all boxes
    uint32_t head_bytes; // before the mdat
    uint32_t moof_at;    // behind prft and event messages
    bool has_prft;
    int64_t start_us;
    int64_t wall_us; // 0 without prft
    struct record_times times;
};

// Whether complete boxes of a part begin at `offset` and how long they are; `times` and
// the clocks are not filled in. 0; -ENOENT: nothing more or not all of it; -EINVAL:
// something else lies there; or another negative errno.
int
record_scan_boxes(int fd, uint64_t size, uint64_t offset, struct record_scan_part *out);

// The same with all that its moof tells.
int
record_scan_part(int fd, uint64_t size, uint64_t offset,
    const struct bc_cmaf_movie *movie, struct record_scan_part *out);

#endif
