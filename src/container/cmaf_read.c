// SPDX-License-Identifier: Apache-2.0
#include "container/cmaf_read.h"

#include <errno.h>

#include "base/writer.h"
#include "container/box.h"

#define LARGE_SIZE 1 // the size is behind the type, in 64 bits

#define US_PER_S 1000000
#define NTP_TO_UNIX_S INT64_C(2208988800) // from 1900 to 1970
#define NTP_ERA_S (INT64_C(1) << 32)
#define PRFT_PAYLOAD (BC_CMAF_PRFT_BYTES - 8)
// The wall clock is told for the same media time again and again in the same way, but not
// said to be that of an encoder (8.16.5.3).
#define PRFT_CONSISTENT 8

// What stands in four bytes that name a box: ISO 646 and, in metadata, the sign of ©nam.
static bool
is_type(uint32_t type)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint8_t c = (uint8_t)(type >> shift);
        if ((c < 0x20 || c > 0x7e) && c != 0xa9) {
            return false;
        }
    }
    return true;
}

int
bc_cmaf_box_read(const uint8_t *data, size_t len, struct bc_cmaf_box *out)
{
    struct bc_reader r = bc_reader_init(data, len);
    uint64_t size = bc_read_u32(&r);
    uint32_t type = bc_read_u32(&r);
    if (r.failed) {
        return -EAGAIN;
    }
    size_t head = 8;
    if (size == LARGE_SIZE) {
        size = bc_read_u64(&r);
        head = 16;
    }
    if (!is_type(type)) {
        return -EINVAL;
    }
    if (r.failed) {
        return -EAGAIN;
    }
    if (size < head || size > INT64_MAX) {
        return -EINVAL;
    }
    *out = (struct bc_cmaf_box){ type, size, head };
    return 0;
}

bool
bc_cmaf_box_next(struct bc_reader *r, uint32_t *type, struct bc_reader *body)
{
    struct bc_cmaf_box box;
    if (r->failed || bc_reader_left(r) == 0) {
        return false;
    }
    if (bc_cmaf_box_read(r->p, bc_reader_left(r), &box) < 0
        || box.size > bc_reader_left(r)) {
        r->failed = true;
        return false;
    }
    bc_read_skip(r, box.head);
    *type = box.type;
    *body = bc_read_sub(r, (size_t)box.size - box.head);
    return true;
}

bool
bc_cmaf_box_find(struct bc_reader r, uint32_t type, struct bc_reader *body)
{
    uint32_t found;
    while (bc_cmaf_box_next(&r, &found, body)) {
        if (found == type) {
            return true;
        }
    }
    return false;
}

void
bc_cmaf_prft_write(uint8_t out[BC_CMAF_PRFT_BYTES], const struct bc_cmaf_prft *prft)
{
    int64_t s = prft->wall_us / US_PER_S;
    int64_t us = prft->wall_us % US_PER_S;
    if (us < 0) {
        s--;
        us += US_PER_S;
    }
    uint64_t fraction = (((uint64_t)us << 32) + US_PER_S / 2) / US_PER_S;
    const struct {
        uint64_t value;
        size_t bytes;
    } fields[] = {
        { BC_CMAF_PRFT_BYTES, 4 },
        { BC_FOURCC('p', 'r', 'f', 't'), 4 },
        { UINT32_C(1) << 24 | PRFT_CONSISTENT, 4 }, // version, flags
        { prft->track_id, 4 },
        { (uint64_t)(s + NTP_TO_UNIX_S), 4 }, // eras are not told: RFC 5905 6
        { fraction, 4 },
        { prft->media_time, 8 },
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        for (size_t k = fields[i].bytes; k > 0; k--) {
            *out++ = (uint8_t)(fields[i].value >> (8 * (k - 1)));
        }
    }
}

int
bc_cmaf_prft_read(const uint8_t *box, size_t len, struct bc_cmaf_prft *out)
{
    struct bc_reader r = bc_reader_init(box, len);
    struct bc_reader body;
    uint32_t type;
    if (!bc_cmaf_box_next(&r, &type, &body) || type != BC_FOURCC('p', 'r', 'f', 't')
        || bc_reader_left(&body) != PRFT_PAYLOAD || bc_read_u8(&body) != 1) {
        return -EINVAL;
    }
    bc_read_skip(&body, 3);
    out->track_id = bc_read_u32(&body);
    int64_t s = (int64_t)bc_read_u32(&body);
    uint64_t fraction = bc_read_u32(&body);
    // The first era ends in 2036; what would be before 1968 is of the second.
    s += s < NTP_ERA_S / 2 ? NTP_ERA_S : 0;
    int64_t us = (int64_t)((fraction * US_PER_S + (UINT64_C(1) << 31)) >> 32);
    out->wall_us = (s - NTP_TO_UNIX_S) * US_PER_S + us;
    out->media_time = bc_read_u64(&body);
    return 0;
}
