// SPDX-License-Identifier: Apache-2.0
#ifndef RECORD_BOUNDS_H
#define RECORD_BOUNDS_H

#include <stdint.h>

// What a folder may hold. Beyond it a writer ends and a reader stops: these are bounds on
// what a damaged or forged folder can cost, far above what a broadcast needs.
#define RECORD_PARTS_MAX 8000000 // 18 days of 200 ms
#define RECORD_FILES_MAX 100000
#define RECORD_FORMATS_MAX 256
#define RECORD_INIT_MAX (4u << 20)
#define RECORD_MOOF_MAX (4u << 20)
#define RECORD_PART_MAX (128u << 20)
#define RECORD_JSON_MAX (64u << 10)
#define RECORD_TIME_MAX_US INT64_C(315360000000000) // ten years
#define RECORD_WALL_MAX_US INT64_C(32503680000000000) // the year 3000

// A new file begins at a segment's border beyond this.
#define RECORD_FILE_BYTES (UINT64_C(256) << 20)
#define RECORD_FILE_US INT64_C(600000000)

// The wall clock may differ this much from the media's before it counts as a gap.
#define RECORD_GAP_US 500000

// Open at the same time of one recording.
#define RECORD_OPEN_FILES 64

#endif
