// SPDX-License-Identifier: Apache-2.0
// RTP timestamps of several streams on one clock.
#include "inbound_internal.h"
#include "protocol/rtp/rtcp.h"

// Once packets flow, a stream's place is corrected by no more than this per report.
#define GLIDE_US 5000
// A report this far off the place by arrival is a host whose NTP clock is not one.
#define REPORT_MAX_OFF_US 3000000

static int64_t
to_us(const struct bc_inbound_stream *s, int64_t ticks)
{
    return ticks * 1000000 / (int64_t)s->clock_rate;
}

int64_t
bc_inbound_time(struct bc_inbound_stream *s, uint32_t timestamp, int64_t arrived_us)
{
    int64_t us = to_us(s, bc_unwrap_bits(&s->clock, timestamp, 32));
    if (!s->placed) {
        s->placed = true;
        s->offset_us = arrived_us - us;
    }
    return us + s->offset_us;
}

static int64_t
magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

// How far the stream's place should move by its latest report.
static int64_t
correction(const struct bc_inbound_stream *s)
{
    int64_t off = s->report_offset_us + s->in->shift_us - s->offset_us;
    return magnitude(off) > REPORT_MAX_OFF_US ? 0 : off;
}

void
bc_inbound_on_sr(struct bc_inbound_stream *s, uint64_t ntp, uint32_t rtp)
{
    if (ntp == 0 || !s->clock.started) {
        return;
    }
    // A copy: the report may be older than the newest packet.
    struct bc_unwrap clock = s->clock;
    int64_t us = to_us(s, bc_unwrap_bits(&clock, rtp, 32));
    s->has_report = true;
    s->report_offset_us = bc_ntp_to_wall_us(ntp) - us;
    struct bc_inbound *in = s->in;
    if (in->holding || !s->placed) {
        return;
    }
    if (!in->has_shift) {
        in->has_shift = true;
        in->shift_us = s->offset_us - s->report_offset_us;
        return;
    }
    int64_t off = correction(s);
    s->offset_us += off > GLIDE_US ? GLIDE_US : off < -GLIDE_US ? -GLIDE_US : off;
}

void
bc_inbound_align(struct bc_inbound *in)
{
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (!s->used || !s->placed || !s->has_report) {
            continue;
        }
        if (!in->has_shift) {
            in->has_shift = true;
            in->shift_us = s->offset_us - s->report_offset_us;
        }
        s->offset_us += correction(s);
    }
}
