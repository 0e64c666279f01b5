// SPDX-License-Identifier: Apache-2.0
// AV1's open bitstream units (AV1 bitstream 5.3):
//
//   0 type(4) extension(1) has_size(1) 0 | extension: temporal(3) spatial(2) 000
//   | size leb128 | payload
#include "media/obu.h"

#include <errno.h>

#define HAS_EXTENSION 0x04
#define HAS_SIZE 0x02
#define LEB128_MAX_BYTES 8
#define SHOW_EXISTING 0x80
#define FRAME_TYPE_MASK 0x60
#define SHOW_FRAME 0x10

uint32_t
bc_read_leb128(struct bc_reader *r)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < LEB128_MAX_BYTES; i++) {
        uint8_t byte = bc_read_u8(r);
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80)) {
            r->failed |= v > UINT32_MAX;
            return r->failed ? 0 : (uint32_t)v;
        }
    }
    r->failed = true;
    return 0;
}

void
bc_write_leb128(struct bc_writer *w, uint32_t v)
{
    while (v >= 0x80) {
        bc_write_u8(w, (uint8_t)(v | 0x80));
        v >>= 7;
    }
    bc_write_u8(w, (uint8_t)v);
}

size_t
bc_leb128_bytes(uint32_t v)
{
    size_t n = 1;
    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

int
bc_obu_read(struct bc_reader *r, struct bc_obu *obu)
{
    uint8_t head = bc_read_u8(r);
    obu->type = head >> 3 & 0xf;
    obu->head[0] = head & (uint8_t)~HAS_SIZE;
    obu->head[1] = head & HAS_EXTENSION ? bc_read_u8(r) : 0;
    obu->head_len = head & HAS_EXTENSION ? 2 : 1;
    obu->len = head & HAS_SIZE ? bc_read_leb128(r) : bc_reader_left(r);
    obu->payload = bc_read_bytes(r, obu->len);
    r->failed |= (head & 0x80) != 0; // obu_forbidden_bit
    return r->failed ? -EINVAL : 0;
}

bool
bc_obu_is_useful(const struct bc_obu *obu)
{
    return obu->type != BC_OBU_TEMPORAL_DELIMITER && obu->type != BC_OBU_PADDING
        && obu->type != BC_OBU_TILE_LIST;
}

void
bc_obu_write(struct bc_writer *w, const struct bc_obu *obu)
{
    bc_write_u8(w, obu->head[0] | HAS_SIZE);
    bc_write_bytes(w, obu->head + 1, obu->head_len - 1u);
    w->failed |= obu->len > UINT32_MAX;
    bc_write_leb128(w, (uint32_t)obu->len);
    bc_write_bytes(w, obu->payload, obu->len);
}

size_t
bc_obu_bytes(const struct bc_obu *obu)
{
    return obu->head_len + bc_leb128_bytes((uint32_t)obu->len) + obu->len;
}

// uncompressed_header(), 5.9.2, of a sequence that is no single picture.
static bool
is_shown_key(const struct bc_obu *obu)
{
    return obu->len > 0 && (obu->payload[0] & SHOW_EXISTING) == 0
        && (obu->payload[0] & FRAME_TYPE_MASK) == 0 && (obu->payload[0] & SHOW_FRAME) != 0;
}

int
bc_obu_scan(const uint8_t *data, size_t len, struct bc_obu_unit *unit)
{
    struct bc_reader r = bc_reader_init(data, len);
    *unit = (struct bc_obu_unit){ .is_plain = true };
    while (bc_reader_left(&r) > 0) {
        uint8_t head = *r.p;
        struct bc_obu obu;
        if (bc_obu_read(&r, &obu) < 0) {
            return -EINVAL;
        }
        unit->is_plain &= (head & HAS_SIZE) && bc_obu_is_useful(&obu);
        bool frame = obu.type == BC_OBU_FRAME || obu.type == BC_OBU_FRAME_HEADER;
        if (obu.type == BC_OBU_SEQUENCE_HEADER) {
            unit->sequence = obu;
        } else if (frame && !unit->has_frame) {
            unit->has_frame = true;
            unit->is_key = is_shown_key(&obu);
        }
    }
    return 0;
}

struct bc_buf *
bc_obu_rewrite(const uint8_t *data, size_t len)
{
    struct bc_reader r = bc_reader_init(data, len);
    struct bc_writer w = { 0 };
    struct bc_obu obu;
    while (bc_reader_left(&r) > 0 && bc_obu_read(&r, &obu) == 0) {
        if (bc_obu_is_useful(&obu)) {
            bc_obu_write(&w, &obu);
        }
    }
    struct bc_buf *buf = bc_buf_from_writer(&w);
    bc_writer_finish(&w);
    return buf;
}
