// SPDX-License-Identifier: Apache-2.0
#include "path_model.h"

#include <string.h>

#include "protocol/rtp/rtcp.h"

#define STEP_US 1000
#define PACKET_BYTES 1200
#define PACE 2.5 // times the video's rate

void
path_model_init(struct path_model *m)
{
    memset(m, 0, sizeof(*m));
    m->capacity_bps = 10000000;
    m->queue_us = 1000000;
    m->delay_us = 20000;
    m->feedback_every_us = 100000;
    m->rate_bps = 2000000;
    m->fps = 30;
    m->clock_us = 123456789;
    m->random = 88172645463325252;
    m->now_us = 5000000;
    m->frame_us = m->now_us;
    m->feedback_us = m->now_us;
    m->receiver = bc_twcc_receiver_create();
    bc_twcc_sender_init(&m->sender);
}

void
path_model_finish(struct path_model *m)
{
    bc_twcc_receiver_destroy(m->receiver);
}

static double
chance(struct path_model *m)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (double)(m->random >> 11) / 9007199254740992.0;
}

static void
send_packet(struct path_model *m, int64_t bytes)
{
    uint16_t seq = bc_twcc_sender_on_sent(&m->sender, (size_t)bytes, m->now_us);
    int64_t start_us = m->free_us > m->now_us ? m->free_us : m->now_us;
    if (start_us - m->now_us > m->queue_us) {
        m->dropped++;
        return;
    }
    m->free_us = start_us + bytes * 8 * 1000000 / m->capacity_bps;
    int64_t at_us =
        m->free_us + m->delay_us + (int64_t)(chance(m) * (double)m->jitter_us);
    if (at_us < m->last_arrival_us) {
        at_us = m->last_arrival_us;
    }
    m->last_arrival_us = at_us;
    if (chance(m) < m->loss || m->flight_head - m->flight_tail >= PATH_FLIGHT_MAX) {
        m->dropped++;
        return;
    }
    m->flight[m->flight_head % PATH_FLIGHT_MAX].seq = seq;
    m->flight[m->flight_head++ % PATH_FLIGHT_MAX].at_us = at_us;
    m->delivered_bytes += bytes;
}

static int64_t
video_rate(const struct path_model *m)
{
    int64_t rate_bps = m->rate_bps;
    if (m->follow > 0 && m->sender.estimate_bps > 0) {
        int64_t share_bps = (int64_t)((double)m->sender.estimate_bps * m->follow);
        rate_bps = share_bps < rate_bps ? share_bps : rate_bps;
    }
    return rate_bps;
}

// A frame when it is time; its bytes leave every 5 ms, as fast as the pacer allows.
static void
send_video(struct path_model *m)
{
    int64_t rate_bps = video_rate(m);
    while (m->now_us >= m->frame_us) {
        bool key = m->keyframes && m->frames % (2 * m->fps) == 0;
        m->pending_bytes += rate_bps / 8 / m->fps * (key ? 5 : 1);
        m->frame_us += 1000000 / m->fps;
        m->frames++;
    }
    if (m->now_us % 5000 != 0) {
        return;
    }
    int64_t budget = (int64_t)((double)rate_bps * PACE / 8 / 200) + PACKET_BYTES;
    while (m->pending_bytes > 0 && budget > 0) {
        int64_t bytes = m->pending_bytes < PACKET_BYTES ? m->pending_bytes : PACKET_BYTES;
        send_packet(m, bytes);
        m->pending_bytes -= bytes;
        budget -= bytes;
    }
}

static void
on_message(void *user, const struct bc_rtcp_message *message)
{
    struct path_model *m = user;
    bc_twcc_sender_on_feedback(
        &m->sender, message->twcc.fci, message->twcc.len, m->now_us);
}

static void
send_feedback(struct path_model *m)
{
    struct bc_writer w = { 0 };
    bc_twcc_receiver_write(m->receiver, &w, 1, 2);
    for (unsigned i = 0; i < 64 && w.len > 0 && chance(m) >= m->feedback_loss; i++) {
        if (m->feedback[i].len == 0 && w.len <= sizeof(m->feedback[i].bytes)) {
            memcpy(m->feedback[i].bytes, w.data, w.len);
            m->feedback[i].len = (unsigned)w.len;
            m->feedback[i].at_us =
                m->now_us + m->delay_us + (chance(m) < 0.33 ? m->feedback_late_us : 0);
            break;
        }
    }
    bc_writer_finish(&w);
}

static void
receive(struct path_model *m)
{
    while (m->flight_tail != m->flight_head
        && m->flight[m->flight_tail % PATH_FLIGHT_MAX].at_us <= m->now_us) {
        int64_t at_us = m->flight[m->flight_tail % PATH_FLIGHT_MAX].at_us;
        uint16_t seq = m->flight[m->flight_tail++ % PATH_FLIGHT_MAX].seq;
        int64_t drift_us = at_us / 1000000 * m->skew_ppm;
        bc_twcc_receiver_on_packet(m->receiver, seq, at_us + drift_us + m->clock_us);
    }
    if (m->now_us >= m->feedback_us) {
        send_feedback(m);
        m->feedback_us += m->feedback_every_us;
    }
    for (unsigned i = 0; i < 64; i++) {
        if (m->feedback[i].len > 0 && m->feedback[i].at_us <= m->now_us) {
            bc_rtcp_parse(m->feedback[i].bytes, m->feedback[i].len, on_message, m);
            m->feedback[i].len = 0;
        }
    }
}

void
path_model_run(struct path_model *m, int64_t us)
{
    int64_t end_us = m->now_us + us;
    m->overuses = 0;
    m->dropped = 0;
    m->delivered_bytes = 0;
    while (m->now_us < end_us) {
        m->now_us += STEP_US;
        send_video(m);
        receive(m);
        m->overuses += m->sender.overuse;
    }
}
