// SPDX-License-Identifier: Apache-2.0
// What a host is told about what came.
#include "base/clock.h"
#include "inbound_internal.h"

#define PLI_US 500000      // at most one keyframe request per stream in this time
#define FEEDBACK_US 50000  // transport-wide: browsers expect some ten to twenty a second
#define REPORT_US 1000000
#define REMB_BPS 10000000  // what hosts without transport-wide feedback may send

static void
send_all(struct bc_inbound *in, struct bc_writer *w)
{
    if (w->len > 0 && !w->failed) {
        bc_peer_send_rtcp(in->peer, w->data, w->len);
    }
    bc_writer_finish(w);
}

void
bc_inbound_nack(void *user, const uint16_t *seqs, unsigned count)
{
    struct bc_inbound_stream *s = user;
    struct bc_writer w = { 0 };
    bc_rtcp_write_nack(&w, s->in->own_ssrc, s->ssrc, seqs, count);
    send_all(s->in, &w);
}

static void
send_pli(struct bc_inbound_stream *s, int64_t now_us)
{
    struct bc_writer w = { 0 };
    s->asked_us = now_us;
    s->wants_key = false;
    s->in->key_requests++;
    bc_rtcp_write_pli(&w, s->in->own_ssrc, s->ssrc);
    send_all(s->in, &w);
}

void
bc_inbound_want_key(struct bc_inbound_stream *s)
{
    int64_t now = bc_clock_us();
    if (now - s->asked_us >= PLI_US) {
        send_pli(s, now);
    } else {
        s->wants_key = true;
    }
}

static void
write_remb(struct bc_inbound *in, struct bc_writer *w)
{
    uint32_t ssrcs[BC_INBOUND_STREAMS];
    unsigned n = 0;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        if (in->streams[i].used && in->streams[i].kind == BC_KIND_VIDEO) {
            ssrcs[n++] = in->streams[i].ssrc;
        }
    }
    if (n > 0) {
        bc_rtcp_write_remb(w, in->own_ssrc, ssrcs, n, REMB_BPS);
    }
}

static void
report(struct bc_inbound *in, int64_t now_us)
{
    struct bc_rtcp_report reports[BC_INBOUND_STREAMS];
    unsigned n = 0;
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        if (in->streams[i].used) {
            bc_rtp_receiver_report(in->streams[i].receiver, now_us, &reports[n]);
            reports[n++].ssrc = in->streams[i].ssrc;
        }
    }
    struct bc_writer w = { 0 };
    if (n > 0) {
        bc_rtcp_write_rr(&w, in->own_ssrc, reports, n);
        if (in->session.video.goog_remb && !in->session.video.transport_cc) {
            write_remb(in, &w);
        }
    }
    send_all(in, &w);
}

// Segments of HLS end, and viewers start, at keyframes.
static bool
key_is_due(const struct bc_inbound_stream *s, int64_t now_us)
{
    int64_t interval = s->used ? s->in->key_interval_us : 0;
    return interval > 0 && s->kind == BC_KIND_VIDEO && s->key_us > 0
        && now_us - s->key_us >= interval && now_us - s->asked_us >= interval;
}

void
bc_inbound_feedback(struct bc_inbound *in, int64_t now_us)
{
    for (unsigned i = 0; i < BC_INBOUND_STREAMS; i++) {
        struct bc_inbound_stream *s = &in->streams[i];
        if (key_is_due(s, now_us)) {
            s->wants_key = true;
        }
        if (s->used && s->wants_key && now_us - s->asked_us >= PLI_US) {
            send_pli(s, now_us);
        }
    }
    if (in->twcc && now_us - in->fed_back_us >= FEEDBACK_US) {
        struct bc_writer w = { 0 };
        in->fed_back_us = now_us;
        bc_twcc_receiver_write(in->twcc, &w, in->own_ssrc, in->streams[0].ssrc);
        send_all(in, &w);
    }
    if (now_us - in->reported_us >= REPORT_US) {
        in->reported_us = now_us;
        report(in, now_us);
    }
}
