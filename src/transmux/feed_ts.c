// SPDX-License-Identifier: Apache-2.0
#include "feed_ts.h"

#include <string.h>

#define COUNTER_MASK 0x0f

static uint16_t
pid_of(const uint8_t *packet)
{
    return (uint16_t)((packet[1] & 0x1f) << 8 | packet[2]);
}

static struct bc_ts_counter *
counter_of(const struct bc_feed_ts *ts, uint16_t pid)
{
    for (unsigned i = 0; i < ts->count; i++) {
        if (ts->counters[i].pid == pid) {
            return (struct bc_ts_counter *)&ts->counters[i];
        }
    }
    return NULL;
}

// Only packets with payload count (ISO/IEC 13818-1 2.4.3.3); those without repeat the
// number, so they may be noted, too.
static void
note_counters(struct bc_feed_ts *ts, const uint8_t *data, size_t len)
{
    for (size_t at = 0; at + BC_TS_PACKET_BYTES <= len; at += BC_TS_PACKET_BYTES) {
        uint16_t pid = pid_of(data + at);
        struct bc_ts_counter *c = counter_of(ts, pid);
        if (!c) {
            if (ts->count == sizeof(ts->counters) / sizeof(ts->counters[0])) {
                continue;
            }
            c = &ts->counters[ts->count++];
            c->pid = pid;
        }
        c->newest = data[at + 3] & COUNTER_MASK;
    }
}

void
bc_feed_ts_open(struct bc_feed_ts *ts, const struct bc_feed_tracks *tracks)
{
    memset(ts, 0, sizeof(*ts));
    ts->mux = bc_ts_mux_create();
    bc_feed_ts_set_tracks(ts, tracks);
}

void
bc_feed_ts_close(struct bc_feed_ts *ts)
{
    bc_ts_mux_destroy(ts->mux);
    ts->mux = NULL;
}

void
bc_feed_ts_set_tracks(struct bc_feed_ts *ts, const struct bc_feed_tracks *tracks)
{
    if (ts->mux) {
        bc_ts_mux_set_tracks(ts->mux, tracks->video, tracks->audio);
    }
}

bool
bc_feed_ts_write(struct bc_feed_ts *ts, struct bc_writer *w,
    const struct bc_packet *packet, int64_t base_us, bool start)
{
    if (!ts->mux || !packet->track || !bc_ts_has_codec(packet->track->codec)) {
        return false;
    }
    size_t before = w->len;
    // Keyframes bring them along (SRT-12).
    if (start && packet->kind != BC_KIND_VIDEO) {
        bc_ts_mux_write_tables(ts->mux, w);
    }
    size_t tables = w->len;
    bc_ts_mux_write_packet(ts->mux, w, packet, base_us);
    if (w->failed || w->len == tables) {
        return false;
    }
    note_counters(ts, w->data + before, w->len - before);
    return true;
}

void
bc_feed_ts_write_tables(struct bc_feed_ts *ts, struct bc_writer *w)
{
    if (!ts->mux) {
        return;
    }
    size_t before = w->len;
    bc_ts_mux_write_tables(ts->mux, w);
    if (!w->failed) {
        note_counters(ts, w->data + before, w->len - before);
    }
}

void
bc_feed_ts_write_break(
    const struct bc_feed_ts *ts, struct bc_writer *w, enum bc_kind kind)
{
    if (ts->mux) {
        bc_ts_mux_write_break(ts->mux, w, kind != BC_KIND_VIDEO);
    }
}

void
bc_feed_ts_shift(uint8_t *data, size_t len, const struct bc_feed_ts *from,
    const struct bc_feed_ts *to)
{
    for (size_t at = 0; at + BC_TS_PACKET_BYTES <= len; at += BC_TS_PACKET_BYTES) {
        const struct bc_ts_counter *old = counter_of(from, pid_of(data + at));
        const struct bc_ts_counter *wanted = counter_of(to, pid_of(data + at));
        if (old && wanted) {
            uint8_t *byte = &data[at + 3];
            uint8_t counter = (uint8_t)(*byte + wanted->newest - old->newest);
            *byte = (uint8_t)((*byte & ~COUNTER_MASK) | (counter & COUNTER_MASK));
        }
    }
}
