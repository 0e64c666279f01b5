// SPDX-License-Identifier: Apache-2.0
#include "index.h"

#include <string.h>

#include <zlib.h>

#include "base/reader.h"
#include "bounds.h"

static const uint8_t MAGIC[8] = { 'B', 'C', 'I', 'N', 'D', 'E', 'X', '1' };

#define FLAG_INDEPENDENT 1u
#define FLAG_SEGMENT 2u
#define FLAG_DISCONTINUITY 4u

static void
put(uint8_t *out, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    }
}

void
record_index_head_write(uint8_t out[RECORD_INDEX_HEAD_BYTES])
{
    memcpy(out, MAGIC, sizeof(MAGIC));
    put(out + 8, RECORD_INDEX_BYTES, 4);
    put(out + 12, 0, 4);
}

bool
record_index_head_is_ours(const uint8_t in[RECORD_INDEX_HEAD_BYTES])
{
    uint8_t ours[RECORD_INDEX_HEAD_BYTES];
    record_index_head_write(ours);
    return memcmp(in, ours, sizeof(ours)) == 0;
}

static uint32_t
checksum(const uint8_t record[RECORD_INDEX_BYTES])
{
    return (uint32_t)crc32(crc32(0, NULL, 0), record + 4, RECORD_INDEX_BYTES - 4);
}

void
record_index_write(
    uint8_t out[RECORD_INDEX_BYTES], const struct bc_recording_part *part, uint64_t place)
{
    uint32_t flags = (part->independent ? FLAG_INDEPENDENT : 0)
        | (part->segment ? FLAG_SEGMENT : 0)
        | (part->discontinuity ? FLAG_DISCONTINUITY : 0);
    put(out + 4, part->file, 4);
    put(out + 8, part->offset, 8);
    put(out + 16, part->bytes, 4);
    put(out + 20, part->head_bytes, 4);
    put(out + 24, (uint64_t)part->start_us, 8);
    put(out + 32, (uint64_t)part->wall_us, 8);
    put(out + 40, part->duration_us, 4);
    put(out + 44, flags, 4);
    put(out + 48, part->msn, 8);
    put(out + 56, place, 8);
    put(out, checksum(out), 4);
}

static bool
is_in_bounds(const struct bc_recording_part *p)
{
    return p->file > 0 && p->file <= RECORD_FILES_MAX && p->offset <= INT64_MAX / 2
        && p->bytes > 0 && p->bytes <= RECORD_PART_MAX && p->head_bytes > 0
        && p->head_bytes < p->bytes && p->head_bytes <= RECORD_MOOF_MAX
        && p->start_us >= 0 && p->start_us <= RECORD_TIME_MAX_US && p->wall_us >= 0
        && p->wall_us <= RECORD_WALL_MAX_US;
}

bool
record_index_read(
    const uint8_t in[RECORD_INDEX_BYTES], uint64_t place, struct bc_recording_part *out)
{
    struct bc_reader r = bc_reader_init(in, RECORD_INDEX_BYTES);
    if (bc_read_u32(&r) != checksum(in)) {
        return false;
    }
    struct bc_recording_part p = { 0 };
    p.file = bc_read_u32(&r);
    p.offset = bc_read_u64(&r);
    p.bytes = bc_read_u32(&r);
    p.head_bytes = bc_read_u32(&r);
    p.start_us = (int64_t)bc_read_u64(&r);
    p.wall_us = (int64_t)bc_read_u64(&r);
    p.duration_us = bc_read_u32(&r);
    uint32_t flags = bc_read_u32(&r);
    p.msn = bc_read_u64(&r);
    p.independent = flags & FLAG_INDEPENDENT;
    p.segment = flags & FLAG_SEGMENT;
    p.discontinuity = flags & FLAG_DISCONTINUITY;
    if (bc_read_u64(&r) != place || !is_in_bounds(&p)) {
        return false;
    }
    *out = p;
    return true;
}
