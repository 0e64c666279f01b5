// SPDX-License-Identifier: Apache-2.0
// What a feed hands to its windows: frames in batches, and notes.
#include "base/clock.h"
#include "rtp_feed.h"
#include "rtp_window.h"

// Sound that we encode ourselves goes out with the next picture, as what a walk over the
// viewers costs hardly depends on what is sent: at most until there are so many packets of
// it, and only while pictures come.
#define RIDING_MAX 3
#define PICTURES_COME_US 60000

void
bc_rtp_feed_tell(struct bc_rtp_feed *f, enum bc_rtp_note note)
{
    struct bc_rtp_description d;
    bc_rtp_feed_describe(f, &d);
    for (unsigned i = 0; i < f->window_count; i++) {
        bc_rtp_window_send(f->windows[i], NULL, 0, note, &d);
    }
}

void
bc_rtp_feed_flush(struct bc_rtp_feed *f)
{
    for (unsigned i = 0; i < f->window_count && f->batch_count > 0; i++) {
        bc_rtp_window_send(f->windows[i], f->batch, f->batch_count, BC_RTP_NOTE_NONE,
            NULL);
    }
    for (unsigned i = 0; i < f->batch_count; i++) {
        bc_rtp_frame_unref(&f->batch[i]);
    }
    f->batch_count = 0;
    f->riding = 0;
}

void
bc_rtp_feed_flush_unless_riding(struct bc_rtp_feed *f)
{
    bool only_sound = f->riding > 0 && f->riding == f->batch_count;
    if (!only_sound || f->riding >= RIDING_MAX
        || bc_clock_us() - f->pictured_us > PICTURES_COME_US) {
        bc_rtp_feed_flush(f);
    }
}

void
bc_rtp_feed_emit(struct bc_rtp_feed *f, unsigned index, const struct bc_packet *packet)
{
    struct bc_rtp_lane *lane = &f->lanes[index];
    struct bc_rtp_frame *frame
        = bc_rtp_packetise(&lane->packetiser, packet, BC_RTP_PAYLOAD_MAX);
    if (!frame) {
        return;
    }
    frame->number = lane->next++;
    frame->wall_us = packet->pts_us + f->wall_offset_us;
    frame->base_us = f->base_us;
    frame->clock = f->epoch;
    if (index != BC_LANE_AUDIO) {
        f->pictured_us = bc_clock_us();
        bc_rtp_lane_keep(lane, frame, f->gop_max_us);
    }
    if (f->batch_count == BC_RTP_FEED_BATCH) {
        bc_rtp_feed_flush(f);
    }
    f->batch[f->batch_count++] = frame;
}
