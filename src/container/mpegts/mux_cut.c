// SPDX-License-Identifier: Apache-2.0
// A PES packet as TS packets (ISO/IEC 13818-1 2.4.3.2, 2.4.3.4). Its size is known before
// it is written, so every packet gets its adaptation field when it is begun and the bytes
// go to their place at once. What is short of the last packet is filled in front of them.
#include <string.h>

#include "mux.h"
#include "ts.h"

#define PCR_FIELD_BYTES 8 // length, flags, PCR
#define FIELD_DISCONTINUITY 0x80
#define FIELD_RANDOM_ACCESS 0x40
#define FIELD_PCR 0x10
#define STUFFING 0xff

static uint8_t
flags_of(const struct bc_ts_start *s)
{
    return (uint8_t)((s->discontinuity ? FIELD_DISCONTINUITY : 0)
        | (s->random_access ? FIELD_RANDOM_ACCESS : 0) | (s->has_pcr ? FIELD_PCR : 0));
}

// An adaptation field of `bytes` in all.
static uint8_t *
put_field(uint8_t *p, size_t bytes, const struct bc_ts_start *s)
{
    uint8_t *end = p + bytes;
    *p++ = (uint8_t)(bytes - 1);
    if (bytes > 1) {
        *p++ = s ? flags_of(s) : 0;
    }
    if (s && s->has_pcr) {
        // base(33) reserved(6) extension(9)
        uint64_t v = (s->pcr & 0x1ffffffff) << 15 | 0x7e00;
        for (unsigned i = 0; i < 6; i++) {
            *p++ = (uint8_t)(v >> (40 - 8 * i));
        }
    }
    memset(p, STUFFING, (size_t)(end - p));
    return end;
}

// The next TS packet, with `field` bytes of adaptation field at least.
static void
open_packet(
    struct bc_ts_cutter *c, bool begins, size_t field, const struct bc_ts_start *s)
{
    size_t room = TS_PAYLOAD_MAX - field;
    if (c->left < room) {
        field += room - c->left;
        room = c->left;
    }
    uint8_t *p = c->at;
    *p++ = TS_SYNC;
    *p++ = (uint8_t)((begins ? 0x40 : 0) | c->pid >> 8);
    *p++ = (uint8_t)c->pid;
    *p++ = (uint8_t)((field > 0 ? 0x30 : 0x10) | *c->cc);
    *c->cc = (*c->cc + 1) & 15;
    c->at = field > 0 ? put_field(p, field, s) : p;
    c->room = room;
    c->left -= room;
}

bool
bc_ts_cut_begin(struct bc_ts_cutter *c, struct bc_writer *w,
    const struct bc_ts_start *start, size_t bytes)
{
    size_t field = start->has_pcr ? PCR_FIELD_BYTES : flags_of(start) ? 2 : 0;
    size_t packets = (bytes + field + TS_PAYLOAD_MAX - 1) / TS_PAYLOAD_MAX;
    c->at = bc_write_reserve(w, packets * BC_TS_PACKET_BYTES);
    c->left = bytes;
    c->pid = start->pid;
    c->cc = start->cc;
    if (!c->at) {
        return false;
    }
    open_packet(c, true, field, start);
    return true;
}

void
bc_ts_cut(struct bc_ts_cutter *c, const uint8_t *p, size_t len)
{
    while (len > 0) {
        if (c->room == 0) {
            open_packet(c, false, 0, NULL);
        }
        size_t n = len < c->room ? len : c->room;
        memcpy(c->at, p, n);
        c->at += n;
        c->room -= n;
        p += n;
        len -= n;
    }
}

void
bc_ts_write_empty(struct bc_writer *w, const struct bc_ts_start *start)
{
    uint8_t *p = bc_write_reserve(w, BC_TS_PACKET_BYTES);
    if (p) {
        // Without payload the counter stands still: it is the last packet's.
        *p++ = TS_SYNC;
        *p++ = (uint8_t)(start->pid >> 8);
        *p++ = (uint8_t)start->pid;
        *p++ = (uint8_t)(0x20 | ((*start->cc + 15) & 15));
        put_field(p, TS_PAYLOAD_MAX, start);
    }
}
