// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_OBU_H
#define MEDIA_OBU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/reader.h"
#include "base/writer.h"

// obu_type, AV1 bitstream 6.2.2.
enum bc_obu_type {
    BC_OBU_SEQUENCE_HEADER = 1,
    BC_OBU_TEMPORAL_DELIMITER = 2,
    BC_OBU_FRAME_HEADER = 3,
    BC_OBU_FRAME = 6,
    BC_OBU_TILE_LIST = 8,
    BC_OBU_PADDING = 15,
};

// One OBU. Points into somebody's bytes.
struct bc_obu {
    uint8_t type;
    uint8_t head[2]; // the header and its extension, without the bit that tells a size
    uint8_t head_len;
    const uint8_t *payload;
    size_t len; // of the payload
};

// The next OBU; one without a size reaches to the end (5.3.1). -EINVAL when it makes no
// sense, with the reader failed.
int
bc_obu_read(struct bc_reader *r, struct bc_obu *obu);

// Whether it is of use outside of its stream: no delimiter, padding or tile list.
bool
bc_obu_is_useful(const struct bc_obu *obu);

// In the low-overhead format: header, size, payload.
void
bc_obu_write(struct bc_writer *w, const struct bc_obu *obu);

// How many bytes bc_obu_write() writes.
size_t
bc_obu_bytes(const struct bc_obu *obu);

// What a look at the OBUs of one temporal unit found. Points into the looked-at bytes.
struct bc_obu_unit {
    bool has_frame;
    bool is_key;            // its first frame is a keyframe, and shown
    bool is_plain;          // only useful OBUs, all with a size
    struct bc_obu sequence; // the last sequence header; payload NULL without one
};

// -EINVAL when it cannot be taken apart; what was found before is in `*unit`.
int
bc_obu_scan(const uint8_t *data, size_t len, struct bc_obu_unit *unit);

// The useful OBUs of a unit in the low-overhead format: what samples and tags carry. NULL
// without memory.
struct bc_buf *
bc_obu_rewrite(const uint8_t *data, size_t len);

// leb128(), 4.10.5; values over 32 bits fail.
uint32_t
bc_read_leb128(struct bc_reader *r);

void
bc_write_leb128(struct bc_writer *w, uint32_t v);

size_t
bc_leb128_bytes(uint32_t v);

#endif
