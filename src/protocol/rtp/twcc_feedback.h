// SPDX-License-Identifier: Apache-2.0
#ifndef TWCC_FEEDBACK_H
#define TWCC_FEEDBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

// The form of transport-wide feedback, draft-holmer-rmcat-transport-wide-cc-extensions-01
// section 3.1.

#define TWCC_TICK_US 250
#define TWCC_TICKS_PER_REFERENCE 256 // the reference time counts 64 ms

// A packet's status; also how many bytes its delta has.
enum twcc_symbol {
    TWCC_NOT_RECEIVED = 0,
    TWCC_SMALL_DELTA = 1,
    TWCC_LARGE_DELTA = 2,
    TWCC_RESERVED = 3,
};

#define TWCC_VECTOR 0x8000 // a chunk of symbols, not a run of one
#define TWCC_VECTOR_WIDE 0x4000 // 7 symbols of two bits, not 14 of one
#define TWCC_RUN_MAX 0x1fff

// A feedback message while it is read; on the stack of its reader.
struct twcc_feedback {
    uint16_t base;
    uint16_t count; // of statuses
    uint32_t reference; // 24 bits
    struct bc_reader chunks;
    struct bc_reader deltas;
    unsigned done; // statuses so far
    unsigned symbols; // the current chunk's, the next one in the upper bits
    unsigned bits; // of a symbol; 0 in a run
    unsigned left; // symbols of the chunk
    int64_t tick; // of the last packet that came, since the reference time
};

struct twcc_status {
    uint16_t seq;
    bool received;
    int64_t after_us; // when it came, since the message's reference time
};

// -EINVAL when a length lies or a symbol is unknown; else every status can be read.
int
twcc_feedback_open(struct twcc_feedback *f, const uint8_t *fci, size_t len);

// False after the last one.
bool
twcc_feedback_next(struct twcc_feedback *f, struct twcc_status *out);

#endif
