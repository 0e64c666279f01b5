// SPDX-License-Identifier: Apache-2.0
// RTCP of a viewer: reports out; feedback in.
#include "base/clock.h"
#include "protocol/rtp/rtcp.h"
#include "rtp_viewer.h"

#define REMB_MAX_BPS 10000000000 // a peer may write up to 2^81
#define RESEND_MIN_MS 20 // before the same packet is sent again, at least
#define DEBT_MAX 12000 // bytes that answers to NACK may be ahead of the pace

// What one compound packet is handled with.
struct incoming {
    struct bc_rtp_viewer *v;
    int64_t now_us;
};

// --- reports ---

// The stream's timestamp of this moment by the channel's clock: both streams are mapped
// from the same wall clock, and that is what lip-sync hangs on.
static bool
timestamp_at(struct bc_rtp_viewer *v, struct bc_rtp_stream *s, int64_t wall_us,
    uint32_t *out)
{
    const struct bc_rtp_ring *ring = &v->window->rings[s->lane];
    if (ring->next == ring->first) {
        return false;
    }
    const struct bc_rtp_frame *f = bc_rtp_ring_frame(ring, ring->next - 1);
    int64_t rate = f->kind == BC_KIND_VIDEO ? 90 : 48;
    *out = bc_rtp_viewer_timestamp(v, s, f) + (uint32_t)((wall_us - f->wall_us) * rate / 1000);
    return true;
}

static void
write_report(struct bc_rtp_viewer *v, struct bc_rtp_stream *s, int64_t wall_us,
    struct bc_writer *w)
{
    uint32_t ts;
    if (!s->active || s->packets == 0 || !timestamp_at(v, s, wall_us, &ts)) {
        return;
    }
    bc_rtcp_write_sr(w, s->ssrc, bc_ntp_from_wall_us(wall_us), ts, s->packets, s->bytes);
    bc_rtcp_write_sdes(w, s->ssrc, v->cname);
}

void
bc_rtp_send_reports(struct bc_rtp_viewer *v)
{
    struct bc_writer w = { 0 };
    int64_t wall = bc_clock_wall_us();
    write_report(v, &v->video, wall, &w);
    write_report(v, &v->audio, wall, &w);
    if (w.len > 0 && !w.failed) {
        bc_peer_send_rtcp(v->peer, w.data, w.len);
    }
    bc_writer_finish(&w);
}

// --- feedback ---

// The frame that had this packet, and the window that has the frame (or NULL: it was left
// long ago).
static const struct bc_rtp_sent *
find_sent(
    const struct bc_rtp_viewer *v, uint16_t seq, const struct bc_rtp_window **window)
{
    unsigned held = v->sent_count < BC_RTP_SENT ? v->sent_count : BC_RTP_SENT;
    for (unsigned i = 1; i <= held; i++) {
        unsigned at = v->sent_count - i;
        const struct bc_rtp_sent *s = &v->sent[at & (BC_RTP_SENT - 1)];
        if ((uint16_t)(seq - s->first_seq) < s->count) {
            *window = at >= v->sent_from ? v->window
                : at >= v->former_from   ? v->former
                                         : NULL;
            return s;
        }
    }
    return NULL;
}

// A packet that was sent again a moment ago is still on its way.
static bool
is_due(struct bc_rtp_viewer *v, uint16_t seq, int64_t now_us)
{
    struct bc_rtp_resent *r = &v->resent[seq & (BC_RTP_RESENT - 1)];
    uint32_t now_ms = (uint32_t)(now_us / 1000);
    int64_t rtt_us = v->twcc && v->twcc->rtt_us > 0 ? v->twcc->rtt_us : v->rtt_us;
    uint32_t wait_ms = (uint32_t)(rtt_us / 1000);
    wait_ms = wait_ms < RESEND_MIN_MS ? RESEND_MIN_MS : wait_ms;
    if (r->at_ms != 0 && r->seq == seq && now_ms - r->at_ms < wait_ms) {
        return false;
    }
    *r = (struct bc_rtp_resent){ seq, now_ms ? now_ms : 1 };
    return true;
}

static void
on_nack(struct bc_rtp_viewer *v, const struct bc_rtcp_message *m, int64_t now_us)
{
    bc_rtp_count(&v->window->windows->nacked, m->nack.count);
    for (unsigned i = 0; i < m->nack.count; i++) {
        // A path that is too small loses so much that answering all of it would keep it
        // full: what is sent again is within the pace, and the player asks once more.
        if (v->constrained && v->tokens < -DEBT_MAX) {
            return;
        }
        uint16_t seq = m->nack.seqs[i];
        const struct bc_rtp_window *window = NULL;
        const struct bc_rtp_sent *sent = find_sent(v, seq, &window);
        // Not yet sent packets of the frame that is under way are asked for by nobody
        // honest.
        bool left = window && (int16_t)(uint16_t)(seq - v->video.seq) < 0;
        if (left && is_due(v, seq, now_us)) {
            int out = bc_rtp_send_again(v, window, sent, seq, now_us);
            v->tokens -= out > 0 ? out : 0;
        }
    }
}

static void
on_report(struct bc_rtp_viewer *v, const struct bc_rtcp_report *r)
{
    if (r->ssrc != v->video.ssrc && r->ssrc != v->audio.ssrc) {
        return;
    }
    v->loss = (double)r->fraction_lost / 256;
    if (r->lsr != 0) {
        uint32_t now = (uint32_t)(bc_ntp_from_wall_us(bc_clock_wall_us()) >> 16);
        int64_t rtt = (int64_t)(int32_t)(now - r->lsr - r->dlsr) * 1000000 / 65536;
        if (rtt >= 0 && rtt < 10000000) {
            v->rtt_us = v->rtt_us ? (7 * v->rtt_us + rtt) / 8 : rtt;
        }
    }
}

static void
on_message(void *user, const struct bc_rtcp_message *m)
{
    struct incoming *in = user;
    struct bc_rtp_viewer *v = in->v;
    switch (m->kind) {
    case BC_RTCP_REPORT:
        on_report(v, &m->report);
        break;
    case BC_RTCP_NACK:
        if (m->media_ssrc == v->video.ssrc && v->started) {
            on_nack(v, m, in->now_us);
        }
        break;
    case BC_RTCP_PLI:
    case BC_RTCP_FIR:
        if (v->video.active) {
            bc_rtp_viewer_key_wanted(v, in->now_us);
        }
        break;
    case BC_RTCP_TWCC:
        if (v->twcc
            && bc_twcc_sender_on_feedback(v->twcc, m->twcc.fci, m->twcc.len, in->now_us)
                == 0) {
            bc_rtp_viewer_adapt(v, in->now_us);
        }
        break;
    case BC_RTCP_REMB:
        v->remb_bps = m->remb_bps < REMB_MAX_BPS ? (int64_t)m->remb_bps : REMB_MAX_BPS;
        bc_rtp_viewer_adapt(v, in->now_us);
        break;
    case BC_RTCP_NONE:
    case BC_RTCP_SR:
    case BC_RTCP_BYE:
        break;
    }
}

void
bc_rtp_viewer_on_rtcp(
    struct bc_rtp_viewer *v, const uint8_t *data, size_t len, int64_t now_us)
{
    struct incoming in = { v, now_us };
    bc_rtcp_parse(data, len, on_message, &in);
}
