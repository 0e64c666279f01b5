// SPDX-License-Identifier: Apache-2.0
#include "stamp.h"

#include <string.h>

enum { UUID_LEN = 16, NIBBLES = 16 };

static const uint8_t uuid[UUID_LEN] = {0xb7, 0x9c, 0x2d, 0x73, 0x74, 0x61, 0x4d, 0x70,
                                       0xa7, 0x51, 0x4e, 0x8b, 0x93, 0xd2, 0xc5, 0xe9};

void
bc_stamp_write(uint8_t out[BC_STAMP_NAL_LEN], int64_t now_ns)
{
    out[0] = 6; // nal_unit_type: SEI
    out[1] = 5; // payloadType: user_data_unregistered
    out[2] = BC_STAMP_LEN;
    memcpy(out + 3, uuid, UUID_LEN);
    for (int i = 0; i < NIBBLES; i++) {
        out[3 + UUID_LEN + i] = (uint8_t)(0x50 | ((uint64_t)now_ns >> (60 - 4 * i) & 15));
    }
    out[BC_STAMP_NAL_LEN - 1] = 0x80; // rbsp_trailing_bits
}

static int64_t
decode(const uint8_t *p)
{
    uint64_t ns = 0;
    for (int i = 0; i < NIBBLES; i++) {
        if ((p[i] & 0xf0) != 0x50) {
            return 0;
        }
        ns = ns << 4 | (p[i] & 15);
    }
    return (int64_t)ns;
}

// Reports the stamps that are whole in p[0..n) and begin before `before`.
static void
find(const uint8_t *p, size_t n, size_t before, bc_stamp_fn *on_stamp, void *userdata)
{
    size_t at = 0;
    while (n - at >= BC_STAMP_LEN) {
        const uint8_t *hit = memmem(p + at, n - at, uuid, UUID_LEN);
        if (!hit || (size_t)(hit - p) >= before || p + n - hit < BC_STAMP_LEN) {
            return;
        }
        int64_t ns = decode(hit + UUID_LEN);
        if (ns) {
            on_stamp(userdata, ns);
        }
        at = (size_t)(hit - p) + UUID_LEN;
    }
}

static void
keep_tail(struct bc_stamp_scan *s, const uint8_t *p, size_t n)
{
    const size_t max = sizeof(s->tail);
    if (n >= max) {
        memcpy(s->tail, p + n - max, max);
        s->tail_len = max;
        return;
    }
    size_t keep = s->tail_len + n > max ? max - n : s->tail_len;
    memmove(s->tail, s->tail + s->tail_len - keep, keep);
    memcpy(s->tail + keep, p, n);
    s->tail_len = keep + n;
}

void
bc_stamp_scan_feed(struct bc_stamp_scan *s, const uint8_t *p, size_t n,
                   bc_stamp_fn *on_stamp, void *userdata)
{
    if (!n) {
        return;
    }
    if (s->tail_len) { // a stamp that began in the bytes fed before
        uint8_t joined[2 * BC_STAMP_LEN];
        size_t more = n < sizeof(s->tail) ? n : sizeof(s->tail);
        memcpy(joined, s->tail, s->tail_len);
        memcpy(joined + s->tail_len, p, more);
        find(joined, s->tail_len + more, s->tail_len, on_stamp, userdata);
    }
    find(p, n, n, on_stamp, userdata);
    keep_tail(s, p, n);
}
