// SPDX-License-Identifier: Apache-2.0
#include "meter.h"

#include <string.h>

#define FPS_SMOOTHING 0.2
#define LOW_SECONDS 4
#define LOW_PERCENT 35
#define LOW_MIN_HISTORY 10

void
bc_meter_begin_take(struct bc_meter *m, int64_t now_us)
{
    *m = (struct bc_meter){ .key_us = -1, .tick_us = now_us };
}

static void
count_video(struct bc_meter *m, const struct bc_packet *p)
{
    m->take_video_frames++;
    if (p->flags & BC_PACKET_NEW_EPOCH) {
        m->key_us = -1;
        m->newest_pts_us = p->pts_us;
    }
    // Not by pts != dts: there are encoders that shift all pictures alike.
    if (p->pts_us < m->newest_pts_us) {
        m->b_frames = true;
    } else {
        m->newest_pts_us = p->pts_us;
    }
    if (!(p->flags & BC_PACKET_KEY)) {
        // A GOP that goes on and on is long before it ends.
        if (m->key_us >= 0 && p->dts_us - m->key_us > m->gop_max_us) {
            m->gop_max_us = p->dts_us - m->key_us;
        }
        return;
    }
    if (m->key_us >= 0) {
        m->gop_us = p->dts_us - m->key_us;
        if (m->gop_us > m->gop_max_us) {
            m->gop_max_us = m->gop_us;
        }
    }
    m->key_us = p->dts_us;
}

void
bc_meter_packet(struct bc_meter *m, const struct bc_packet *packet)
{
    m->take_bytes += packet->len;
    struct bc_meter_track *t = packet->kind == BC_KIND_VIDEO ? &m->video
        : packet->kind == BC_KIND_AUDIO                      ? &m->audio
                                                             : NULL;
    if (!t) {
        return;
    }
    t->bytes += packet->len;
    t->frames++;
    if (packet->kind == BC_KIND_VIDEO) {
        count_video(m, packet);
    } else {
        m->take_audio_frames++;
    }
}

static void
close_second(struct bc_meter_track *t, int64_t elapsed_us)
{
    double seconds = (double)elapsed_us / 1e6;
    double fps = (double)t->frames / seconds;
    t->kbps = (uint32_t)((double)t->bytes * 8 / 1000 / seconds);
    t->fps = t->fps == 0 ? fps : t->fps + FPS_SMOOTHING * (fps - t->fps);
    t->bytes = 0;
    t->frames = 0;
}

void
bc_meter_tick(struct bc_meter *m, int64_t now_us)
{
    int64_t elapsed = now_us - m->tick_us;
    if (elapsed <= 0) {
        return;
    }
    m->tick_us = now_us;
    close_second(&m->video, elapsed);
    close_second(&m->audio, elapsed);
    uint32_t kbps = m->video.kbps + m->audio.kbps;
    uint32_t usual = bc_meter_usual_kbps(m);
    bool low = m->second_count >= LOW_MIN_HISTORY
        && (uint64_t)kbps * 100 < (uint64_t)usual * LOW_PERCENT;
    m->low_seconds = low ? m->low_seconds + 1 : 0;
    m->seconds[m->second_count++ % BC_METER_SECONDS] = kbps;
}

uint32_t
bc_meter_usual_kbps(const struct bc_meter *m)
{
    unsigned n = m->second_count < BC_METER_SECONDS ? m->second_count : BC_METER_SECONDS;
    uint64_t sum = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += m->seconds[i];
    }
    return n ? (uint32_t)(sum / n) : 0;
}

bool
bc_meter_bitrate_low(const struct bc_meter *m)
{
    return m->low_seconds >= LOW_SECONDS;
}
