// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtp/twcc.h"

#include <stdlib.h>

#include "protocol/rtp/packet.h"
#include "rtcp_types.h"
#include "twcc_feedback.h"

#define WINDOW 2048 // a power of two
// A packet that comes after its absence was reported has everything from it on reported
// once more; not when it is older than this.
#define LATE_MAX 512

// Limits of one feedback packet: together about 1050 bytes.
#define STATUSES_MAX 800
#define DELTA_BYTES_MAX 800

#define NOT_ARRIVED INT64_MIN

struct bc_twcc_receiver {
    int64_t arrivals_us[WINDOW]; // by extended sequence number; NOT_ARRIVED
    bool started;
    int64_t begin; // extended: where the next feedback begins
    int64_t highest;
    uint8_t number; // of the next feedback packet
};

// The statuses of one feedback packet, before they become chunks. On the stack.
struct statuses {
    uint8_t symbols[STATUSES_MAX];
    int16_t deltas[STATUSES_MAX]; // of those that came
    unsigned count;
    unsigned received;
    unsigned delta_bytes;
};

struct bc_twcc_receiver *
bc_twcc_receiver_create(void)
{
    return calloc(1, sizeof(struct bc_twcc_receiver));
}

void
bc_twcc_receiver_destroy(struct bc_twcc_receiver *r)
{
    free(r);
}

static int64_t *
arrival_of(struct bc_twcc_receiver *r, int64_t seq)
{
    return &r->arrivals_us[(uint64_t)seq & (WINDOW - 1)];
}

static void
start(struct bc_twcc_receiver *r, uint16_t seq)
{
    for (unsigned i = 0; i < WINDOW; i++) {
        r->arrivals_us[i] = NOT_ARRIVED;
    }
    r->started = true;
    r->begin = seq;
    r->highest = r->begin - 1;
}

void
bc_twcc_receiver_on_packet(struct bc_twcc_receiver *r, uint16_t seq, int64_t now_us)
{
    int diff = bc_rtp_seq_diff(seq, (uint16_t)r->highest);
    if (!r->started || diff >= WINDOW || diff <= -WINDOW) {
        start(r, seq);
        diff = 1;
    }
    int64_t extended = r->highest + diff;
    while (r->highest < extended) {
        *arrival_of(r, ++r->highest) = NOT_ARRIVED;
    }
    if (r->begin <= r->highest - WINDOW) {
        r->begin = r->highest - WINDOW + 1;
    }
    int64_t *arrival_us = arrival_of(r, extended);
    if (*arrival_us != NOT_ARRIVED || extended + LATE_MAX < r->begin) {
        return;
    }
    *arrival_us = now_us;
    if (extended < r->begin) {
        r->begin = extended;
    }
}

// Floors, also what is negative.
static int64_t
ticks_of(int64_t us)
{
    return us / TWCC_TICK_US - (us % TWCC_TICK_US < 0);
}

// From r->begin on as much as one packet takes. Returns the reference time.
static int64_t
collect(struct bc_twcc_receiver *r, struct statuses *out)
{
    int64_t first = r->begin;
    while (first < r->highest && *arrival_of(r, first) == NOT_ARRIVED) {
        first++;
    }
    int64_t first_tick = ticks_of(*arrival_of(r, first));
    int64_t reference = first_tick / TWCC_TICKS_PER_REFERENCE
        - (first_tick % TWCC_TICKS_PER_REFERENCE < 0);
    int64_t tick = reference * TWCC_TICKS_PER_REFERENCE;
    while (r->begin <= r->highest && out->count < STATUSES_MAX
        && out->delta_bytes + 2 <= DELTA_BYTES_MAX) {
        int64_t arrival_us = *arrival_of(r, r->begin);
        uint8_t symbol = TWCC_NOT_RECEIVED;
        if (arrival_us != NOT_ARRIVED) {
            int64_t delta = ticks_of(arrival_us) - tick;
            if (delta < INT16_MIN || delta > INT16_MAX) {
                break; // the next packet has a reference of its own
            }
            symbol =
                delta >= 0 && delta <= UINT8_MAX ? TWCC_SMALL_DELTA : TWCC_LARGE_DELTA;
            out->deltas[out->received++] = (int16_t)delta;
            out->delta_bytes += symbol;
            tick += delta;
        }
        out->symbols[out->count++] = symbol;
        r->begin++;
    }
    return reference;
}

static void
write_vector(struct bc_writer *w, const uint8_t *symbols, unsigned n, unsigned bits)
{
    unsigned chunk = TWCC_VECTOR | (bits == 2 ? TWCC_VECTOR_WIDE : 0);
    for (unsigned i = 0; i < n; i++) {
        chunk |= (unsigned)symbols[i] << (14 - bits * (i + 1));
    }
    bc_write_u16(w, (uint16_t)chunk);
}

// Chooses the chunk that says most: a long run, 14 symbols of one bit, or 7 of two. Only
// the last one may be partly used.
static void
write_chunks(struct bc_writer *w, const struct statuses *s)
{
    for (unsigned at = 0; at < s->count;) {
        const uint8_t *symbols = s->symbols + at;
        unsigned left = s->count - at;
        unsigned run = 1;
        while (run < left && symbols[run] == symbols[0]) {
            run++;
        }
        unsigned narrow = 0;
        while (narrow < left && narrow < 14 && symbols[narrow] != TWCC_LARGE_DELTA) {
            narrow++;
        }
        if (narrow < 14 && narrow < left) {
            narrow = 0;
        }
        unsigned wide = left < 7 ? left : 7;
        unsigned n = run;
        if (run >= narrow && run >= wide) {
            bc_write_u16(w, (uint16_t)(symbols[0] << 13 | run));
        } else if (narrow >= wide) {
            n = narrow;
            write_vector(w, symbols, n, 1);
        } else {
            n = wide;
            write_vector(w, symbols, n, 2);
        }
        at += n;
    }
}

static void
write_deltas(struct bc_writer *w, const struct statuses *s)
{
    unsigned next = 0;
    for (unsigned i = 0; i < s->count; i++) {
        if (s->symbols[i] != TWCC_NOT_RECEIVED) {
            bc_write_be(w, (uint16_t)s->deltas[next++], s->symbols[i]);
        }
    }
}

void
bc_twcc_receiver_write(struct bc_twcc_receiver *r, struct bc_writer *w,
    uint32_t sender_ssrc, uint32_t media_ssrc)
{
    while (r->started && r->begin <= r->highest) {
        struct statuses s = { .count = 0 };
        uint16_t base = (uint16_t)r->begin;
        int64_t reference = collect(r, &s);
        size_t at = w->len;
        bc_write_u8(w, RTCP_VERSION << 6 | RTCP_FMT_TWCC);
        bc_write_u8(w, RTCP_PT_RTPFB);
        bc_write_u16(w, 0);
        bc_write_u32(w, sender_ssrc);
        bc_write_u32(w, media_ssrc);
        bc_write_u16(w, base);
        bc_write_u16(w, (uint16_t)s.count);
        bc_write_u24(w, (uint32_t)reference & 0xffffff);
        bc_write_u8(w, r->number++);
        write_chunks(w, &s);
        write_deltas(w, &s);
        unsigned padding = w->failed ? 0 : (unsigned)(4 - (w->len - at) % 4) % 4;
        if (padding > 0) {
            bc_write_be(w, padding, padding);
            bc_write_be_at(w, at, RTCP_VERSION << 6 | 0x20 | RTCP_FMT_TWCC, 1);
        }
        if (!w->failed) {
            bc_write_be_at(w, at + 2, (w->len - at) / 4 - 1, 2);
        }
    }
}
